"""Changes the registry and everything generated from it, completely or not at all.

Only one change runs at a time, and it is undone if it fails or is interrupted. A killed command
(`kill -9`, a power failure) can't undo anything: the next one does, from its journal.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devkit import lineage
from devkit.core import output
from devkit.core.errors import DevkitError, hint_for
from devkit.core.paths import REGISTRY, ROOT
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.environments import venvs
from devkit.generated import files as generated
from devkit.registry import journal
from devkit.registry.journal import Journal
from devkit.registry.team import SUFFIX, Team
from devkit.registry.workspace import load_teams

CREATED, REMOVED = "new-team", "remove-team"
DONE = {CREATED: "created", REMOVED: "removed"}
LINEAGE = ROOT / "docs" / "lineage.md"


@contextmanager
def change(command: str, team: Team, teams: Sequence[Team]) -> Iterator[Journal]:
    """Hold the registry's lock; undo the journal's steps if the block fails or is interrupted.

    Raises:
        DevkitError: if another process is changing the registry, if it no longer lists `teams`,
            or if the system refuses something (a full disk, another user's folder).
    """
    with journal.opened() as steps:
        _require_complete(steps)
        if load_teams(ROOT) != tuple(teams):
            raise DevkitError(
                "the registry has just been changed by another command",
                fix="run the command again",
            )
        try:
            steps.begin(command, team.location)
            yield steps
            steps.complete()
        except BaseException as error:
            if steps.is_complete:
                raise
            with signals_blocked():
                _undo(steps)
                cache.clear(team)
            output.warn(f"Rolled back: team {team.name} was not {DONE[command]}.")
            if isinstance(error, OSError):
                cause = hint_for(str(error)) or error
                raise DevkitError(f"{team.name} can't be {DONE[command]}: {cause}") from None
            raise


def finish_interrupted(removing: str = "") -> bool:
    """Undo what a killed command has left; returns whether that was the creation of `removing`.

    Only on demand is a new team undone, since that deletes its folder, in which somebody may have
    worked since.

    Raises:
        DevkitError: if a killed command has created another team, or another process is changing
            the registry.
    """
    found = journal.unfinished()
    if not found:
        return False
    if found.command == CREATED and found.location != removing:
        _refuse(found.location)
    with journal.opened() as steps:
        _undo(steps)
    if found.command == REMOVED:
        output.warn(f"Restored {found.location}: an `invoke remove-team` was killed.")
    return found.command == CREATED


def update_registry(
    steps: Journal, before: Sequence[Team], after: Sequence[Team], text: str
) -> None:
    """Write the registry's new text, which lists the teams `after` instead of those `before`.

    Files that are no longer generated are deleted.
    """
    old, new = generated.files(before), generated.files(after)
    steps.replace(REGISTRY, text)
    for path in old.keys() - new.keys():
        steps.replace(path, None)
    generated.write(new, steps.replace)
    _refresh_lineage(steps, after)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM while something is undone."""
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _require_complete(steps: Journal) -> None:
    """Require that no killed command left steps to undo: it was killed a moment ago."""
    if found := steps.unfinished():
        _refuse(found.location)


def _refuse(location: str) -> None:
    raise DevkitError(
        f"{location}/ is incomplete: an `invoke new-team` or `remove-team` was killed",
        fix=f"invoke remove-team {location.removesuffix(SUFFIX)}",
    )


def _undo(steps: Journal) -> None:
    for problem in steps.undo():
        output.warn(f"note: not undone: {problem}")


def _refresh_lineage(steps: Journal, teams: Sequence[Team]) -> None:
    """Regenerate docs/lineage.md, if the repository has it and every team loads."""
    if not LINEAGE.exists():
        return
    built = [team for team in teams if not venvs.stale(venvs.team_environment(team))]
    loaded = cache.load_all(built)
    broken = [team.name for team in teams if team not in built]
    broken += [one.team.name for one in loaded if isinstance(one, Failure)]
    if broken:
        output.warn(
            f"note: {LINEAGE.relative_to(ROOT)} not updated: {', '.join(broken)} does not load"
        )
    else:
        steps.keep(LINEAGE)
        lineage.draw(teams, select="", form="", target=LINEAGE)
