"""`invoke clean`: what it lists, what it removes, and what it never removes."""

from pathlib import Path

import pytest

from devkit.doctor import clean
from devkit.doctor.clean import measure
from testing.support import (
    Checkout,
    borrow_tools,
    devkit_script,
    eventually,
    run,
    started,
    written,
)

MADE = (
    ".dagteam/manifests/a.json",
    ".mypy_cache/a",
    "dist/ml_project/requirements.txt",
    "ml_project/.pytest_cache/a",
    "ml_project/.venv-mlproject/bin/python",
    "ml_project/ml_project/__pycache__/a.pyc",
    "ml_project/ml_project.egg-info/PKG-INFO",
)
HOME = ".dagster_home/history/runs.db"
KEPT = ("ml_project/.env", "ml_project/notes/dist/a", "ml_project/own.txt")


@pytest.fixture
def used(checkout: Checkout) -> Checkout:
    """A copy with files of a user and of tools."""
    for name in (*MADE, *KEPT, HOME):
        (checkout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.root / name).write_text("something\n", encoding="utf-8")
    return checkout


def left(checkout: Checkout) -> set[str]:
    return {name for name in (*MADE, *KEPT, HOME) if (checkout.root / name).exists()}


def tracked_files_exist(checkout: Checkout) -> bool:
    return run(["git", "status", "--porcelain"], checkout.root).stdout.splitlines() == [
        "?? ml_project/notes/",
        "?? ml_project/own.txt",
    ]


def test_a_dry_run_lists_everything_and_removes_nothing(used: Checkout) -> None:
    done = used.tasks("clean")
    assert done.returncode == 0, done.stderr
    for shown in (".mypy_cache", "dist", "ml_project/.venv-mlproject", ".venv-tools", ".dagteam"):
        assert f" {shown} " in done.stdout
    assert "Dry run; pass --yes to remove." in done.stdout
    assert ".dagster_home is kept (run history)" in done.stdout
    assert left(used) == {*MADE, *KEPT, HOME}


def test_yes_removes_generated_files_and_nothing_else(used: Checkout) -> None:
    done = used.tasks("clean", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(used) == {*KEPT, HOME}
    assert not (used.root / ".venv-tools").exists()
    assert tracked_files_exist(used)


def test_home_removes_run_history_too(used: Checkout) -> None:
    done = used.tasks("clean", "--yes", "--home")
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(used) == set(KEPT)


def test_a_home_elsewhere_is_never_removed(used: Checkout, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    done = used.tasks("clean", "--yes", "--home", env={"DAGSTER_HOME": str(tmp_path / "home")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "home").exists()


def test_tracked_files_are_never_removed(used: Checkout) -> None:
    run(["git", "add", "--force", "dist/ml_project/requirements.txt"], used.root)
    done = used.tasks("clean", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(used) == {*KEPT, HOME, "dist/ml_project/requirements.txt"}


def test_another_checkout_inside_is_not_entered(used: Checkout) -> None:
    inside = used.root / "other"
    (inside / ".venv-own/bin").mkdir(parents=True)
    run(["git", "init", "--quiet"], inside)
    done = used.tasks("clean", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (inside / ".venv-own").exists()


def test_a_link_is_removed_and_its_target_is_not(used: Checkout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/bin").mkdir(parents=True)
    (used.root / ".venv-dagit").symlink_to(tmp_path / "elsewhere")
    done = used.tasks("clean", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (used.root / ".venv-dagit").is_symlink()
    assert (tmp_path / "elsewhere/bin").exists()


def test_clean_refuses_while_a_platform_runs(used: Checkout, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".dagteam").mkdir(parents=True)
    code = (
        "from devkit.dev import session\nimport time\nfrom pathlib import Path\n"
        f"home = Path({str(home)!r})\n"
        "with session.exclusive_home(home) as record:\n"
        "    record('http://127.0.0.1:3000')\n"
        "    (home / 'up').write_text('yes\\n')\n    time.sleep(600)"
    )
    with started(devkit_script(code), tmp_path) as process:
        eventually(lambda: written(home / "up"), "it holds its DAGSTER_HOME")
        done = used.tasks("clean", "--yes", env={"DAGSTER_HOME": str(home)})
    assert done.returncode == 1
    assert f"`invoke dev` is running here: pid {process.pid}, http://127.0.0.1:3000" in done.stderr
    assert left(used) == {*MADE, *KEPT, HOME}


KILLED = (
    "from devkit.core.paths import ROOT\nfrom devkit.registry import journal\nimport os\n"
    "with journal.opened() as steps:\n"
    "    steps.begin('remove-team', 'ml_project')\n"
    "    steps.move_to_trash(ROOT / 'ml_project')\n"
    "    os._exit(9)"
)


def test_the_record_of_a_killed_change_is_kept_and_undoes_it(used: Checkout) -> None:
    assert used.devkit(KILLED).returncode == 9
    done = used.tasks("clean", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "an `invoke remove-team ml` was killed; what undoes it is kept" in done.stderr
    assert "fix:      invoke remove-team ml" in done.stderr
    assert not (used.root / ".dagteam/manifests").exists()
    borrow_tools(used)
    undo = "from devkit.scaffolding import transaction\ntransaction.finish_interrupted()"
    assert "Restored ml_project" in used.devkit(undo).stderr
    assert (used.root / "ml_project/.env").exists()
    assert tracked_files_exist(used)


RUNNING = {
    "`invoke setup` (pid {pid})": (
        "from devkit.core import running\nheld = running.recorded('invoke setup')"
    ),
    "another `invoke new-team` or `remove-team` is running (tea_project)": (
        "import contextlib\nfrom devkit.registry import journal\n"
        "@contextlib.contextmanager\ndef begun():\n"
        "    with journal.opened() as steps:\n"
        "        steps.begin('new-team', 'tea_project')\n        yield\n"
        "held = begun()"
    ),
    "`invoke dev` is starting or stopping here": (
        "from devkit.core import filelocks\nfrom devkit.dev import home, session\n"
        "home.state_folder(home.locate()).mkdir()\n"
        "held = filelocks.hold(home.state_folder(home.locate()) / session.LOCK, print)"
    ),
}


@pytest.mark.parametrize("message", RUNNING)
def test_clean_refuses_while_another_command_runs_and_says_which(
    message: str, used: Checkout
) -> None:
    up = used.root / ".git/up"
    code = (
        f"from pathlib import Path\nimport time\n{RUNNING[message]}\n"
        f"with held:\n    Path({str(up)!r}).write_text('yes\\n')\n    time.sleep(600)"
    )
    python = used.root / ".venv-tools/bin/python"
    with started([python, "-c", code], used.root) as process:
        eventually(lambda: written(up), "it runs")
        done = used.tasks("clean", "--yes")
    assert done.returncode == 1, done.stdout
    assert message.format(pid=process.pid) in done.stderr
    assert "kill unknown" not in done.stderr
    assert left(used) == {*MADE, *KEPT, HOME}


def test_an_empty_list_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean, "candidates", lambda **_: [])
    clean.clean(remove_them=True)
    assert capsys.readouterr().out == "nothing to remove\n"


def test_files_with_links_elsewhere_are_not_reclaimable(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    folder.mkdir()
    (tmp_path / "cached").write_text("x" * 1000, encoding="utf-8")
    (folder / "linked").hardlink_to(tmp_path / "cached")
    (folder / "twice").hardlink_to(tmp_path / "cached")
    (folder / "own").write_text("x" * 10, encoding="utf-8")
    found = measure(folder, "environment")
    assert (found.size, found.reclaimable) == (1010, 10)
