"""Checks of the machine: disk, memory, limits, file systems, and the shell's variables."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil

from devkit.core import cgroups, filesystems
from devkit.core.filesystems import Mount, Remote
from devkit.doctor.findings import (
    Context,
    Finding,
    Rule,
    Severity,
    may_write,
    nearest_existing,
    quoted,
)
from devkit.environments import composition

MB = 1024 * 1024
# An environment takes several hundred MB, and the logs of a run several MB.
LOW_DISK_BYTES = 2048 * MB
FULL_DISK_BYTES = 256 * MB
# Measured: a code location has two processes and takes 140-220 MB.
LOCATION_BYTES = 220 * MB
ORCHESTRATOR_BYTES = 500 * MB
# Other programs need watches too: an editor, for instance, has one for each open folder.
SPARE_WATCHES = 4096
SPARE_INSTANCES = 16

FULL = Rule(
    "disk-full",
    what="the disk of the checkout, of DAGSTER_HOME or of temporary files is full",
    why="environments can't be built, runs fail, and SQLite can't write",
    fix="free some space: `invoke clean`, `uv cache prune`",
)
NEARLY_FULL = Rule(
    "disk-nearly-full",
    what="the disk is nearly full",
    why="an environment takes several hundred MB, so the next one may not fit",
    fix="free some space: `invoke clean`, `uv cache prune`",
    severity=Severity.WARNING,
)
MEMORY = Rule(
    "memory-short",
    what="not enough memory to run all teams",
    why="the system may kill code servers repeatedly",
    fix="close other programs, give the container more memory, or run fewer teams: "
    "`invoke dev --team TEAM`",
    severity=Severity.WARNING,
)
WATCHES = Rule(
    "inotify-low",
    what="the kernel's limit of watched folders (inotify) is too low",
    why="`invoke dev` falls back to polling, which takes processor time",
    fix="`sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512`; "
    "in a container, on its host",
    severity=Severity.WARNING,
)
UNWATCHED = Rule(
    "saves-not-seen",
    what="the checkout is on a file system without change notifications",
    why="code that is saved on the other system is not reloaded",
    fix="clone the repository to a local disk of this system (on WSL: below /home)",
    severity=Severity.WARNING,
)
HOME_REMOTE = Rule(
    "home-remote",
    what="DAGSTER_HOME is on a network file system",
    why="SQLite's locks are unreliable there, which can corrupt the databases",
    fix="set DAGSTER_HOME to a folder on a local disk, or unset it",
)
HOME_SHARED = Rule(
    "home-shared",
    what="DAGSTER_HOME is on a folder that the host of this virtual machine or container shares",
    why="SQLite's locks are not always reliable there, which can corrupt the databases",
    fix="set DAGSTER_HOME to a folder on the container's own disk or on a volume",
    severity=Severity.WARNING,
)
CACHE = Rule(
    "cache-unwritable",
    what="uv's cache is not writable by this user",
    why="no environment can be built",
    fix="`sudo mkdir -p FOLDER && sudo chown -R USER FOLDER`; in the dev container: "
    "`sh .devcontainer/caches.sh`",
)
NO_BYTECODE = Rule(
    "no-bytecode",
    what="PYTHONDONTWRITEBYTECODE is set",
    why="every import of Dagster takes three times as long",
    fix="`unset PYTHONDONTWRITEBYTECODE`, and remove it from the shell's profile",
    severity=Severity.WARNING,
)


def disk(context: Context, usage: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
         ) -> Iterator[Finding]:  # fmt: skip
    """`disk-full`, `disk-nearly-full`; each disk once."""
    seen = set()
    for name, path in {
        "the checkout": context.root,
        "DAGSTER_HOME": nearest_existing(context.home),
        "temporary files": Path(tempfile.gettempdir()),
    }.items():
        device = path.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = usage(path)
        if free < LOW_DISK_BYTES:
            rule = FULL if free < FULL_DISK_BYTES else NEARLY_FULL
            yield rule.finding(f"{free // MB} MB are free on the disk of {name} ({path})")


def memory(context: Context) -> Iterator[Finding]:
    """`memory-short`: the free memory is less than all teams need."""
    limit = cgroups.free_memory()
    free = psutil.virtual_memory().available
    free = free if limit is None else min(free, limit)
    wanted = ORCHESTRATOR_BYTES + LOCATION_BYTES * len(context.teams)
    if context.teams and free < wanted:
        yield MEMORY.finding(
            f"{free // MB} MB of memory are free; "
            f"{len(context.teams)} teams need about {wanted // MB} MB"
        )


def watches(context: Context) -> Iterator[Finding]:
    """`inotify-low`, on Linux: too few for the watched folders and for other programs."""
    limits = context.proc / "sys/fs/inotify"
    if not limits.exists():
        return
    code = {path for team in context.teams for path in composition.of(team).code}
    needed = SPARE_WATCHES + sum(1 for folder in code for _ in os.walk(folder))
    for name, wanted in (("max_user_watches", needed), ("max_user_instances", SPARE_INSTANCES)):
        found = int((limits / name).read_text(encoding="utf-8"))
        if found < wanted:
            yield WATCHES.finding(f"fs.inotify.{name} is {found}; {wanted} are needed")


def file_systems(
    context: Context, table: Callable[[], Iterable[Mount]] = filesystems.mounts
) -> Iterator[Finding]:
    """`saves-not-seen`, `home-remote`, `home-shared`."""
    known = list(table())
    if kind := filesystems.unreported_changes(context.root, lambda: known):
        yield UNWATCHED.finding(f"{context.root} is on a file system of type {kind}")
    kind = filesystems.type_of(nearest_existing(context.home), known)
    if whose := filesystems.remote(kind):
        rule = HOME_REMOTE if whose is Remote.NETWORK else HOME_SHARED
        yield rule.finding(f"DAGSTER_HOME {context.home} is on a file system of type {kind}")


def cache(context: Context) -> Iterator[Finding]:
    """`cache-unwritable`."""
    named = context.environ.get("UV_CACHE_DIR")
    base = context.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(named) if named else Path(base) / "uv"
    if not may_write(nearest_existing(folder)):
        yield CACHE.finding(
            f"uv's cache is not writable by this user: {folder}",
            fix=f'`sudo mkdir -p {quoted(folder)} && sudo chown -R "$(id -u)" {quoted(folder)}`; '
            "in the dev container: `sh .devcontainer/caches.sh`",
        )


def variables(context: Context) -> Iterator[Finding]:
    """`no-bytecode`."""
    if context.environ.get("PYTHONDONTWRITEBYTECODE"):
        yield NO_BYTECODE.finding("PYTHONDONTWRITEBYTECODE is set")
