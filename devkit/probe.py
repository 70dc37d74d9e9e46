"""Loads a team's definitions in that team's interpreter and brings back what it found."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit import processes, settings
from devkit.tracebacks import Place, named_places, own_places
from devkit.workspace import Team

PROBE = Path(__file__).with_name("_probe.py")
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Failure:
    """Why a team's definitions don't load, and the line of its own code, if there is one.

    `said` is what a program that could not report its end had printed by then.
    """

    message: str
    place: Place | None
    traceback: str = ""
    said: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a code location defines: lists of names by kind, as `_probe` documents them."""

    team: Team
    dagster: str
    contents: dict[str, list[str]]


def load(team: Team, timeout: float = TIMEOUT_SECONDS) -> Manifest | Failure:
    """Load one team's definitions; `timeout` is in seconds. A crash is a failure, never a pass."""
    done = processes.run(
        [team.python, "-P", PROBE, team.module, team.directory],
        cwd=team.directory,
        env=settings.of_team(team),
        timeout=timeout,
    )
    if done.timed_out:
        # On TERM the probe's faulthandler has said where it was, the innermost line first.
        hung = own_places(done.errors.rpartition("(most recent call first)")[2], team.directory)
        return Failure(
            f"still loading after {timeout:.0f} s (the time limit)",
            hung[0] if hung else None,
            said=done.errors,
        )
    try:
        answer: dict[str, Any] = json.loads(done.output)
    except json.JSONDecodeError:
        return Failure(f"the interpreter died (exit code {done.code})", None, said=done.errors)
    if error := answer.pop("error", None):
        # Where Dagster itself objects, no line of the team's is in the traceback that says why;
        # its message names what it objects to.
        places = (
            own_places(error["origin"], team.directory)
            or named_places(error["message"], team.directory)
            or own_places(error["traceback"], team.directory)
        )
        return Failure(
            f"{error['type']}: {error['message']}".rstrip(": "),
            places[-1] if places else None,
            error["traceback"],
        )
    return Manifest(team, answer.pop("dagster"), answer)
