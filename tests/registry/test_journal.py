"""The journal of a change: what it undoes, and what it leaves alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.core import filelocks
from devkit.core.errors import DevkitError
from devkit.registry import journal
from devkit.registry.journal import Journal, Unfinished
from testing.support import devkit_script, eventually, started, written


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, path in (("ROOT", ""), ("JOURNAL", "state/altering"), ("TRASH", "state/removed")):
        monkeypatch.setattr(journal, name, tmp_path / path)
    (tmp_path / "state").mkdir()
    (tmp_path / "a.txt").write_text("old\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def steps(root: Path) -> Iterator[Journal]:
    with journal.opened() as opened:
        opened.begin("new-team", "tea_project")
        yield opened


def test_every_step_is_undone_the_last_one_first(root: Path, steps: Journal) -> None:
    latin = "größe\r\n".encode("latin-1")
    (root / "b.txt").write_bytes(latin)
    (root / "team/deep").mkdir(parents=True)
    (root / "team/deep/c.txt").write_text("c\n", encoding="utf-8")
    steps.create(root / "made")
    (root / "made/file").write_text("new\n", encoding="utf-8")
    steps.replace(root / "a.txt", "new\n")
    steps.replace(root / "b.txt", None)
    steps.replace(root / "team/deep/c.txt", None)
    steps.replace(root / "more/d.txt", "d\n")
    steps.move_to_trash(root / "team")
    assert steps.undo() == []
    assert (root / "a.txt").read_text(encoding="utf-8") == "old\n"
    assert (root / "b.txt").read_bytes() == latin
    assert (root / "team/deep/c.txt").read_text(encoding="utf-8") == "c\n"
    assert not (root / "made").exists()
    assert not (root / "more/d.txt").exists()
    assert steps.is_complete


def test_undoing_twice_or_after_the_end_changes_nothing(root: Path, steps: Journal) -> None:
    steps.replace(root / "a.txt", "new\n")
    record = journal.JOURNAL.read_text(encoding="utf-8")
    steps.undo()
    journal.JOURNAL.write_text(record, encoding="utf-8")  # killed at the end of it
    assert steps.undo() == []
    assert (root / "a.txt").read_text(encoding="utf-8") == "old\n"
    steps.replace(root / "a.txt", "new\n")
    steps.complete()
    assert steps.undo() == []
    assert (root / "a.txt").read_text(encoding="utf-8") == "new\n"


def test_what_was_changed_since_is_left_alone_and_named(root: Path, steps: Journal) -> None:
    (root / "team").mkdir()
    steps.replace(root / "a.txt", "new\n")
    trash = steps.move_to_trash(root / "team")
    (root / "a.txt").write_text("mine\n", encoding="utf-8")
    (root / "team").mkdir()
    problems = steps.undo()
    assert problems == [
        f"team exists again; what it was is in state/removed/{trash.name}",
        "a.txt has been changed since, and is left as it is",
    ]
    assert (root / "a.txt").read_text(encoding="utf-8") == "mine\n"


def test_a_folder_that_exists_is_neither_created_nor_undone(root: Path, steps: Journal) -> None:
    (root / "mine").mkdir()
    with pytest.raises(FileExistsError):
        steps.create(root / "mine")
    steps.undo()
    assert (root / "mine").exists()


def test_a_killed_change_is_known_from_its_first_step_on(root: Path) -> None:
    assert journal.unfinished() is None
    with journal.opened() as steps:
        steps.begin("remove-team", "tea_project")
        assert steps.unfinished() is None
        steps.replace(root / "a.txt", "new\n")
    with journal.JOURNAL.open("a", encoding="utf-8") as file:
        file.write('{"create": "a.')  # killed while this was recorded
    assert journal.unfinished() == Unfinished("remove-team", "tea_project")
    with journal.opened() as steps:
        assert steps.undo() == []
    assert journal.unfinished() is None
    assert (root / "a.txt").exists()


def test_the_journal_of_an_older_version_is_nothing_to_undo(root: Path) -> None:
    journal.JOURNAL.write_text("tea_project", encoding="utf-8")
    assert journal.unfinished() is None


@pytest.mark.parametrize("begun", ["tea_project", ""])
def test_another_change_is_refused_with_what_runs(begun: str, root: Path) -> None:
    code = (
        "from devkit.registry import journal\nimport pathlib, time\n"
        f"journal.JOURNAL = pathlib.Path({str(journal.JOURNAL)!r})\n"
        "with journal.opened() as steps:\n"
        f"    steps.begin('new-team', {begun!r}) if {begun!r} else None\n"
        f"    pathlib.Path({str(root / 'up')!r}).write_text('yes\\n')\n    time.sleep(600)"
    )
    with started(devkit_script(code), root):
        eventually(lambda: written(root / "up"), "it holds the journal")
        assert journal.unfinished() is None
        with (
            pytest.raises(DevkitError, match=rf"is running \({begun or 'just starting'}\)"),
            journal.opened(),
        ):
            pass


def test_where_no_journal_can_be_written_the_file_is_named(root: Path) -> None:
    journal.JOURNAL.mkdir()
    with pytest.raises(DevkitError, match="altering"), journal.opened():
        pass


def test_who_only_looks_at_the_journal_keeps_nobody_from_a_change(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = iter([False, False, True])
    monkeypatch.setattr(filelocks, "try_lock", lambda _: next(tries))
    with journal.opened() as steps:
        assert steps.unfinished() is None
