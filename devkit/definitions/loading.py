"""Loads a team's definitions in that team's interpreter and brings back what it found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devkit.core import processes
from devkit.core.paths import PROGRAMS
from devkit.core.tracebacks import SourceLocation, definitions_named_in, frames_in
from devkit.definitions import manifest
from devkit.definitions.manifest import Manifest
from devkit.environments import variables
from devkit.registry.workspace import Team

# The program that runs in the team's interpreter, and what it needs.
PROBE = PROGRAMS / "probe.py"
PARTS = (PROBE, PROGRAMS / "definitions.py", PROGRAMS / "sources.py")
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Failure:
    """Why a team's definitions don't load, and the line of its own code, if there is one.

    `stderr` is what a program that could not report its end had printed by then.
    """

    team: Team
    message: str
    place: SourceLocation | None
    traceback: str = ""
    stderr: str = ""


def load(
    team: Team, timeout: float = TIMEOUT_SECONDS, *, env: Mapping[str, str] | None = None
) -> Manifest | Failure:
    """Load one team's definitions; `timeout` is in seconds. A crash is a failure, never a pass.

    `env` are the variables that its interpreter gets, by default the team's own.
    """
    done = processes.run(
        [team.python, "-P", PROBE, team.module, team.directory],
        cwd=team.directory,
        env=variables.of_team(team) if env is None else env,
        timeout=timeout,
    )
    if done.timed_out:
        # On TERM the probe's faulthandler has said where it was, the innermost line first.
        hung = frames_in(done.stderr.rpartition("(most recent call first)")[2], team.directory)
        return Failure(
            team,
            f"timed out after {timeout:.0f} s",
            hung[0] if hung else None,
            stderr=done.stderr,
        )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        died = f"the interpreter died (exit code {done.code})"
        return Failure(team, died, None, stderr=done.stderr)
    if error := answer.get("error"):
        return _failure(team, error)
    return manifest.parse(team, answer)


def _failure(team: Team, error: dict[str, str]) -> Failure:
    """An error of the team's code, at the line that it comes from.

    Where Dagster itself objects, no line of the team's is in the traceback that says why;
    its message names what it objects to.
    """
    places = (
        frames_in(error["origin"], team.directory)
        or definitions_named_in(error["message"], team.directory)
        or frames_in(error["traceback"], team.directory)
    )
    return Failure(
        team,
        f"{error['type']}: {error['message']}".rstrip(": "),
        places[-1] if places else None,
        error["traceback"],
    )
