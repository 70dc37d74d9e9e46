"""What the commands in `tasks.py` have in common: how they fail, and how they name teams."""

import functools
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devkit import output
from devkit.bootstrap import ROOT
from devkit.errors import DevkitError
from devkit.locks import Room, rooms
from devkit.upstream import with_makers
from devkit.workspace import Team, load_teams, select

# What a branch is compared with where nothing else is said.
BASE = "origin/main"

INTERRUPTED = 130
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does: with nothing left running."""


def command(**options: Any) -> Callable[[Callable[..., None]], Any]:
    """The `task` of invoke, with this kit's exit codes: 1 to mend, 130 for Ctrl-C, 143 for TERM."""

    def decorate(body: Callable[..., None]) -> Any:
        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> None:
            signal.signal(signal.SIGTERM, _terminate)
            try:
                body(*args, **kwargs)
            except Terminated:
                raise Exit(code=TERMINATED) from None
            except KeyboardInterrupt:
                raise Exit(code=INTERRUPTED) from None

        return task(run, **options)

    return decorate


def some_teams(names: Sequence[str] = (), *, upstream: bool = False) -> tuple[Team, ...]:
    """The teams of these names, all for none; `upstream` adds those whose assets they read."""
    teams = load_teams(ROOT)
    chosen = select(teams, names)
    return with_makers(chosen, teams) if upstream and chosen != teams else chosen


def touched_teams(names: Sequence[str], base: str) -> tuple[Team, ...]:
    """Of the teams of these names (all for none) those that the changes since `base` touch.

    Raises:
        DevkitError: if the base is not there, or this is no git checkout.
    """
    from devkit import affected

    found = affected.affected(load_teams(ROOT), base)
    if found.note:
        output.complain(f"note: {found.note}")
    teams = found.among(some_teams(names))
    if not teams:
        output.complain(f"no team is touched by what changed since {base}")
    return teams


def one_team(name: str) -> Team:
    """The one team of this name.

    Raises:
        DevkitError: if it names more than one.
    """
    found = some_teams([name])
    if len(found) != 1:
        raise DevkitError(f"--team {name!r} is not one team", expected="the name of one team")
    return found[0]


def some_rooms(names: Sequence[str] = ()) -> list[Room]:
    """The rooms with locks of these names (teams, `orchestrator`, `tools`), all for none."""
    teams = load_teams(ROOT)
    every = rooms(teams)
    wanted = {part.strip() for name in names for part in name.split(",") if part.strip()}
    others = {room.name for room in every} - {team.name for team in teams}
    chosen = select(teams, wanted - others) if wanted - others or not wanted else ()
    keep = {team.name for team in chosen} | (wanted & others if wanted else others)
    return [room for room in every if room.name in keep]


def remainder() -> list[str]:
    """The arguments after `--`, as they were given: invoke joins them into one text."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def _terminate(_sign: int, _frame: FrameType | None) -> None:
    raise Terminated
