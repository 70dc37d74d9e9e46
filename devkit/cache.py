"""Manifests, kept under a hash of all that can change them.

A team's definitions depend on its files, utils, its environment, its entry in the registry
and the probe; while none of these changes, neither does its manifest, and no interpreter is
started. What else a team's code may look at when it is loaded (variables of the shell, the
clock, a network) is not in the hash: `invoke check --no-cache` loads everything.

Only manifests are kept: what does not load is tried again every time.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from devkit import manifest, output, parallel, probe
from devkit.bootstrap import ROOT
from devkit.environments import SHARED
from devkit.installed import distributions
from devkit.manifest import Manifest
from devkit.probe import Failure
from devkit.workspace import Team

FOLDER = ROOT / ".dagteam" / "manifests"
KEPT = 8  # for each team: a few branches

# Of a larger file, size and time of change stand for what is in it.
LARGEST_READ_BYTES = 1 << 20


def digest(team: Team, shared: bytes | None = None) -> str:
    """SHA-256 of what can change a team's manifest, without a path of the machine.

    `shared` is utils' part of it, if it is known.
    """
    told = hashlib.sha256()
    for file in probe.PARTS:
        told.update(file.read_bytes())
    entry = (team.location, team.module, _relative(team.directory), _relative(team.python))
    config = team.environment / "pyvenv.cfg"
    told.update(json.dumps(entry).encode())
    told.update(config.read_bytes() if config.exists() else b"-")
    told.update(json.dumps(sorted(distributions(team.environment).items())).encode())
    told.update(_tree(team.directory))
    told.update(_tree(SHARED) if shared is None else shared)
    return told.hexdigest()


def digests(teams: Iterable[Team]) -> dict[str, str]:
    """The digest of each team, by its short name; utils is looked at once for all."""
    shared = _tree(SHARED)
    return {team.name: digest(team, shared) for team in teams}


def recall(team: Team, wanted: str) -> Manifest | None:
    """The manifest that is kept under this digest, if there is one and it can be read."""
    with suppress(FileNotFoundError, json.JSONDecodeError, KeyError):
        file = _place(team, wanted)
        found = manifest.parse(team, json.loads(file.read_text()))
        os.utime(file)  # the ones that are used are kept
        return found
    return None


def load(team: Team, wanted: str) -> Manifest | Failure:
    """Load a team's definitions, and keep the manifest under this digest.

    If a file was saved in between, nobody knows which state was loaded, and nothing is kept.
    Where nothing can be written, that is said, and the result is as good.
    """
    found = probe.load(team)
    if isinstance(found, Manifest) and digest(team) == wanted:
        try:
            _keep(found, _place(team, wanted))
        except OSError as error:
            output.complain(f"note: the next check will load {team.name} again: {error}")
    return found


def load_all(teams: Sequence[Team]) -> list[Manifest | Failure]:
    """Every team's manifest, in order and in silence: kept ones, else loaded side by side."""
    wanted = digests(teams)

    def one(team: Team) -> Manifest | Failure:
        return recall(team, wanted[team.name]) or load(team, wanted[team.name])

    return parallel.gather(one, teams)


def forget(team: Team) -> None:
    """Delete the manifests that are kept of a team that is gone."""
    for file in _kept(team):
        file.unlink(missing_ok=True)


def _keep(found: Manifest, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(found.raw))
    fresh.replace(place)
    _prune(found.team)


def _place(team: Team, wanted: str) -> Path:
    return FOLDER / f"{team.location}-{wanted[:32]}.json"


def _prune(team: Team) -> None:
    """Delete those of the team's manifests that were not used for longest."""
    for file in sorted(_kept(team), key=lambda file: file.stat().st_mtime)[:-KEPT]:
        file.unlink(missing_ok=True)


def _kept(team: Team) -> list[Path]:
    found = FOLDER.glob(f"{team.location}-*.json")
    return [file for file in found if file.stem[:-33] == team.location]


def _tree(folder: Path) -> bytes:
    """SHA-256 of the names and contents of a folder's files."""
    told = hashlib.sha256()
    for file in _files(folder):
        told.update(f"\0{file.relative_to(folder).as_posix()}\0".encode())
        told.update(_content(file))
    return told.digest()


def _files(folder: Path) -> Iterator[Path]:
    """A folder's files in order, without environments and what tools leave."""
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_left_over(name))
        yield from (Path(directory, name) for name in sorted(files) if not name.startswith(".venv"))


def _is_left_over(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith(".egg-info")


def _content(file: Path) -> bytes:
    try:
        state = file.stat()
        if state.st_size > LARGEST_READ_BYTES:
            return f"{state.st_size} {state.st_mtime_ns}".encode()
        return hashlib.sha256(file.read_bytes()).digest()
    except FileNotFoundError:  # a link to nothing
        return b"-"


def _relative(path: Path) -> str:
    return os.path.relpath(path, ROOT)
