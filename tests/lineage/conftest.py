"""Fixtures of the tests that need a repository of git."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit import bootstrap
from devkit.registry.workspace import Team
from testing.lineage_repositories import REGISTRY, SETTINGS, Repository, code


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is left in the folder for temporary files; no one's git, nor a hook's."""
    for name in [name for name in bootstrap.clean_environment() if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def repository(scratch: Path, teams: dict[str, Team]) -> Repository:
    """Two teams, on a branch from main."""
    made = Repository(scratch.parent / "checkout", teams["analytics"].python)
    made.write("workspace.yaml", REGISTRY)
    made.write(".gitignore", ".env\n__pycache__/\n")
    made.write("tea/tea_code.py", code("'cup'"))
    made.write("milk/milk_code.py", code("'jug'"))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit()
    made.git("checkout", "--quiet", "-b", "work")
    return made
