"""What a location's code and environment are made of: which saved file means what to it."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import watchfiles

from devkit.dev.states import ChangeKind
from devkit.environments import composition
from devkit.registry.team import Team

SKIPPED = {"__pycache__", "node_modules", "site-packages"}


@dataclass(frozen=True)
class Sources:
    """The folders with a location's code and data, and the single files that it depends on.

    Those in `environment` define its packages and its variables. The others are targets of links.
    """

    folders: frozenset[Path]
    files: frozenset[Path]
    environment: frozenset[Path]


class Filter(watchfiles.DefaultFilter):
    """Accepts code and data in these folders, not the files of editors and tools.

    Where the checkout itself is does not matter: only the path inside a folder is looked at.
    """

    ignore_dirs = ()
    ignore_entity_patterns = (
        r"\.py[cod]$",
        r"^\.",
        r"~$",
        r"^#.*#$",
        r"^4913$",  # vim creates it to test whether the folder is writable
        r"\.(swp|swx|tmp|bak|orig)$",
        r"___jb_(tmp|old)___$",
    )

    def __init__(self, folders: Collection[Path]) -> None:
        super().__init__()
        self._folders = folders

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        """Whether a change of this path counts."""
        inside = [Path(path).relative_to(f) for f in self._folders if Path(path).is_relative_to(f)]
        return any(
            super(Filter, self).__call__(change, str(relative))
            and not any(_is_skipped(part) for part in relative.parts)
            for relative in inside
        )


def only(
    files: Collection[Path], folders: Collection[Path]
) -> Callable[[watchfiles.Change, str], bool]:
    """A filter that accepts changes of these files, and that these folders come or go."""
    return lambda change, path: (
        Path(path) in files or (change != watchfiles.Change.modified and Path(path) in folders)
    )


def any_folder(paths: Iterable[str]) -> bool:
    """Whether one of these is a folder."""
    return any(Path(path).is_dir() for path in paths)


def of(team: Team) -> Sources:
    """What a team's location is made of."""
    made_of = composition.of(team)
    own = frozenset(made_of.environment)
    files = {*own, *(path for path in made_of.code if path.is_file())}
    folders = {path for path in made_of.code if path not in files}
    for folder in tuple(folders):
        for link in _links(folder):
            target = link.resolve()
            (folders if target.is_dir() else files).add(target)
    return Sources(frozenset(folders), frozenset(files), own)


def affected_locations(path: Path, sources: Mapping[str, Sources]) -> dict[str, ChangeKind]:
    """The locations that a saved file affects, and how; `sources` are those of each location.

    The registry affects none by itself.
    """
    affected = {}
    for location, own in sources.items():
        if path in own.environment:
            affected[location] = ChangeKind.ENVIRONMENT
        elif path in own.files or any(path.is_relative_to(one) for one in own.folders):
            affected[location] = ChangeKind.CODE
    return affected


def _links(folder: Path) -> Iterator[Path]:
    """The links in a folder to what is outside of it: its changes are reported elsewhere."""
    for parent, directories, files in os.walk(folder):
        directories[:] = [name for name in directories if not _is_skipped(name)]
        for link in (Path(parent, name) for name in (*directories, *files)):
            if link.is_symlink() and not link.resolve().is_relative_to(folder):
                yield link


def _is_skipped(part: str) -> bool:
    return part.startswith(".") or part in SKIPPED
