"""The doctor's findings about the kit."""

from pathlib import Path

import pytest

from devkit.doctor import kit
from devkit.doctor.findings import Context
from devkit.kit import sources
from testing import kits
from testing.repositories import Repository


@pytest.fixture
def source(tmp_path: Path, isolated_git: None) -> Repository:
    return kits.kit(tmp_path / "kit")


def context(root: Path) -> Context:
    return Context((), root / ".dagster_home", {}, root)


def test_files_that_were_changed_here(tmp_path: Path, source: Repository) -> None:
    mine = kits.adopted(tmp_path / "mine", source)
    assert list(kit.edited(context(mine.root))) == []
    mine.write("devkit/same.py", "mine\n")
    (found,) = kit.edited(context(mine.root))
    assert (found.code, found.what) == ("kit-edited", "changed here: devkit/same.py")
    assert list(kit.edited(context(source.root))) == []  # nobody knows


def test_a_newer_kit_in_a_folder_is_seen_as_it_comes(tmp_path: Path, source: Repository) -> None:
    mine = kits.adopted(tmp_path / "mine", source)
    assert list(kit.behind(context(mine.root))) == []
    sources.remember(str(source.root), "0.2.0", mine.root)
    assert list(kit.behind(context(mine.root))) == []
    kits.release(source)
    (found,) = kit.behind(context(mine.root))
    assert found.code == "kit-behind"
    assert found.what == f"{source.root} has version 0.4.0, this is 0.2.0"


def test_of_a_url_only_what_was_seen_is_known(tmp_path: Path, source: Repository) -> None:
    mine = kits.adopted(tmp_path / "mine", source)
    sources.remember("https://example.com/kit.git", "0.5.0", mine.root)
    (found,) = kit.behind(context(mine.root))
    assert found.fix == "`invoke kit --update --from https://example.com/kit.git`"
    (mine.root / sources.SEEN).write_text("[]", encoding="utf-8")
    assert list(kit.behind(context(mine.root))) == []
