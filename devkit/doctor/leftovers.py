"""Checks for what an `invoke dev` that has ended left behind, and for a port in use."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil

from devkit.dev import session
from devkit.doctor.findings import Context, Finding, Rule, Severity, quoted

HOST = "127.0.0.1"
GRACE_SECONDS = 3.0

PROCESSES = Rule(
    "left-over-processes",
    what="services or runs of an `invoke dev` that has ended still use this DAGSTER_HOME",
    why="an old daemon starts runs of old code, and all of them take memory and ports",
    fix="`kill PID`",
    safe=True,
)
SOCKETS = Rule(
    "left-over-sockets",
    what="an `invoke dev` of this checkout that has ended left its folder of sockets",
    why="no process uses it",
    fix="`rm -r FOLDER`",
    severity=Severity.WARNING,
    safe=True,
)
PORT = Rule(
    "port-taken",
    what="another program listens on port 3000",
    why="`invoke dev` takes the next free port, so bookmarks do not work",
    fix="stop what listens there, or `invoke dev --port PORT`",
    severity=Severity.WARNING,
)


def processes(context: Context) -> Iterator[Finding]:
    """`left-over-processes`: processes with the mark of an `invoke dev` that has ended."""
    if found := left_over(context.home):
        pids = " ".join(str(process.pid) for process in found)
        yield PROCESSES.finding(
            f"left by an `invoke dev` that has ended: processes {pids}",
            fix=f"`kill {pids}`",
            repair=partial(end, found),
        )


def left_over(home: Path) -> list[psutil.Process]:
    """The user's processes on this DAGSTER_HOME whose `invoke dev` has ended."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # another user's, or it has just ended
            environ = process.environ()
            ours = environ.get("DAGSTER_HOME") == str(home) and session.MARK in environ
            ended = process.status() == psutil.STATUS_ZOMBIE
            if ours and not ended and not session.is_owner_alive(environ[session.MARK]):
                found.append(process)
    return found


def end(found: Sequence[psutil.Process]) -> str:
    """TERM, a grace period, KILL; psutil never signals another process with a reused id."""
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return f"ended: {', '.join(str(process.pid) for process in found)}"


def sockets(_: Context) -> Iterator[Finding]:
    """`left-over-sockets`."""
    for folder in session.find_socket_folders(stale=True):
        yield SOCKETS.finding(
            f"left by an `invoke dev` that has ended: {folder}",
            fix=f"`rm -r {quoted(folder)}`",
            repair=partial(remove, folder),
        )


def remove(folder: Path) -> str:
    """Remove a folder and its content."""
    shutil.rmtree(folder)
    return "removed"


def port(context: Context) -> Iterator[Finding]:
    """`port-taken`, unless the `invoke dev` of this DAGSTER_HOME listens there."""
    running = session.current(context.home)
    if running and running.url == session.url(HOST, session.FIRST_PORT):
        return
    if reason := session.bind_error(HOST, session.FIRST_PORT):
        yield PORT.finding(f"port {session.FIRST_PORT} is not available: {reason}")
