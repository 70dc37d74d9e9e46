"""File locks between processes: an open file holds one, and its process's end releases it.

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
    """The wait for a lock was given up: Ctrl-C."""


@contextmanager
def hold(path: Path, on_wait: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold the lock of a file, which is created if it does not exist; yields the file.

    While another process holds the lock, this calls `on_wait` once and waits. A child process
    that inherits the file's descriptor holds the lock too.

    Raises:
        OSError: if the file can't be opened.
        AbandonedError: if `abandoned` ends the wait.
    """
    with path.open("a+", encoding="utf-8") as file:
        if not try_lock(file):
            on_wait()
            while not try_lock(file):
                if _abandoned.wait(POLL_SECONDS):
                    raise AbandonedError
        yield file


def try_lock(file: IO[str], *, shared: bool = False) -> bool:
    """Take the lock of an open file unless another process holds it; returns whether it did."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def abandoned() -> Iterator[None]:
    """Within this context, no thread of this process waits for a lock."""
    _abandoned.set()
    try:
        yield
    finally:
        _abandoned.clear()


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock of a file; False if there is no such file."""
    try:
        with path.open(encoding="utf-8") as file:
            return not try_lock(file, shared=True)
    except FileNotFoundError:
        return False
