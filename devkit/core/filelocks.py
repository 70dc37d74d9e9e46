"""File locks between processes: held by an open file, and gone with its process.

Linux and macOS (`flock`). Standard library only: `bootstrap` needs it.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.1

_abandoned = threading.Event()


class AbandonedError(Exception):
    """Ctrl-C: nobody needs this lock any more."""


@contextmanager
def hold(path: Path, on_wait: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold the lock of a file, which is created if there is none; yields the file.

    While another process holds it, `on_wait` is called once and this waits; `abandoned` ends
    the wait. A child process that is passed the file's descriptor holds the lock as well.

    Raises:
        OSError: if the file can't be opened.
    """
    with path.open("a+", encoding="utf-8") as file:
        if not try_lock(file):
            on_wait()
            while not try_lock(file):
                if _abandoned.wait(POLL_SECONDS):
                    raise AbandonedError
        yield file


def try_lock(file: IO[str], *, shared: bool = False) -> bool:
    """Take the lock of an open file if no other process holds it; whether it was taken."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def abandoned() -> Iterator[None]:
    """For as long as this lasts, no thread of this process waits for a lock."""
    _abandoned.set()
    try:
        yield
    finally:
        _abandoned.clear()


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock of a file; not if there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            return not try_lock(file, shared=True)
    except FileNotFoundError:
        return False
