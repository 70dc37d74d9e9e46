"""`invoke kit` and `invoke unadopt`, as somebody types them."""

import tasks
from devkit.core.paths import ROOT, TOOLS
from testing.support import run


def test_kit_shows_which_one_this_is() -> None:
    done = run([TOOLS / "bin/python", "tasks.py", "kit"], ROOT)
    assert done.returncode == 0, done.stderr
    assert "began as a clone of the kit's" in done.stdout


def test_an_update_needs_a_source() -> None:
    somebody = {
        f"GIT_{role}_{field}": f"test@{field.lower()}.test"
        for role in ("AUTHOR", "COMMITTER")
        for field in ("NAME", "EMAIL")
    }
    words = ("tasks.py", "kit", "--update", "--from", "/nothing")
    done = run([TOOLS / "bin/python", *words], ROOT, somebody)
    assert done.returncode == 1
    assert "/nothing can't be cloned" in done.stderr or "not committed" in done.stderr


def test_what_was_not_adopted_is_not_taken_apart() -> None:
    assert "unadopt" in tasks.ns.tasks
    done = run([TOOLS / "bin/python", "tasks.py", "unadopt"], ROOT)
    assert done.returncode == 1
    assert "was not adopted" in done.stderr
