"""Changes the registry and everything generated from it, completely or not at all.

Only one change runs at a time, and it is undone if it fails. A killed command (`kill -9`, a power
failure) can't undo anything: its journal stays, and the next command reports what is left.
"""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devkit import lineage
from devkit.core import filelocks, output
from devkit.core.errors import DevkitError, hint_for
from devkit.core.paths import REGISTRY, ROOT, STATE
from devkit.definitions import cache
from devkit.definitions.loading import Failure
from devkit.environments import venvs
from devkit.generated import files as generated
from devkit.registry import edit
from devkit.registry.workspace import SUFFIX, Team, load_teams

JOURNAL = STATE / "altering"
LINEAGE = ROOT / "docs" / "lineage.md"


@contextmanager
def registry_lock(team: Team, teams: Sequence[Team]) -> Iterator[None]:
    """Lock the registry against other changes, and record the team in the journal until the end.

    Raises:
        DevkitError: if another process is changing the registry, or it no longer lists `teams`.
    """
    JOURNAL.parent.mkdir(exist_ok=True)
    with JOURNAL.open("a+", encoding="utf-8") as journal:
        if not filelocks.try_lock(journal):
            journal.seek(0)
            raise DevkitError(
                f"another `invoke new-team` or `remove-team` is running ({journal.read()})",
                fix="wait for it, then run the command again",
            )
        if load_teams(ROOT) != tuple(teams):
            raise DevkitError(
                "the registry has just been changed by another command",
                fix="run the command again",
            )
        journal.truncate(0)
        journal.write(team.location)
        journal.flush()
        try:
            yield
        finally:
            journal.truncate(0)


def interrupted_team(teams: Sequence[Team]) -> str | None:
    """The location whose folder a killed command left, if the registry does not list it."""
    if not JOURNAL.exists() or filelocks.is_locked(JOURNAL):
        return None
    location = JOURNAL.read_text(encoding="utf-8")
    known = {team.location for team in teams}
    return location if location and location not in known and (ROOT / location).exists() else None


def require_no_interrupted_team(teams: Sequence[Team]) -> None:
    """Require that no killed command left an incomplete team.

    Raises:
        DevkitError: naming its folder, and the command that removes it.
    """
    if location := interrupted_team(teams):
        raise DevkitError(
            f"{location}/ is incomplete: an `invoke new-team` or `remove-team` was killed",
            fix=f"invoke remove-team {location.removesuffix(SUFFIX)}",
        )


def update_registry(
    before: Sequence[Team],
    after: Sequence[Team],
    text: str,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Write the registry's new text, which lists the teams `after` instead of those `before`.

    Files that are no longer generated are deleted, and `then` is called last. If anything fails or
    is interrupted, all files are restored.
    """
    old, new = generated.files(before), generated.files(after)
    with _restore_on_error([REGISTRY, LINEAGE, *old, *new]):
        edit.write(text)
        for path in old.keys() - new.keys():
            path.unlink(missing_ok=True)
        generated.write(new)
        _refresh_lineage(after)
        then()


@contextmanager
def os_errors_as_devkit_errors(team: Team, done: str) -> Iterator[None]:
    """Explain in one sentence why the system refuses: a full disk, another user's folder."""
    try:
        yield
    except OSError as error:
        raise DevkitError(f"{team.name} can't be {done}: {hint_for(str(error)) or error}") from None


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM while something is undone."""
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _refresh_lineage(teams: Sequence[Team]) -> None:
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
        lineage.draw(teams, select="", form="", target=LINEAGE)


@contextmanager
def _restore_on_error(files: Iterable[Path]) -> Iterator[None]:
    """Restore these files if the block fails or is interrupted."""
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    try:
        yield
    except BaseException:
        with signals_blocked():
            for path, content in before.items():
                _restore(path, content)
        raise


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        if path.is_file():
            path.unlink()
    elif not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
