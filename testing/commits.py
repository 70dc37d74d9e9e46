"""A small repository whose teams load at once, for tests of what a commit changes."""

import re
from pathlib import Path
from typing import Any

import pytest

from devkit.core.export import Files
from devkit.definitions import cache, manifest, relocated
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team
from testing.repositories import MILK, SUGAR, TEA, Repository

PAGE = "docs/lineage.md"


def code(*produces: str, needs: str = "") -> str:
    """A team's file: it produces these assets, each of which depends on `needs`."""
    return "".join(f"{key} < {needs}\n" for key in produces)


def asset(key: str, *, made: bool = True, deps: list[str] | None = None) -> dict[str, Any]:
    """An asset as `programs/probe.py` prints it."""
    return {
        "key": key, "made": made, "shadowed": False, "observed": False, "external": None,
        "group": "default", "kinds": [], "partitions": None, "columns": None, "watches": [],
        "place": {"file": "code.py", "line": 1},
        "deps": [{"key": dep, "loaded": False, "mapping": None} for dep in deps or []],
    }  # fmt: skip


def load(team: Team, files: Files, _: float | None = None) -> Manifest | Failure:
    """Read `KEY < UPSTREAM` from every .py file of a team, in place of its interpreter."""
    texts = [file.read_text() for file in sorted(files.path(team.directory).glob("*.py"))]
    if any("broken" in text for text in texts):
        return Failure(team, "it is broken\nat length", None)
    found = [match for text in texts for match in re.findall(r"(\w+) < (\w*)", text)]
    made = [asset(key, deps=[needs] if needs else []) for key, needs in found]
    raw = {
        "manifest": manifest.VERSION, "dagster": "1.13.0", "python": "3.11.0", "imports": {},
        "checks": [], "jobs": [], "schedules": [], "sensors": [], "resources": [],
        "repositories": ["__repository__"],
        "assets": [*made, *(asset(needs, made=False) for _, needs in found if needs)],
    }  # fmt: skip
    return manifest.parse(team, raw)


def make(root: Path, monkeypatch: pytest.MonkeyPatch, top: Path | None = None) -> Repository:
    """A repository of one commit: milk and sugar depend on tea, which produces cup.

    `top` is the top of its work tree, if that is not the root.
    """
    monkeypatch.setattr(relocated, "load", load)
    repository = Repository(root)
    repository.write("workspace.yaml", f"load_from:\n{TEA}{MILK}{SUGAR}")
    repository.write(".gitignore", ".venv*\n*.log\n")
    repository.write("README.md", "Tea\n")
    repository.write("tea/code.py", code("cup"))
    repository.write("teams/milk/code.py", code("jug", needs="cup"))
    repository.write("sugar/code.py", code("lump", needs="cup"))
    for name in ("tea/.venv-tea_project", "teams/milk/.venv-milk_project", "sugar/.venv-sugar"):
        repository.write(f"{name}/bin/python")
    repository.init(top)
    assert cache.FOLDER.parent.is_dir()
    return repository
