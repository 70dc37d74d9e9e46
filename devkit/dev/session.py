"""What one `invoke dev` reserves: a DAGSTER_HOME, a port, a folder for sockets.

Others can tell whether it still runs: file locks, which end with the process, protect DAGSTER_HOME
and the folder, and its services carry its mark.
"""

import ipaddress
import json
import os
import socket
import tempfile
import time
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
LAST_PORT = 65535
MAX_SOCKET_FOLDER = 40  # of the 107 bytes that a Unix socket's path may have
SHORT_TMP = "/tmp"  # noqa: S108
LOCK = "dev.lock"
SOCKETS = "dagteam-"
OWNER = "owner"  # the file in a socket folder that contains the checkout's path and is locked
MARK = "DAGTEAM_DEV"  # the variable with the mark of the `invoke dev` that started a service
SAME_SECONDS = 2.0  # two creation times of one process differ by less
# Whoever looks at a lock holds it for a moment (`filelocks.is_locked`): not a reason to give up.
LOCK_PATIENCE_SECONDS = 0.5
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class SessionInfo:
    """The `invoke dev` that holds a DAGSTER_HOME, as it recorded itself."""

    pid: str
    url: str


STARTING = SessionInfo("unknown", "not up yet")


def current(dagster_home: Path) -> SessionInfo | None:
    """The `invoke dev` that runs on this DAGSTER_HOME; None if there is none."""
    file = home.state_folder(dagster_home) / LOCK
    return _read(file) if filelocks.is_locked(file) else None


@contextmanager
def exclusive_home(dagster_home: Path) -> Iterator[Callable[[str], None]]:
    """Hold this DAGSTER_HOME; yields a function that records the UI's URL for other processes.

    Raises:
        DevkitError: if another `invoke dev` holds it, with its process id and URL.
    """
    file = home.state_folder(dagster_home) / LOCK
    with file.open("a+", encoding="utf-8") as lock:
        deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
        while not filelocks.try_lock(lock):
            if time.monotonic() > deadline:
                raise _in_use(dagster_home, _read(file))
            time.sleep(POLL_SECONDS)

        def record(url: str) -> None:
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "url": url}))
            lock.flush()

        record(STARTING.url)
        yield record
        lock.truncate(0)


@contextmanager
def socket_folder(dagster_home: Path) -> Iterator[Path]:
    """Create a folder for Unix sockets, with a short enough path; removed at the end.

    DAGSTER_HOME remembers it: runs whose code server has ended are known by it.
    """
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
        home.remember_sockets(dagster_home, Path(folder))
        yield Path(folder)


def find_socket_folders(*, stale: bool, root: Path = ROOT) -> list[Path]:
    """The socket folders of a checkout whose `invoke dev` has ended (`stale`), or still runs."""
    parents = {Path(tempfile.gettempdir()), Path(SHORT_TMP)}
    found = []
    for file in sorted(file for parent in parents for file in parent.glob(f"{SOCKETS}*/{OWNER}")):
        with suppress(FileNotFoundError):  # it may end at any moment
            ours = file.read_text(encoding="utf-8") == str(root)
            if ours and filelocks.is_locked(file) != stale:
                found.append(file.parent)
    return found


def _in_use(dagster_home: Path, other: SessionInfo) -> DevkitError:
    if other == STARTING:
        return DevkitError(
            "another `invoke dev` is starting or stopping on this DAGSTER_HOME",
            found=str(dagster_home),
            fix="try again in a moment, or set DAGSTER_HOME to another folder",
        )
    return DevkitError(
        f"another `invoke dev` uses this DAGSTER_HOME: pid {other.pid}, {other.url}",
        found=str(dagster_home),
        fix=f"stop it (`kill {other.pid}`), or set DAGSTER_HOME to another folder",
    )


def _read(file: Path) -> SessionInfo:
    """What the holder of a lock recorded in it."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return SessionInfo(str(record["pid"]), record["url"])
    except (OSError, ValueError, KeyError):  # empty: it is starting, or has just ended
        return STARTING


def mark() -> str:
    """A text that identifies this process, also after its process id is used again."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


def is_owner_alive(mark: str) -> bool:
    """Whether the process with this mark still runs."""
    pid, _, created = mark.partition(" ")
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(created)) < SAME_SECONDS
    except psutil.NoSuchProcess:
        return False


def free_port(host: str, wanted: int = 0, fix: str = ANOTHER_PORT) -> int:
    """The wanted port, or for 0 the first free one from 3000 on.

    Raises:
        DevkitError: if that port can't be listened on, or none can.
    """
    if wanted:
        if reason := bind_error(host, wanted):
            raise DevkitError(f"port {wanted} on {host} can't be used: {reason}", fix=fix)
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY):
        if not (reason := bind_error(host, port)):
            if port != FIRST_PORT:
                output.info(f"port {FIRST_PORT} is taken: using {port}")
            return port
    last = FIRST_PORT + PORTS_TO_TRY - 1
    raise DevkitError(
        f"no port from {FIRST_PORT} to {last} on {host} can be used: {reason}",
        fix="invoke dev --port PORT",
    )


def url(host: str, port: int) -> str:
    """The URL of the UI for a browser on this machine."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{here}]' if ':' in here else here}:{port}"


def is_public(host: str) -> bool:
    """Whether other machines can reach what listens on a host's address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # what listens there says why it can't
    return not all(
        ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_loopback for one in found
    )


def accepts_connections(path: Path) -> bool:
    """Whether a server accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def bind_error(host: str, port: int) -> str | None:
    """The reason why an address can't be listened on; None if it can."""
    if not 0 <= port <= LAST_PORT:  # the resolver would silently take it modulo 65536
        return f"not a port from 0 to {LAST_PORT}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None
