"""VS Code's files: the workspace, settings, tasks and debug configurations.

Each team has a workspace folder with its own interpreter and tests, so that its code is analyzed
with its packages.
"""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from devkit.core.paths import ROOT, TOOLS
from devkit.dev import debugger
from devkit.registry import shared
from devkit.registry.team import Team

WORKSPACE = "dagteam.code-workspace"
ROOT_NAME = "DagTeam"
HEADER = "// Generated from workspace.yaml by `invoke derive`: edits are lost.\n"

EXTENSIONS = (
    "charliermarsh.ruff",
    "ms-python.debugpy",
    "ms-python.python",
    "ms-python.vscode-pylance",
    "redhat.vscode-yaml",
    "tamasfe.even-better-toml",
)
OPENS_CONTAINERS = "ms-vscode-remote.remote-containers"  # not needed inside one

# For the whole workspace, and for the root if only that is opened.
COMMON = {
    "[python]": {"editor.defaultFormatter": "charliermarsh.ruff", "editor.formatOnSave": True},
    "files.watcherExclude": {"**/.venv*/**": True, "**/.dagster_home/**": True},
    "search.exclude": {"**/.venv*": True, "**/.dagster_home": True},
}
# Pylance's default; setting `exclude` replaces it.
UNANALYZED = ("**/.*", "**/__pycache__", "**/node_modules")

# The commands that become tasks, and those that also become a task for a single team.
COMMANDS = ("setup", "dev", "test", "check", "utils", "lock", "lineage", "teams", "derive")
TEAM_COMMANDS = ("dev", "test", "check", "lock")


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path."""
    projects: dict[Path, dict[str, Any]] = {}
    for team in teams:  # if teams share a folder, the first one counts
        projects.setdefault(team.directory, _folder(team.directory, team.python, team.tests))
    if teams and (utils := shared.library()):  # it has no environment: it uses the first team's
        projects[utils] = _folder(utils, teams[0].python, [utils / "utils_tests"])
    values = {
        ROOT / WORKSPACE: workspace(projects),
        ROOT / ".vscode/settings.json": root_settings(projects),
        ROOT / ".vscode/extensions.json": {"recommendations": [*EXTENSIONS, OPENS_CONTAINERS]},
        ROOT / ".vscode/tasks.json": tasks(teams),
        ROOT / ".vscode/launch.json": launch(teams),
        **{project / ".vscode/settings.json": settings for project, settings in projects.items()},
    }
    return {path: HEADER + json.dumps(value, indent=2) + "\n" for path, value in values.items()}


def workspace(projects: Collection[Path]) -> dict[str, Any]:
    """The workspace: the root, with tasks and debug configurations, then each project."""
    folders = [{"path": _relative(project, ROOT)} for project in projects]
    return {"folders": [{"name": ROOT_NAME, "path": "."}, *folders], "settings": COMMON}


def root_settings(projects: Collection[Path]) -> dict[str, Any]:
    """The root's settings, with the tools' environment; each project has its own settings."""
    return {
        **_folder(ROOT, TOOLS / "bin/python", [ROOT / "tests"]),
        "python.analysis.exclude": [
            *UNANALYZED,
            *(_relative(project, ROOT) for project in projects),
        ],
        **COMMON,
    }


def tasks(teams: Sequence[Team]) -> dict[str, Any]:
    """A task for each command, and for some commands one that asks for a team."""
    asked = "${input:team}"
    every = [_task(name, name) for name in COMMANDS]
    of_one = [_task(f"{name} --team", name, "--team", asked) for name in TEAM_COMMANDS]
    debug = _task("dev --debug", "dev", "--debug", asked)
    names = [team.name for team in teams]
    question = {"id": "team", "type": "pickString", "description": "Which team?", "options": names}
    return {"version": "2.0.0", "tasks": [*every, *of_one, debug], "inputs": [question]}


def launch(teams: Sequence[Team]) -> dict[str, Any]:
    """Debug configurations: the code server of `invoke dev --debug`, and each team's tests."""
    attach = {
        "name": "attach to the code server of `invoke dev --debug TEAM`",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": debugger.HOST, "port": debugger.PORT},
    }
    return {"version": "0.2.0", "configurations": [attach, *map(_tests, teams)]}


def _tests(team: Team) -> dict[str, Any]:
    folder = _variable(team.tested_in, ROOT)
    return {
        "name": f"tests of {team.name}",
        "type": "debugpy",
        "request": "launch",
        "python": _variable(team.python, ROOT),
        "cwd": folder,
        "envFile": _variable(team.env_file, ROOT),
        "module": "pytest",
        "args": [_relative(path, team.tested_in) for path in team.tests],
        "console": "integratedTerminal",
    }


def _task(label: str, command: str, *arguments: str) -> dict[str, Any]:
    """A task that runs in the root, even before the tools are installed."""
    return {
        "label": label,
        "type": "process",
        "command": "python3",
        "args": ["tasks.py", command, *arguments],
        "options": {"cwd": "${workspaceFolder}"},
        "problemMatcher": [],
        **({"isBackground": True} if command == "dev" else {}),
        **({"group": {"kind": "test", "isDefault": True}} if label == "test" else {}),
    }


def _folder(folder: Path, python: Path, tests: Sequence[Path]) -> dict[str, Any]:
    """The settings of one workspace folder; VS Code reads its `.env` by default."""
    return {
        "python.defaultInterpreterPath": _variable(python, folder),
        "python.testing.pytestEnabled": True,
        "python.testing.pytestArgs": [_relative(path, folder) for path in tests],
        "ruff.path": [_variable(TOOLS / "bin/ruff", folder)],
    }


def _variable(path: Path, folder: Path) -> str:
    return f"${{workspaceFolder}}/{_relative(path, folder)}"


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
