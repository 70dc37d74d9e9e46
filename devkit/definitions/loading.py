"""Loads a team's definitions in the team's own interpreter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devkit.core import processes
from devkit.core.errors import FIXABLE, fixable
from devkit.core.paths import PROGRAMS
from devkit.core.tracebacks import SourceLocation, definitions_named_in, frames_in
from devkit.definitions import manifest
from devkit.definitions.manifest import Manifest
from devkit.environments import variables
from devkit.registry.workspace import Team

# The program that runs in the team's interpreter, and the files that it consists of.
PROBE = PROGRAMS / "probe.py"
PARTS = (PROBE, PROGRAMS / "definitions.py", PROGRAMS / "sources.py")
TIMEOUT_SECONDS = 120.0


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


def load(
    team: Team,
    timeout: float = TIMEOUT_SECONDS,
    *,
    env: Mapping[str, str] | None = None,
    grace: float = processes.GRACE_SECONDS,
) -> Manifest | Failure:
    """Load one team's definitions; `timeout` is in seconds. A crash, or a bad `.env`, is a failure.

    `env` is the environment of the interpreter, by default the team's own. `grace` is how many
    seconds a team that overruns has between TERM and KILL.
    """
    try:
        done = processes.run(
            [team.python, "-P", PROBE, team.module, team.directory],
            cwd=team.directory,
            env=variables.of_team(team) if env is None else env,
            timeout=timeout,
            grace=grace,
        )
    except FIXABLE as problem:
        return Failure(team, str(fixable(problem)), None)
    if done.timed_out:
        # On TERM, the probe's faulthandler printed the stack, innermost line first.
        frames = frames_in(done.stderr.rpartition("(most recent call first)")[2], team.directory)
        return Failure(
            team,
            f"timed out after {timeout:.0f} s",
            frames[0] if frames else None,
            stderr=done.stderr,
        )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        message = f"the interpreter died (exit code {done.code})"
        return Failure(team, message, None, stderr=done.stderr)
    if error := answer.get("error"):
        return _failure(team, error)
    return manifest.parse(team, answer)


def _failure(team: Team, error: dict[str, str]) -> Failure:
    """An error in the team's code, at the line that caused it.

    For an error that Dagster itself raises, that line is not in the traceback, but the message
    quotes the name of the definition.
    """
    sources = (
        frames_in(error["origin"], team.directory)
        or definitions_named_in(error["message"], team.directory)
        or frames_in(error["traceback"], team.directory)
    )
    return Failure(
        team,
        f"{error['type']}: {error['message']}".rstrip(": "),
        sources[-1] if sources else None,
        error["traceback"],
    )
