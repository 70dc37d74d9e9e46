"""A team that was half created or half removed."""

from pathlib import Path

import pytest

from devkit.doctor import unfinished
from devkit.registry import journal
from testing.doctor import codes, context, only


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, path in (("ROOT", ""), ("JOURNAL", "state/altering"), ("TRASH", "state/removed")):
        monkeypatch.setattr(journal, name, tmp_path / path)
    (tmp_path / "state").mkdir()
    return tmp_path


def test_a_killed_removal_is_found_and_restored(root: Path) -> None:
    (root / "tea_project").mkdir()
    with journal.opened() as steps:
        steps.begin("remove-team", "tea_project")
        steps.move_to_trash(root / "tea_project")
    one = only(unfinished.change, context(root))
    assert (one.code, one.what) == ("team-incomplete", "an `invoke remove-team tea` was killed")
    assert one.repair
    assert one.repair() == "restored"
    assert (root / "tea_project").exists()
    assert codes(unfinished.change, context(root)) == []


def test_a_killed_creation_is_found_and_not_removed_unasked(root: Path) -> None:
    with journal.opened() as steps:
        steps.begin("new-team", "tea_project")
        steps.create(root / "tea_project")
    one = only(unfinished.change, context(root))
    assert one.fix == "`invoke remove-team tea`"
    assert one.repair is None


def test_without_a_killed_change_nothing_is_found(root: Path) -> None:
    assert codes(unfinished.change, context(root)) == []
