"""Loads a team's definitions in the team's own interpreter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.core import processes, pyproject
from devkit.core.errors import FIXABLE, fixable
from devkit.core.paths import PROGRAMS
from devkit.core.tracebacks import SourceLocation, definitions_named_in, frames_in
from devkit.definitions import manifest
from devkit.definitions.manifest import Manifest
from devkit.environments import variables
from devkit.registry.team import Kind, Team

# The program that runs in the team's interpreter, and the files that it consists of.
PROBE = PROGRAMS / "probe.py"
PARTS = (PROBE, PROGRAMS / "definitions.py", PROGRAMS / "sources.py")

# The setting of a team's time limit in `[tool.dagteam]`, and its default in seconds.
LIMIT = "load-timeout"
DEFAULT_LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class Failure:
    """Why a team's definitions don't load, and the line of its own code, if there is one.

    `stderr` is the output of a probe that died or timed out before it could report an error.
    """

    team: Team
    message: str
    source: SourceLocation | None
    traceback: str = ""
    stderr: str = ""


def time_limit(team: Team) -> float:
    """How many seconds a team's definitions may take to load.

    Raises:
        DevkitError: if its pyproject.toml can't be read.
    """
    exists = (team.directory / pyproject.FILE).exists()
    settings = pyproject.read(team.directory).tool("dagteam") if exists else {}
    return float(settings.get(LIMIT, DEFAULT_LIMIT_SECONDS))


def command(team: Team) -> list[str | Path]:
    """The command that prints a team's manifest."""
    options = {
        "kind": team.kind,
        "attribute": team.attribute,
        "base": str(team.directory),
        "own": [str(path) for path in dict.fromkeys([*team.own, *team.tests]) if path.exists()],
    }
    loaded = team.target if team.kind is Kind.FILE else team.module
    return [team.python, PROBE, loaded, team.on_path, json.dumps(options)]


def load(
    team: Team,
    timeout: float | None = None,
    *,
    env: Mapping[str, str] | None = None,
    grace: float = processes.GRACE_SECONDS,
) -> Manifest | Failure:
    """Load one team's definitions. A crash, or a bad `.env`, is a failure.

    `timeout` is in seconds, by default the team's own limit. `env` is the environment of the
    interpreter, by default the team's own. `grace` is how many seconds a team that overruns has
    between TERM and KILL.
    """
    try:
        limit = time_limit(team) if timeout is None else timeout
        done = processes.run(
            command(team),
            cwd=team.cwd,
            env=variables.of_team(team) if env is None else env,
            timeout=limit,
            grace=grace,
        )
    except FIXABLE as problem:
        return Failure(team, str(fixable(problem)), None)
    answer = _answer(done.stdout)
    if answer is None and done.timed_out:
        # On TERM, the probe's faulthandler printed the stack, innermost line first.
        frames = frames_in(done.stderr.rpartition("(most recent call first)")[2], *team.own)
        return Failure(
            team,
            f"timed out after {limit:.0f} s; `{LIMIT}` in [tool.dagteam] of "
            f"{team.folder}/{pyproject.FILE} sets the limit",
            frames[0] if frames else None,
            stderr=done.stderr,
        )
    if answer is None:
        message = f"the interpreter died (exit code {done.code})"
        return Failure(team, message, None, stderr=done.stderr)
    if error := answer.get("error"):
        return _failure(team, error)
    return manifest.parse(team, answer)


def _answer(printed: str) -> dict[str, Any] | None:
    """What the probe printed; None if it died before."""
    try:
        found: dict[str, Any] = json.loads(printed)
    except json.JSONDecodeError:
        return None
    return found


def _failure(team: Team, error: dict[str, str]) -> Failure:
    """An error in the team's code, at the line that caused it.

    For an error that Dagster itself raises, that line is not in the traceback, but the message
    quotes the name of the definition.
    """
    sources = (
        frames_in(error["origin"], *team.own)
        or definitions_named_in(error["message"], *team.own)
        or frames_in(error["traceback"], *team.own)
    )
    return Failure(
        team,
        f"{error['type']}: {error['message']}".rstrip(": "),
        sources[-1] if sources else None,
        error["traceback"],
    )
