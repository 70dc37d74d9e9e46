"""Caches manifests under a digest of everything that they depend on.

A manifest depends on the team's files, its libraries, its environment, its entry in the registry
and the probe. If none of these has changed, no interpreter is started. The digest does not cover
what else a team's code may read when it is loaded (the shell's variables, the clock, a network):
`invoke check --no-cache` loads everything.

Only manifests are cached: a team that does not load is loaded again every time. If the cache can't
be read or written (it is another user's, or the checkout is read-only), teams are loaded as well.
"""

import functools
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from devkit.core import output, parallel
from devkit.core.export import WORK_TREE, Files
from devkit.core.files import replace_text
from devkit.core.paths import ROOT, STATE
from devkit.definitions import loading, manifest, relocated
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.environments import composition
from devkit.environments.installed import distributions
from devkit.registry.team import Team

FOLDER = STATE / "manifests"
MAX_PER_TEAM = 8  # enough for a few branches

# A large file, and every file after so many bytes of a folder, is hashed by size and modification
# time instead of being read.
LARGEST_READ_BYTES = 1 << 20
MOST_READ_BYTES = 64 << 20
GENERATED = {"__pycache__", "node_modules"}
# Listing more files takes longer than loading the definitions, so these are not cached.
MAX_FILES = 50_000


def digest(
    team: Team, tree: Callable[[Path], bytes] | None = None, files: Files = WORK_TREE
) -> str:
    """SHA-256 of everything that a team's manifest depends on, among these files.

    `tree` gives the digest of a folder or file; without it, each is computed. Equal files in
    another folder have the same digest.
    """
    hashed = hashlib.sha256()
    for file in loading.PARTS:
        hashed.update(file.read_bytes())
    folders = (team.directory, team.python, team.on_path, team.cwd, team.import_root)
    entry = (team.location, team.kind, team.module, team.attribute, *map(_relative, folders))
    config = team.environment / "pyvenv.cfg"
    hashed.update(json.dumps(entry).encode())
    hashed.update(config.read_bytes() if config.exists() else b"-")
    hashed.update(json.dumps(sorted(distributions(team.environment).items())).encode())
    made_of = composition.of(team)
    for path in composition.outermost([*made_of.own, *made_of.used]):
        if (there := files.path(path)).exists():
            hashed.update(_relative(path).encode() + (tree or _tree)(there))
    return hashed.hexdigest()


def digests(teams: Iterable[Team], files: Files = WORK_TREE) -> dict[str, str]:
    """The digest of each team by its short name; reads each folder only once."""
    tree = functools.cache(_tree)
    return {team.name: digest(team, tree, files) for team in teams}


def get(team: Team, key: str) -> Manifest | None:
    """The manifest that is cached under a digest; None if there is none or it can't be read."""
    file = _path(team, key)
    try:
        found = manifest.parse(team, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        return None
    with suppress(OSError):  # another user's
        os.utime(file)  # `_prune` deletes the least recently used
    return found


def load(
    team: Team,
    key: str,
    timeout: float | None = None,
    files: Files = WORK_TREE,
) -> Manifest | Failure:
    """Load a team's definitions, and cache the manifest under a digest.

    `timeout` is as in `loading.load`. Caches nothing if a file was saved meanwhile, since it is
    unknown which state was loaded. If the cache can't be written, prints a note.
    """
    found = relocated.load(team, files, timeout)
    if isinstance(found, Manifest) and digest(team, files=files) == key:
        try:
            _store(found, _path(team, key))
        except OSError as error:
            output.warn(f"note: the next check will load {team.name} again: {error}")
    return found


def load_all(teams: Sequence[Team], files: Files = WORK_TREE) -> list[Manifest | Failure]:
    """Every team's manifest, in order: cached, or loaded side by side. Prints no progress."""
    keys = digests(teams, files)

    def one(team: Team) -> Manifest | Failure:
        key = keys[team.name]
        return get(team, key) or load(team, key, files=files)

    return parallel.gather(one, teams)


def clear(team: Team) -> None:
    """Delete the cached manifests of a team, as far as this user may."""
    for file in _cached(team):
        with suppress(OSError):
            file.unlink()


def _store(found: Manifest, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, json.dumps(found.raw))
    _prune(found.team)


def _path(team: Team, key: str) -> Path:
    return FOLDER / f"{team.identifier}-{key[:32]}.json"


def _prune(team: Team) -> None:
    """Delete the team's least recently used manifests."""
    with suppress(OSError):  # another user's, or another process deletes them
        for file in sorted(_cached(team), key=lambda file: file.stat().st_mtime)[:-MAX_PER_TEAM]:
            file.unlink()


def _cached(team: Team) -> list[Path]:
    found = FOLDER.glob(f"{team.identifier}-*.json")
    return [file for file in found if file.stem[:-33] == team.identifier]


def _tree(folder: Path) -> bytes:
    """SHA-256 of the names and contents of a folder's files; random if there are too many.

    Of a file, that of its content.
    """
    hashed = hashlib.sha256()
    unread = MOST_READ_BYTES
    for number, file in enumerate(_files(folder)):
        if number == MAX_FILES:
            return os.urandom(hashed.digest_size)
        hashed.update(b"\0" + os.fsencode(file.relative_to(folder)) + b"\0")
        content, read = _content(file, min(unread, LARGEST_READ_BYTES))
        hashed.update(content)
        unread -= read
    return hashed.digest()


def _files(folder: Path) -> Iterator[Path]:
    """A folder's files in order, without environments and files that tools generate.

    Includes what links lead to, each folder once: links may form a circle.
    """
    if not folder.is_dir():
        yield folder
        return
    linked = {folder.resolve()}
    for directory, folders, files in os.walk(folder, followlinks=True):
        here = Path(directory)
        folders[:] = sorted(name for name in folders if not _is_generated(here / name))
        for link in [here / name for name in folders if (here / name).is_symlink()]:
            if link.resolve() in linked:
                folders.remove(link.name)
            linked.add(link.resolve())
        yield from (here / name for name in sorted(files) if not name.startswith(".venv"))


def _is_generated(folder: Path) -> bool:
    """Whether a folder is hidden, an environment, or made by a tool."""
    named = folder.name.startswith(".") or folder.name.endswith(".egg-info")
    return named or folder.name in GENERATED or (folder / "pyvenv.cfg").exists()


def _content(file: Path, limit: int) -> tuple[bytes, int]:
    """A digest of a file's content, and how many bytes were read for it.

    Reads only files up to `limit` bytes, and no pipes, sockets and devices, which may never end.
    """
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            return f"{stat.S_IFMT(state.st_mode)}".encode(), 0
        if state.st_size > limit:
            return f"{state.st_size} {state.st_mtime_ns}".encode(), 0
        text = file.read_bytes() if state.st_size else b""  # the kernel's own files have no size
        return hashlib.sha256(text).digest(), state.st_size
    except OSError as error:  # a dangling link, or another user's file
        return f"-{error.errno}".encode(), 0


def _relative(path: Path) -> str:
    return os.path.relpath(path, ROOT)
