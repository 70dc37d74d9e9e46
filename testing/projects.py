"""A tiny repository of projects, whose devkit is this one: for tests in this process."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from devkit.core import files, pyproject, uv, uv_config
from devkit.environments import (
    libraries,
    lockfiles,
    project,
    resolver,
    uv_settings,
    venvs,
    wanted,
    workspaces,
)
from devkit.environments.project import Project, team_project
from devkit.generated import dist, shipped
from devkit.registry import shared, team, workspace
from devkit.registry.team import Team
from testing.support import run

BACKEND = """
[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"
[tool.uv.build-backend]
module-root = ""
"""
MODULES = (
    dist, files, libraries, lockfiles, project, pyproject, resolver, shipped, uv, uv_config,
    shared, team, uv_settings, venvs, wanted, workspace, workspaces,
)  # fmt: skip


@dataclass(frozen=True)
class Projects:
    """A repository with utils and the team `tea`, which its methods change."""

    root: Path

    @property
    def team(self) -> Team:
        """The team `tea`."""
        folder = self.root / "tea_project"
        python = folder / ".venv-tea/bin/python"
        module = "tea_project.definitions"
        return Team("tea_project", module, folder, python, line=2, root=self.root)

    @property
    def tea(self) -> Project:
        """The project of the team."""
        return team_project(self.team)

    def write(self, file: str, text: str) -> Path:
        """Write a file, creating its folder."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def project(self, folder: str, dependencies: str = "", more: str = "") -> None:
        """Write a pyproject.toml: `dependencies` are in quotes, `more` are other tables."""
        is_utils = folder == "utils"
        name = "dagteam-utils" if is_utils else folder.rpartition("/")[2]
        mark = "[tool.dagteam]\nshared = true\n" if is_utils else ""
        self.write(
            f"{folder}/pyproject.toml",
            f'[project]\nname = "{name}"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
            f"dependencies = [{dependencies}]\n{more}{mark}{BACKEND}",
        )

    def commit(self) -> None:
        """Commit everything that Git does not ignore."""
        author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
        for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "all"]):
            assert run(["git", *arguments], self.root).returncode == 0

    def library(self, folder: str, dependencies: str = "", more: str = "") -> None:
        """Write a project with an empty package of the same name."""
        self.project(folder, dependencies, more)
        self.write(f"{folder}/{folder.rpartition('/')[2]}/__init__.py", "")


def make(root: Path, patch: pytest.MonkeyPatch) -> Projects:
    """Create the repository, and make it the one of this process's devkit until the test ends."""
    for module in MODULES:
        for name, path in {"ROOT": root, "SHARED": root / "utils", "DIST": root / "dist"}.items():
            if hasattr(module, name):
                patch.setattr(module, name, path)
    patch.setattr(resolver, "BUSY", root / ".dagteam/locking.lock")
    patch.setattr(project, "_lists_pytest", lambda *_: True)  # which tests' own indexes lack
    made = Projects(root)
    made.library("utils", more="[dependency-groups]\ndeploy = []\n")
    made.project("tea_project", more="[dependency-groups]\ndev = []\n")
    made.write("tea_project/tea_project/__init__.py", "")
    return made
