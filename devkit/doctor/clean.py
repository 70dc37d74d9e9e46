"""Lists generated files and their size, and removes them.

It finds by name what this kit and its tools generate, and leaves alone what Git tracks and
other checkouts inside this one.
"""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devkit.core import filelocks, git, output, parallel, running
from devkit.core.errors import DevkitError
from devkit.core.paths import DIST, ROOT, STATE, TOOLS
from devkit.dev import home, session
from devkit.registry import journal
from devkit.registry.team import SUFFIX

ENVIRONMENT = ".venv"
CACHES = {".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
TOP_LEVEL = {DIST.name: "build", STATE.name: "caches"}
NEVER_ENTERED = {".git", "node_modules"}


@dataclass(frozen=True)
class Item:
    """Something to remove: what it is, and the size of its files in bytes.

    `reclaimable`: the bytes that removal frees. Most of an environment is hard-linked from uv's
    cache, and removing such a link frees nothing.
    """

    path: Path
    kind: str
    size: int
    reclaimable: int


def clean(*, remove_them: bool = False, with_home: bool = False) -> None:
    """Show what would be removed, or remove it; `with_home`: also DAGSTER_HOME in the checkout.

    Raises:
        DevkitError: if another command runs here, if Git fails, or, after everything else is
            removed, if something can't be.
    """
    items = [measure(path, kind) for path, kind in candidates(with_home=with_home)]
    if not items:
        output.info("nothing to remove")
        return
    output.table(
        ("what", "where", "MB"),
        [(item.kind, name(item.path), f"{item.size / 1e6:.1f}") for item in items],
    )
    size, reclaimable = sum(item.size for item in items), sum(item.reclaimable for item in items)
    output.info(
        f"{size / 1e6:.0f} MB, {reclaimable / 1e6:.0f} MB of them reclaimable; "
        "the rest is hard-linked from uv's cache"
    )
    if not with_home and home.DEFAULT.exists():
        output.info(f"{name(home.DEFAULT)} is kept (run history); --home removes it")
    if not remove_them:
        output.info("Dry run; pass --yes to remove.")
        return
    require_idle()
    with journal.opened() as steps:
        kept = {journal.JOURNAL, running.FOLDER}
        if found := steps.unfinished():
            kept.add(journal.TRASH)
            team = found.location.removesuffix(SUFFIX)
            output.warn(
                f"note: an `invoke {found.command} {team}` was killed; what undoes it is kept\n"
                f"  fix:      invoke remove-team {team}"
            )
        jobs: dict[str, parallel.Work] = {
            name(item.path): partial(remove_state, kept)
            if item.path == STATE
            else partial(remove, item.path)
            for item in items
        }
        parallel.require(parallel.run("removing", jobs))


def candidates(*, with_home: bool) -> list[tuple[Path, str]]:
    """What can be removed, and its kind; last the tools' environment, in which this runs."""
    tracked = {folder for file in git.tracked_files() for folder in file.parents}
    found = [
        *in_checkout(),
        *((path, "sockets") for path in session.find_socket_folders(stale=True)),
    ]
    if with_home and home.DEFAULT.exists():
        found.append((home.DEFAULT, "DAGSTER_HOME"))
    kept = [(path, kind) for path, kind in found if path not in tracked]
    return sorted(kept, key=lambda one: (one[0] == TOOLS, one[1], one[0]))


def in_checkout() -> Iterator[tuple[Path, str]]:
    """What this kit and its tools have generated below the root, by name."""
    for directory, folders, files in os.walk(ROOT):
        folder = Path(directory)
        if folder != ROOT and ".git" in (*folders, *files):  # another checkout
            folders.clear()
            continue
        for entry in sorted(folders):
            kind = kind_of(folder / entry)
            if kind:
                yield folder / entry, kind
            if kind or entry in NEVER_ENTERED or (folder / entry) == home.DEFAULT:
                folders.remove(entry)


def kind_of(folder: Path) -> str | None:
    """The kind of a folder, by its name and path; None if it is not to be removed."""
    if folder == STATE and not set(STATE.iterdir()) - {journal.JOURNAL, running.FOLDER}:
        return None
    if folder.parent == ROOT and folder.name in TOP_LEVEL:
        return TOP_LEVEL[folder.name]
    if folder.name in CACHES or folder.name.endswith(".egg-info"):
        return "caches"
    made = (folder / "pyvenv.cfg").exists() or (folder / "bin").exists()
    return "environment" if folder.name.startswith(ENVIRONMENT) and made else None


def require_idle() -> None:
    """Require that nothing uses what is about to be removed.

    Raises:
        DevkitError: if a command runs in this checkout, or an `invoke dev` on its DAGSTER_HOME.
    """
    platform = session.current(home.locate()) or session.current(home.DEFAULT)
    if platform and platform != session.STARTING:
        raise DevkitError(
            f"`invoke dev` is running here: pid {platform.pid}, {platform.url}; "
            "nothing was removed",
            fix=f"stop it (`kill {platform.pid}`), then `invoke clean --yes`",
        )
    if others := running.others():
        names = ", ".join(f"`{command}` (pid {pid})" for pid, command in others.items())
        raise DevkitError(
            f"running here: {names}; nothing was removed",
            fix="wait for it or stop it, then `invoke clean --yes`",
        )
    if platform or session.find_socket_folders(stale=False):
        raise DevkitError(
            "`invoke dev` is starting or stopping here; nothing was removed",
            fix="stop it (Ctrl-C in its terminal), then `invoke clean --yes`",
        )


def measure(path: Path, kind: str) -> Item:
    """Measure a folder; a file with several links in it counts once."""
    seen: dict[tuple[int, int], os.stat_result] = {}
    for directory, _, files in os.walk(path):
        for file in files:
            state = Path(directory, file).lstat()
            seen[state.st_dev, state.st_ino] = state
    return Item(
        path,
        kind,
        size=sum(state.st_size for state in seen.values()),
        reclaimable=sum(state.st_size for state in seen.values() if state.st_nlink == 1),
    )


def remove(path: Path) -> str:
    """Remove a folder and its content; if it is a link, only the link.

    Raises:
        DevkitError: if the system refuses.
    """

    def waiting() -> None:
        output.warn(f"waiting: another process builds {name(path)} ...")

    try:
        # The lock's empty file stays. Otherwise a process that waits for it and the owner of a new
        # one would build at the same time.
        lock = Path(f"{path}.lock")
        with filelocks.hold(lock, waiting) if lock.exists() else nullcontext():
            if path.is_symlink():
                path.unlink()
            else:
                shutil.rmtree(path)
    except OSError as error:
        raise DevkitError(f"{path} can't be removed: {error.strerror}") from None
    return "removed"


def remove_state(kept: Collection[Path]) -> str:
    """Remove what is in the folder of the kit's state, except for some of it."""
    for path in sorted(set(STATE.iterdir()) - set(kept)):
        if path.is_file():
            path.unlink()
        else:
            remove(path)
    return "removed"


def name(path: Path) -> str:
    """A path as a person would type it in the repository's root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
