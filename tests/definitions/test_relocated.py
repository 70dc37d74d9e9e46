"""Definitions of other files than the work tree's, in the team's environment."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.export import Files
from devkit.definitions import cache, relocated
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team
from testing.lineage_repositories import code


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A work tree and other files, with the same team."""
    made = Files(tmp_path / "root", tmp_path / "other")
    for folder in (made.root, made.folder):
        (folder / "tea").mkdir(parents=True)
        (folder / "tea/tea_code.py").write_text(code("'cup'"), encoding="utf-8")
    return made


@pytest.fixture
def team(teams: dict[str, Team], files: Files) -> Team:
    return replace(
        teams["analytics"], location="tea", module="tea_code", directory=files.root / "tea"
    )


def keys(found: Manifest | Failure) -> list[str]:
    assert isinstance(found, Manifest), found
    return [*found.produces]


def test_the_other_files_are_loaded_and_the_paths_are_the_work_trees(
    team: Team, files: Files
) -> None:
    file = files.folder / "tea/tea_code.py"
    file.write_text(code("'pot'"), encoding="utf-8")
    found = relocated.load(team, files)
    assert keys(found) == ["pot"]
    assert found.team == team
    file.write_text("\nraise ValueError(__file__)\n", encoding="utf-8")
    failure = relocated.load(team, files)
    assert isinstance(failure, Failure)
    assert failure.message == f"ValueError: {files.root}/tea/tea_code.py"
    assert failure.source
    assert failure.source.relative_to(files.root) == "tea/tea_code.py:2"
    assert str(files.folder) not in failure.traceback


def test_a_module_that_only_the_work_tree_has_is_not_found(
    team: Team, files: Files, tmp_path: Path
) -> None:
    """Editable packages put the work tree's folders on the path."""
    (files.root / "src").mkdir()
    (files.folder / "src").mkdir()
    (files.root / "src/untracked.py").write_text("KEY = 'pot'\n", encoding="utf-8")
    for folder in (files.root, files.folder):
        text = code("KEY", before="from untracked import KEY\n")
        (folder / "tea/tea_code.py").write_text(text, encoding="utf-8")
    wrapper = tmp_path / "python"
    # As a .pth file does, before the probe.
    wrapper.write_text(
        f'#!/bin/sh\nPYTHONPATH={files.root}/src:"$PYTHONPATH" exec {team.python} "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    linked = replace(team, python=wrapper)
    assert keys(relocated.load(linked, Files(files.root, files.root))) == ["pot"]
    found = relocated.load(linked, files)
    assert isinstance(found, Failure)
    assert "No module named 'untracked'" in found.message


def test_equal_files_have_the_same_digest_and_share_the_cached_manifest(
    team: Team, files: Files
) -> None:
    key = cache.digest(team)
    assert cache.digest(team, files=files) == key
    loaded = cache.load(team, key, files=files)
    assert cache.get(team, key) == loaded
    (files.folder / "tea/new.py").write_text("", encoding="utf-8")
    assert cache.digest(team, files=files) != key
