"""What an `invoke dev` that is gone has left, and what is in the way of the next."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil

from devkit import claims
from devkit.doctor.findings import Finding, Kind, Site, quoted

HOST = "127.0.0.1"
GRACE_SECONDS = 3.0

PROCESSES = Kind(
    "left-over-processes",
    what="services or runs of an `invoke dev` that is gone still run on this DAGSTER_HOME",
    why="an old daemon starts runs of old code, and they take memory and ports",
    mend="`kill PID`",
    safe=True,
)
SOCKETS = Kind(
    "left-over-sockets",
    what="an `invoke dev` of this checkout that is gone has left its folder of sockets",
    why="nothing listens there any more",
    mend="`rm -r FOLDER`",
    grave=False,
    safe=True,
)
PORT = Kind(
    "port-taken",
    what="port 3000 is taken by something else",
    why="`invoke dev` takes the next free one, and bookmarks lead elsewhere",
    mend="stop what listens there, or `invoke dev --port PORT`",
    grave=False,
)


def processes(site: Site) -> Iterator[Finding]:
    """`left-over-processes`: those that carry the mark of an `invoke dev` that is gone."""
    if found := left_over(site.home):
        pids = " ".join(str(process.pid) for process in found)
        yield PROCESSES.found(
            f"left of an `invoke dev` that is gone: processes {pids}",
            mend=f"`kill {pids}`",
            fix=partial(end, found),
        )


def left_over(home: Path) -> list[psutil.Process]:
    """The processes on this DAGSTER_HOME whose `invoke dev` is gone; only those of this user."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # another user's, or it has just ended
            told = process.environ()
            ours = told.get("DAGSTER_HOME") == str(home) and claims.MARK in told
            ended = process.status() == psutil.STATUS_ZOMBIE
            if ours and not ended and not claims.marked_by_the_living(told[claims.MARK]):
                found.append(process)
    return found


def end(found: Sequence[psutil.Process]) -> str:
    """TERM, a grace period, KILL; psutil makes sure that a process is still the same."""
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return f"ended: {', '.join(str(process.pid) for process in found)}"


def sockets(_: Site) -> Iterator[Finding]:
    """`left-over-sockets`."""
    for folder in claims.socket_folders(abandoned=True):
        yield SOCKETS.found(
            f"left of an `invoke dev` that is gone: {folder}",
            mend=f"`rm -r {quoted(folder)}`",
            fix=partial(remove, folder),
        )


def remove(folder: Path) -> str:
    """Remove a folder and what is in it."""
    shutil.rmtree(folder)
    return "removed"


def port(site: Site) -> Iterator[Finding]:
    """`port-taken`: by anybody but the `invoke dev` of this DAGSTER_HOME."""
    holder = claims.holder(site.home)
    if holder and holder.url == claims.url(HOST, claims.FIRST_PORT):
        return
    if reason := claims.taken(HOST, claims.FIRST_PORT):
        yield PORT.found(f"port {claims.FIRST_PORT} can't be listened on: {reason}")
