"""The machine: its disk, memory, limits and file systems, and the shell's variables."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from devkit.doctor.findings import Finding, Kind, Site, may_write, nearest, quoted
from devkit.environments import SHARED

MB = 1024 * 1024
# An environment takes a few hundred MB, and a run's logs a few.
LITTLE_BYTES = 2048 * MB
TOO_LITTLE_BYTES = 256 * MB
# Measured: a code location has two processes and 140-220 MB; webserver and daemon have the rest.
LOCATION_BYTES = 220 * MB
HOSTS_BYTES = 500 * MB
# Other programs watch too: an editor takes a watch for each folder that it shows.
SPARE_WATCHES = 4096
SPARE_INSTANCES = 16

# Where changes made on the other side are not told (inotify), by the names in /proc/mounts.
UNTOLD = {"9p", "drvfs", "vboxsf", "prl_fs", "fuse.sshfs", "nfs", "nfs4", "cifs", "smb3", "smbfs"}
# Where SQLite's locks can't be trusted, by its own documentation.
UNLOCKED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"}

FULL = Kind(
    "disk-full",
    what="the disk of the checkout, of DAGSTER_HOME or of temporary files is full",
    why="environments can't be built, runs fail, and SQLite can't write",
    mend="free some space: `invoke clean`, `uv cache prune`",
)
NEARLY_FULL = Kind(
    "disk-nearly-full",
    what="the disk is nearly full",
    why="an environment takes some hundred MB, and the next one may not fit",
    mend="free some space: `invoke clean`, `uv cache prune`",
    grave=False,
)
MEMORY = Kind(
    "memory-short",
    what="the memory that is free, or that the container may use, is short for all teams at once",
    why="code servers are killed without a word, again and again",
    mend="close something, give the container more, or run some teams: `invoke dev --team TEAM`",
    grave=False,
)
WATCHES = Kind(
    "inotify-low",
    what="the kernel lets this user watch too few folders (inotify)",
    why="`invoke dev` looks at every file again and again instead, which takes processor time",
    mend="`sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512`; "
    "in a container, on its host",
    grave=False,
)
UNWATCHED = Kind(
    "saves-not-seen",
    what="the checkout is on a file system that does not tell of changes made elsewhere",
    why="what is saved on the other side is not reloaded",
    mend="clone the repository into this system's own disk (on WSL: below /home)",
    grave=False,
)
HOME_REMOTE = Kind(
    "home-remote",
    what="DAGSTER_HOME is on a network's file system",
    why="SQLite's locks do not hold there: databases break",
    mend="set DAGSTER_HOME to a folder on a disk of this machine, or unset it",
)
CACHE = Kind(
    "cache-unwritable",
    what="this user may not write to uv's cache",
    why="no environment can be built",
    mend="`sudo mkdir -p FOLDER && sudo chown -R USER FOLDER`; in the dev container: "
    "`sh .devcontainer/caches.sh`",
)
NO_BYTECODE = Kind(
    "no-bytecode",
    what="PYTHONDONTWRITEBYTECODE is set",
    why="importing Dagster takes three times as long, each time",
    mend="`unset PYTHONDONTWRITEBYTECODE`, and take it out of the shell's profile",
    grave=False,
)


def disk(site: Site, usage: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
         ) -> Iterator[Finding]:  # fmt: skip
    """`disk-full`, `disk-nearly-full`; each disk once."""
    seen = set()
    for name, path in {
        "the checkout": site.root,
        "DAGSTER_HOME": nearest(site.home),
        "temporary files": Path(tempfile.gettempdir()),
    }.items():
        device = path.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = usage(path)
        if free < LITTLE_BYTES:
            kind = FULL if free < TOO_LITTLE_BYTES else NEARLY_FULL
            yield kind.found(f"{free // MB} MB are free on the disk of {name} ({path})")


def memory(site: Site) -> Iterator[Finding]:
    """`memory-short`: what is free now against what all teams need; nothing without teams."""
    limit = container_memory(Path("/sys/fs/cgroup"))
    free = min(psutil.virtual_memory().available, limit)
    wanted = HOSTS_BYTES + LOCATION_BYTES * len(site.teams)
    if site.teams and free < wanted:
        yield MEMORY.found(
            f"{free // MB} MB of memory are free; {len(site.teams)} teams take about {wanted // MB}"
        )


def container_memory(cgroup: Path) -> int:
    """The bytes that this container may still use (cgroup v2); a great number if it may all."""
    try:
        most = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):
        return 1 << 62  # no container, or an older kernel's kind of limit
    return (1 << 62) if most == "max" else max(int(most) - used, 0)


def watches(site: Site) -> Iterator[Finding]:
    """`inotify-low`: Linux only; the folders that are watched, and some for others."""
    limits = site.proc / "sys/fs/inotify"
    if not limits.exists():
        return
    code = [SHARED / "utils", *(team.directory / team.package for team in site.teams)]
    needed = SPARE_WATCHES + sum(1 for folder in code for _ in os.walk(folder))
    for name, wanted in (("max_user_watches", needed), ("max_user_instances", SPARE_INSTANCES)):
        found = int((limits / name).read_text())
        if found < wanted:
            yield WATCHES.found(f"fs.inotify.{name} is {found}, and {wanted} are needed")


@dataclass(frozen=True)
class Mount:
    """A file system: where it is, and its type as /proc/mounts names it."""

    point: Path
    type: str


def mounts() -> list[Mount]:
    """Every file system of this machine."""
    return [Mount(Path(p.mountpoint), p.fstype.lower()) for p in psutil.disk_partitions(all=True)]


def file_systems(site: Site, table: Callable[[], Iterable[Mount]] = mounts) -> Iterator[Finding]:
    """`saves-not-seen`, `home-remote`."""
    known = list(table())
    kind = type_of(site.root, known)
    if kind in UNTOLD:
        yield UNWATCHED.found(f"{site.root} is on a file system of type {kind}")
    kind = type_of(nearest(site.home), known)
    if kind in UNLOCKED:
        yield HOME_REMOTE.found(f"DAGSTER_HOME {site.home} is on a file system of type {kind}")


def type_of(path: Path, table: Iterable[Mount]) -> str:
    """The type of the file system that a path is on: of the mount that is nearest above it."""
    real = path.resolve()
    above = [mount for mount in table if real.is_relative_to(mount.point)]
    return max(above, key=lambda mount: len(mount.point.parts)).type if above else ""


def cache(site: Site) -> Iterator[Finding]:
    """`cache-unwritable`."""
    named = site.environ.get("UV_CACHE_DIR")
    base = site.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(named) if named else Path(base) / "uv"
    if not may_write(nearest(folder)):
        yield CACHE.found(
            f"this user may not write to uv's cache: {folder}",
            mend=f'`sudo mkdir -p {quoted(folder)} && sudo chown -R "$(id -u)" {quoted(folder)}`; '
            "in the dev container: `sh .devcontainer/caches.sh`",
        )


def variables(site: Site) -> Iterator[Finding]:
    """`no-bytecode`."""
    if site.environ.get("PYTHONDONTWRITEBYTECODE"):
        yield NO_BYTECODE.found("PYTHONDONTWRITEBYTECODE is set")
