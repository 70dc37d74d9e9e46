"""`invoke clean`: what can be made again, how large it is, and its removal.

Only what this kit and its tools make, by name, in this checkout: nothing that git tracks, and
nothing in another checkout that lies inside this one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devkit import claims, home, output, parallel, processes
from devkit.bootstrap import ROOT, TOOLS, clean_environment
from devkit.errors import DevkitError

ENVIRONMENT = ".venv"
CACHES = {".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
AT_THE_TOP = {"dist": "what was built", ".dagteam": "caches"}
NEVER_ENTERED = {".git", "node_modules"}


@dataclass(frozen=True)
class Item:
    """Something to remove: what it is, and how many bytes its files have.

    `alone` are the bytes that are nowhere else: of an environment most are links into uv's
    cache, and removing a link frees nothing.
    """

    path: Path
    kind: str
    size: int
    alone: int


def clean(*, yes: bool = False, with_home: bool = False) -> None:
    """Tell what would be removed, or remove it; `with_home` also DAGSTER_HOME in the checkout.

    Raises:
        DevkitError: if an `invoke dev` runs here, git does not answer, or something can't be
            removed: the rest is.
    """
    items = [measured(path, kind) for path, kind in candidates(with_home=with_home)]
    if not items:
        output.say("there is nothing to remove")
        return
    output.table(
        ("what", "where", "MB"),
        [(one.kind, name(one.path), f"{one.size / 1e6:.1f}") for one in items],
    )
    size, alone = (sum(values) for values in zip(*((i.size, i.alone) for i in items), strict=True))
    output.say(f"{size / 1e6:.0f} MB: {alone / 1e6:.0f} become free, the rest is in uv's cache too")
    if not with_home and home.DEFAULT.exists():
        output.say(f"{name(home.DEFAULT)} holds runs: it stays, unless --home says so")
    if not yes:
        output.say("nothing was removed: `invoke clean --yes` does")
        return
    require_idle()
    units = {name(one.path): partial(remove, one.path) for one in items}
    parallel.require(parallel.run("removing", units))


def candidates(*, with_home: bool) -> list[tuple[Path, str]]:
    """What can be removed, and what it is: the tools' environment last, which this runs in."""
    tracked = {folder for file in tracked_files() for folder in file.parents}
    found = [*in_checkout(), *((path, "sockets") for path in claims.socket_folders(abandoned=True))]
    if with_home and home.DEFAULT.exists():
        found.append((home.DEFAULT, "DAGSTER_HOME"))
    kept = [(path, kind) for path, kind in found if path not in tracked]
    return sorted(kept, key=lambda one: (one[0] == TOOLS, one[1], one[0]))


def in_checkout() -> Iterator[tuple[Path, str]]:
    """What this kit and its tools have made below the root, by name."""
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
    """What a folder is by its name and place; None if it is not to be removed."""
    if folder.parent == ROOT and folder.name in AT_THE_TOP:
        return AT_THE_TOP[folder.name]
    if folder.name in CACHES or folder.name.endswith(".egg-info"):
        return "caches"
    made = (folder / "pyvenv.cfg").exists() or (folder / "bin").exists()
    return "environment" if folder.name.startswith(ENVIRONMENT) and made else None


def tracked_files() -> set[Path]:
    """Every file that git tracks; none where there is no checkout, an archive say.

    Raises:
        DevkitError: if there is one and git does not answer.
    """
    if not (ROOT / ".git").exists():
        return set()
    env = {**clean_environment(), "GIT_OPTIONAL_LOCKS": "0"}
    try:
        listed = processes.run(("git", "ls-files", "--cached", "-z"), cwd=ROOT, env=env)
    except FileNotFoundError:
        raise DevkitError(
            "git is not installed, and only git knows what it tracks", mend="invoke doctor"
        ) from None
    if listed.code:
        raise DevkitError(f"git does not answer: {listed.errors.strip()}", mend="invoke doctor")
    return {ROOT / name for name in listed.output.split("\0") if name}


def require_idle() -> None:
    """Hold that nothing runs on what is about to be removed.

    Raises:
        DevkitError: if an `invoke dev` of this checkout runs, or one on its DAGSTER_HOME.
    """
    holder = claims.holder(home.locate()) or claims.holder(home.DEFAULT)
    if holder or claims.socket_folders(abandoned=False):
        who = f": pid {holder.pid}, {holder.url}" if holder else ""
        raise DevkitError(
            f"`invoke dev` runs here{who}; nothing was removed",
            mend=f"stop it{f' (`kill {holder.pid}`)' if holder else ''}, then `invoke clean --yes`",
        )


def measured(path: Path, kind: str) -> Item:
    """How large it is: each file once, however many links to it there are."""
    seen: dict[tuple[int, int], os.stat_result] = {}
    for directory, _, files in os.walk(path):
        for file in files:
            state = Path(directory, file).lstat()
            seen[state.st_dev, state.st_ino] = state
    return Item(
        path,
        kind,
        size=sum(state.st_size for state in seen.values()),
        alone=sum(state.st_size for state in seen.values() if state.st_nlink == 1),
    )


def remove(path: Path) -> str:
    """Remove a folder with all that is in it; of a link only the link.

    Raises:
        DevkitError: if this user may not.
    """
    try:
        with undisturbed(path):
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
    except OSError as error:
        raise DevkitError(f"{path} can't be removed: {error.strerror}") from None
    return "removed"


@contextmanager
def undisturbed(path: Path) -> Iterator[None]:
    """Wait until nobody builds the environment at this path; nothing for what is none.

    The empty file of the lock stays: whoever waits for it would go on beside a new one's owner.
    """
    file = Path(f"{path}.lock")
    with file.open("w") if file.exists() else nullcontext() as lock:
        if lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def name(path: Path) -> str:
    """A path as a person would type it in the root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
