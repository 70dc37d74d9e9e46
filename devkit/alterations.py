"""An alteration of the registry: one at a time, undone if it fails, noticed if it was killed.

What is altered goes from one good state to another. A command that is killed (`kill -9`, no
power) can't undo anything: its record stays, and the next one says what it left behind.
"""

import fcntl
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from devkit.bootstrap import ROOT
from devkit.errors import DevkitError
from devkit.failures import explain
from devkit.workspace import SUFFIX, Team, load_teams

RECORD = ROOT / ".dagteam" / "altering"


@contextmanager
def alone(team: Team, teams: Sequence[Team]) -> Iterator[None]:
    """Keep other alterations out, and on record what this one is about until it has ended.

    Raises:
        DevkitError: if another process is at it, or the registry's `teams` are others by now.
    """
    RECORD.parent.mkdir(exist_ok=True)
    with RECORD.open("a+") as record:
        if not _taken(record):
            record.seek(0)
            raise DevkitError(
                f"another `invoke new-team` or `remove-team` is at work on {record.read()}",
                mend="wait for it, then run the command again",
            )
        if load_teams(ROOT) != tuple(teams):
            raise DevkitError(
                "the registry has just been changed by another command",
                mend="run the command again",
            )
        record.truncate(0)
        record.write(team.location)
        record.flush()
        try:
            yield
        finally:
            record.truncate(0)


def left_behind(teams: Sequence[Team]) -> str | None:
    """The location whose folder a killed command has left, while the registry has no such team."""
    if not RECORD.exists():
        return None
    with RECORD.open() as record:
        location = record.read() if _taken(record) else ""
    known = {team.location for team in teams}
    return location if location and location not in known and (ROOT / location).exists() else None


def require_nothing_left(teams: Sequence[Team]) -> None:
    """Hold that no killed command has left a team half-made.

    Raises:
        DevkitError: naming its folder, and what takes it away.
    """
    if location := left_behind(teams):
        raise DevkitError(
            f"{location}/ is what an `invoke new-team` or `remove-team` left when it was killed",
            mend=f"invoke remove-team {location.removesuffix(SUFFIX)}",
        )


@contextmanager
def undone_unless_done(files: Iterable[Path]) -> Iterator[None]:
    """Put these files back to what they are now if what is done to them fails or is interrupted."""
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    try:
        yield
    except BaseException:
        with undisturbed():
            for path, content in before.items():
                _restore(path, content)
        raise


@contextmanager
def told(team: Team, done: str) -> Iterator[None]:
    """Say in a sentence what the machine said no to: a full disk, a folder of somebody else."""
    try:
        yield
    except OSError as error:
        raise DevkitError(f"{team.name} can't be {done}: {explain(str(error)) or error}") from None


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor TERM counts for the moments that it takes to undo something."""
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        if path.is_file():
            path.unlink()
    elif not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


def _taken(record: IO[str]) -> bool:
    """Whether this process has the record now, since no other has it."""
    try:
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
