"""Which commands of the kit run in this checkout: each holds a file lock until its process ends."""

import contextlib
import os
import time
from collections.abc import Iterator

from devkit.core import filelocks, output
from devkit.core.paths import STATE

FOLDER = STATE / "running"
POLL_SECONDS = 0.1
CLEAN = "clean"


@contextlib.contextmanager
def command(name: str) -> Iterator[None]:
    """Record that `invoke NAME` runs; begin it when no `invoke clean` runs, which removes things.

    The two record themselves before they look, so that one of them sees the other.
    """
    with recorded(f"invoke {name}"):
        if name != CLEAN:
            wait_for_end(f"invoke {CLEAN}")
        yield


@contextlib.contextmanager
def recorded(command: str) -> Iterator[None]:
    """Record that this process runs a command, for others that would disturb it.

    Where nothing can be written (a read-only checkout), nothing is recorded.
    """
    file = FOLDER / str(os.getpid())
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            FOLDER.mkdir(parents=True, exist_ok=True)
            # Not for long: who looks at it holds the lock for a moment.
            opened = stack.enter_context(filelocks.hold(file, lambda: None))
            opened.truncate(0)
            opened.write(command)
            opened.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.unlink()


def others() -> dict[str, str]:
    """The other commands that run here, by process id."""
    found = {}
    for file in sorted(FOLDER.glob("*")):
        with contextlib.suppress(OSError):
            if file.name != str(os.getpid()) and filelocks.is_locked(file):
                found[file.name] = file.read_text(encoding="utf-8")
    return found


def wait_for_end(command: str) -> None:
    """Wait while another process runs this command, and say so."""
    waiting = False
    while pids := [pid for pid, other in others().items() if other == command]:
        if not waiting:
            output.warn(f"waiting: `{command}` (pid {pids[0]}) is running ...")
        waiting = True
        time.sleep(POLL_SECONDS)
