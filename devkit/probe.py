"""Loads a team's definitions in that team's interpreter and brings back what it found."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit import processes, settings
from devkit.tracebacks import Place, own_places
from devkit.workspace import Team

PROBE = Path(__file__).with_name("_probe.py")
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Failure:
    """Why a team's definitions don't load, and the line of its own code, if there is one."""

    message: str
    place: Place | None
    traceback: str


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
        return Failure(f"still loading after {timeout:.0f} s (the time limit)", None, done.errors)
    try:
        answer: dict[str, Any] = json.loads(done.output)
    except json.JSONDecodeError:
        return Failure(f"the interpreter died (exit code {done.code})", None, done.errors)
    if error := answer.pop("error", None):
        places = own_places(error["traceback"], team.directory)
        return Failure(
            f"{error['type']}: {error['message']}".rstrip(": "),
            places[-1] if places else None,
            error["traceback"],
        )
    return Manifest(team, answer.pop("dagster"), answer)
