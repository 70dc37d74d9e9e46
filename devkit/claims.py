"""What one `invoke dev` claims for itself: a DAGSTER_HOME, a port, a folder for sockets.

Whether it still runs can be told of each: the claims on the first and the last are locks, which
end with the process, and its services carry its mark.
"""

import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from devkit import home, output
from devkit.bootstrap import ROOT
from devkit.errors import DevkitError

FIRST_PORT = 3000
ANOTHER_PORT = "invoke dev, without --port: it takes the next free one"
PORTS_TO_TRY = 50
LONGEST_SOCKET_FOLDER = 40  # of the 107 bytes that a Unix socket's path may have
SHORT_PARENT = "/tmp"  # noqa: S108
SOCKETS = "dagteam-"
OWNER = "owner"  # the file in a folder for sockets that names the checkout, and is its lock
MARK = "DAGTEAM_DEV"  # the variable that names the `invoke dev` that started a service
SAME_SECONDS = 2.0


@dataclass(frozen=True)
class Holder:
    """Who holds a DAGSTER_HOME, as it has said itself."""

    pid: str
    url: str


def holder(where: Path) -> Holder | None:
    """Who runs on this DAGSTER_HOME; None if nobody does."""
    file = home.state_folder(where) / "dev.lock"
    if not file.exists():
        return None
    with file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            told = json.loads(lock.read() or '{"pid": "unknown", "url": "not up yet"}')
            return Holder(str(told["pid"]), told["url"])
    return None


@contextmanager
def sole_user(where: Path) -> Iterator[Callable[[str], None]]:
    """Hold this DAGSTER_HOME; yields a function that records the URL for who comes second.

    Raises:
        DevkitError: if another process holds it: its pid and URL.
    """
    with (home.state_folder(where) / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = holder(where) or Holder("unknown", "just ended")
            raise DevkitError(
                f"another `invoke dev` uses this DAGSTER_HOME: pid {other.pid}, {other.url}",
                found=str(where),
                mend=f"stop it (`kill {other.pid}`), or set DAGSTER_HOME to another folder",
            ) from None

        def record(url: str) -> None:
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "url": url}))
            lock.flush()

        record("not up yet")
        yield record
        lock.truncate(0)


@contextmanager
def socket_folder() -> Iterator[Path]:
    """A new folder for Unix sockets whose path is short enough for them."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= LONGEST_SOCKET_FOLDER else SHORT_PARENT
    with (
        tempfile.TemporaryDirectory(
            prefix=SOCKETS, dir=parent, ignore_cleanup_errors=True
        ) as folder,
        Path(folder, OWNER).open("w") as owner,
    ):
        fcntl.flock(owner, fcntl.LOCK_EX)
        owner.write(str(ROOT))
        owner.flush()
        yield Path(folder)


def socket_folders(*, abandoned: bool, root: Path = ROOT) -> list[Path]:
    """The folders for sockets of a checkout: whose `invoke dev` is gone, or those in use."""
    parents = {Path(tempfile.gettempdir()), Path(SHORT_PARENT)}
    found = []
    for file in sorted(file for parent in parents for file in parent.glob(f"{SOCKETS}*/{OWNER}")):
        with suppress(FileNotFoundError), file.open() as owner:  # it may end at any moment
            if owner.read() == str(root) and _locked(owner.fileno()) != abandoned:
                found.append(file.parent)
    return found


def mark() -> str:
    """What tells this process from every other, before and after it."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


def marked_by_the_living(text: str) -> bool:
    """Whether the process that left this mark still runs."""
    pid, _, created = text.partition(" ")
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(created)) < SAME_SECONDS
    except psutil.NoSuchProcess:
        return False


def free_port(host: str, wanted: int | None, mend: str = ANOTHER_PORT) -> int:
    """The port that was asked for, or the first free one from 3000 on.

    Raises:
        DevkitError: if that port is taken, or can't be listened on at all.
    """
    if wanted is not None:
        if reason := taken(host, wanted):
            raise DevkitError(
                f"port {wanted} on {host} can't be used: {reason}",
                mend=mend,
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY):
        if not (reason := taken(host, port)):
            if port != FIRST_PORT:
                output.say(f"port {FIRST_PORT} is taken: using {port}")
            return port
    raise DevkitError(
        f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} on {host} can be used: "
        f"{reason}",
        mend="invoke dev --port PORT",
    )


def url(host: str, port: int) -> str:
    """Where a browser on this machine finds who listens there."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104
    return f"http://{'127.0.0.1' if everywhere else host}:{port}"


def listens(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def taken(host: str, port: int) -> str | None:
    """Why nobody can listen there; None if somebody can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    except OverflowError as error:
        return str(error)
    return None


def _locked(descriptor: int) -> bool:
    """Whether another process holds the lock on this file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
