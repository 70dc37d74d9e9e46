"""Fixtures for tests that need a Git repository."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.registry.team import Team
from testing.lineage_repositories import REGISTRY, Repository, code


@pytest.fixture(scope="module", autouse=True)
def _warm(warm: None) -> None:
    """Load the tiny teams in interpreters that have imported Dagster already."""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated_git: None) -> Iterator[Path]:
    """An empty folder for temporary files, which must be empty again in the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def repository(scratch: Path, teams: dict[str, Team]) -> Repository:
    """Two teams, on a branch from main."""
    checkout = Repository(scratch.parent / "checkout", teams["analytics"].python)
    checkout.write("workspace.yaml", REGISTRY)
    checkout.write(".gitignore", ".env\n__pycache__/\n")
    checkout.write("tea/tea_code.py", code("'cup'"))
    checkout.write("milk/milk_code.py", code("'jug'"))
    checkout.git("init", "--quiet", "--initial-branch", "main")
    checkout.commit()
    checkout.git("checkout", "--quiet", "-b", "work")
    return checkout
