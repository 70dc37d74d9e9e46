"""What one `invoke dev` holds for itself: a DAGSTER_HOME, a port, a folder for sockets.

Whether it still runs shows in each: the first and the last are held by file locks, which end with
the process, and its services carry its mark.
"""

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from devkit.core import filelocks, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.dev import home

FIRST_PORT = 3000
ANOTHER_PORT = "invoke dev, without --port: it takes the next free one"
PORTS_TO_TRY = 50
MAX_SOCKET_FOLDER = 40  # of the 107 bytes that a Unix socket's path may have
SHORT_TMP = "/tmp"  # noqa: S108
LOCK = "dev.lock"
SOCKETS = "dagteam-"
OWNER = "owner"  # the file in a folder for sockets that names the checkout, and is its lock
MARK = "DAGTEAM_DEV"  # the variable that names the `invoke dev` that started a service
SAME_SECONDS = 2.0


@dataclass(frozen=True)
class SessionInfo:
    """The `invoke dev` that holds a DAGSTER_HOME, as it has recorded itself."""

    pid: str
    url: str


STARTING = SessionInfo("unknown", "not up yet")


def current(where: Path) -> SessionInfo | None:
    """The `invoke dev` that runs on this DAGSTER_HOME; None if none does."""
    file = home.state_folder(where) / LOCK
    return _read(file) if filelocks.is_locked(file) else None


@contextmanager
def exclusive_home(where: Path) -> Iterator[Callable[[str], None]]:
    """Hold this DAGSTER_HOME; yields a function that records the URL for who comes second.

    Raises:
        DevkitError: if another process holds it: its pid and URL.
    """
    file = home.state_folder(where) / LOCK
    with file.open("a+", encoding="utf-8") as lock:
        if not filelocks.try_lock(lock):
            other = _read(file)
            raise DevkitError(
                f"another `invoke dev` uses this DAGSTER_HOME: pid {other.pid}, {other.url}",
                found=str(where),
                fix=f"stop it (`kill {other.pid}`), or set DAGSTER_HOME to another folder",
            )

        def record(url: str) -> None:
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "url": url}))
            lock.flush()

        record(STARTING.url)
        yield record
        lock.truncate(0)


@contextmanager
def socket_folder() -> Iterator[Path]:
    """A new folder for Unix sockets whose path is short enough for them."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= MAX_SOCKET_FOLDER else SHORT_TMP
    with (
        tempfile.TemporaryDirectory(
            prefix=SOCKETS, dir=parent, ignore_cleanup_errors=True
        ) as folder,
        Path(folder, OWNER).open("w", encoding="utf-8") as owner,
    ):
        filelocks.try_lock(owner)
        owner.write(str(ROOT))
        owner.flush()
        yield Path(folder)


def find_socket_folders(*, stale: bool, root: Path = ROOT) -> list[Path]:
    """The folders for sockets of a checkout: those whose `invoke dev` has ended, or the others."""
    parents = {Path(tempfile.gettempdir()), Path(SHORT_TMP)}
    found = []
    for file in sorted(file for parent in parents for file in parent.glob(f"{SOCKETS}*/{OWNER}")):
        with suppress(FileNotFoundError):  # it may end at any moment
            ours = file.read_text(encoding="utf-8") == str(root)
            if ours and filelocks.is_locked(file) != stale:
                found.append(file.parent)
    return found


def _read(file: Path) -> SessionInfo:
    """What the holder of a lock has recorded in it."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return SessionInfo(str(record["pid"]), record["url"])
    except (OSError, ValueError, KeyError):  # it is just starting, or has just ended
        return STARTING


def mark() -> str:
    """An identifier of this process that no other process has, before or after it."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


def is_owner_alive(text: str) -> bool:
    """Whether the process with this mark still runs."""
    pid, _, created = text.partition(" ")
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(created)) < SAME_SECONDS
    except psutil.NoSuchProcess:
        return False


def free_port(host: str, wanted: int | None, fix: str = ANOTHER_PORT) -> int:
    """The port that was asked for, or the first free one from 3000 on.

    Raises:
        DevkitError: if that port is taken, or can't be listened on at all.
    """
    if wanted is not None:
        if reason := bind_error(host, wanted):
            raise DevkitError(
                f"port {wanted} on {host} can't be used: {reason}",
                fix=fix,
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY):
        if not (reason := bind_error(host, port)):
            if port != FIRST_PORT:
                output.info(f"port {FIRST_PORT} is taken: using {port}")
            return port
    raise DevkitError(
        f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} on {host} can be used: "
        f"{reason}",
        fix="invoke dev --port PORT",
    )


def url(host: str, port: int) -> str:
    """The URL at which a browser on this machine finds the UI."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104
    return f"http://{'127.0.0.1' if everywhere else host}:{port}"


def accepts_connections(path: Path) -> bool:
    """Whether a server accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def bind_error(host: str, port: int) -> str | None:
    """Why an address can't be listened on; None if it can."""
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
