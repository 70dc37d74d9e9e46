"""A team: a code location of the registry, and where its code, project and environment are."""

import enum
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import DIST, ROOT
from devkit.kit import record
from devkit.registry import layout

SUFFIX = "_project"
TABLE = "dagteam"  # [tool.dagteam], with what is not in its usual place
LOCATIONS = "locations"  # a table in it for each of several locations of one project


class Kind(enum.StrEnum):
    """How Dagster finds a location's code: the kinds of `workspace.yaml` that run here."""

    MODULE = "python_module"
    PACKAGE = "python_package"
    FILE = "python_file"
    AUTOLOAD = "autoload_defs_module"


@dataclass(frozen=True)
class Team:
    """One entry of the registry: a code location and its project.

    `module` is what Dagster loads, as the entry has it: a dotted name or, for `Kind.FILE`, a path
    relative to the root. `directory` is the project's folder, with pyproject.toml, locks and
    environment. `working_directory` is where the code is loaded and runs; None means in the
    project's folder. `neighbors` are the files that other locations are loaded from, `root` is the
    repository's.

    Paths are absolute. `python` is not resolved: the interpreter of an environment is a link, and
    only the link belongs to the environment. `line` is the entry's line in the file. Line,
    neighbors and root are ignored when teams are compared.
    """

    location: str
    module: str
    directory: Path
    python: Path
    line: int = field(compare=False)
    kind: Kind = Kind.MODULE
    attribute: str | None = None
    working_directory: Path | None = None
    neighbors: tuple[Path, ...] = field(default=(), compare=False, repr=False)
    root: Path = field(default=ROOT, compare=False, repr=False)

    @cached_property
    def name(self) -> str:
        """The short name: `ml` for the location `ml_project`, or the declared `slug`."""
        return str(self.declared.get("slug") or default_name(self.location))

    @property
    def identifier(self) -> str:
        """The location if it is a word, otherwise the short name: for files, services, images."""
        return self.location if re.fullmatch(r"\w+", self.location, re.ASCII) else self.name

    @property
    def folder(self) -> str:
        """The project's folder below the root, separated by `/` as in Git."""
        return self.folder_below(ROOT)

    def folder_below(self, root: Path) -> str:
        """The project's folder in the repository at `root`, separated by `/` as in Git."""
        return Path(os.path.relpath(self.directory, root)).as_posix()

    @property
    def on_path(self) -> Path:
        """The folder that Dagster puts on Python's path: the entry's working directory."""
        return self.working_directory or self.directory

    @cached_property
    def cwd(self) -> Path:
        """The folder where the code is loaded and runs.

        In a repository that was there before the kit, where it ran: usually in the root, since
        Dagster runs all code where it is started. Otherwise in the entry's working directory.
        """
        if declared := self.declared.get("runs-in"):
            return self.root / str(declared)
        before = record.read(self.root)
        return self.root / before.runs_in.get(self.location, "") if before else self.on_path

    @property
    def tested_in(self) -> Path:
        """The folder where pytest runs: the project's, if it has tests, otherwise as the code."""
        own = all(path.is_relative_to(self.directory) for path in self.tests)
        return self.directory if own and self.directory != self.root else self.cwd

    @cached_property
    def declared(self) -> Mapping[str, Any]:
        """What the project's `[tool.dagteam]` says about this location.

        Empty if the pyproject.toml can't be read: whoever needs the rest of it says so.
        """
        if not (self.directory / pyproject.FILE).exists():
            return {}
        try:
            found = pyproject.read(self.directory).tool(TABLE)
        except DevkitError:
            return {}
        return {**found, **found.get(LOCATIONS, {}).get(self.location, {})}

    def paths(self, name: str) -> tuple[Path, ...] | None:
        """The declared paths of a field, which are relative to the root; None if it is missing."""
        found = self.declared.get(name)
        return None if found is None else tuple(self.root / path for path in found)

    @cached_property
    def import_root(self) -> Path:
        """The folder that the code is imported from."""
        if declared := self.declared.get("import-root"):
            return self.root / str(declared)
        if self.kind is Kind.FILE:
            return self.on_path
        return layout.import_root(self.module, self.on_path, self.directory)

    @cached_property
    def target(self) -> Path:
        """The file or package that Dagster loads."""
        if self.kind is Kind.FILE:
            return self.root / self.module
        return layout.target(self.import_root, self.module)

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """The folders with the location's own code, or single files."""
        declared = self.paths("sources")
        return declared or layout.sources(self.import_root, self.target, self.neighbors)

    @property
    def deployed(self) -> str:
        """What is loaded in a deployment: a module as it is, a file below its import root."""
        if self.kind is not Kind.FILE:
            return self.module
        inside = self.target.is_relative_to(self.import_root)
        return self.target.relative_to(self.import_root).as_posix() if inside else self.target.name

    @property
    def package(self) -> str:
        """The top-level package or module of the code."""
        return Path(self.module).stem if self.kind is Kind.FILE else self.module.partition(".")[0]

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The dotted names of the sources: what other teams must not import."""
        inside = [path for path in self.sources if path.is_relative_to(self.import_root)]
        names = [path.relative_to(self.import_root).with_suffix("").parts for path in inside]
        return tuple(".".join(parts) for parts in names if parts)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of its project and where it runs, which it may share; never the root."""
        return tuple(
            one for one in dict.fromkeys([self.directory, self.on_path]) if one != self.root
        )

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders and files that are this location's alone: its code, and around it."""
        alone = [
            folder
            for folder in self.folders
            if not any(path.is_relative_to(folder) for path in self.neighbors)
        ]
        return (
            *alone,
            *(path for path in self.sources if not any(map(path.is_relative_to, alone))),
        )

    @cached_property
    def tests(self) -> tuple[Path, ...]:
        """The files and folders that pytest is given."""
        return self.paths("tests") or layout.tests(self.directory, self.on_path, self.package)

    @property
    def has_utils(self) -> bool:
        """Whether the project has the repository's utils, if there is one."""
        return self.declared.get("utils") is not False

    @property
    def dist(self) -> Path:
        """The folder that is deployed."""
        return DIST / self.identifier

    @property
    def environment(self) -> Path:
        """The folder of the team's virtual environment."""
        return self.python.parent.parent

    @property
    def env_file(self) -> Path:
        """The file with the team's secrets and settings, for its own processes only."""
        return self.directory / ".env"

    def moved(self, place: Callable[[Path], Path], *, environment: bool = True) -> "Team":
        """The same team in other files: `place` gives the new path of each.

        Without `environment`, its environment stays where it is.
        """
        return replace(
            self,
            directory=place(self.directory),
            python=place(self.python) if environment else self.python,
            working_directory=place(self.working_directory) if self.working_directory else None,
            neighbors=tuple(map(place, self.neighbors)),
            root=place(self.root),
        )

    def deployed_in(self, folder: Path, python: Path) -> "Team":
        """The same team in a copy of its folder in dist/, with another interpreter."""
        return replace(
            self,
            module=self.deployed,
            directory=folder,
            python=python,
            working_directory=None,
            neighbors=(),
            root=folder,
        )


def default_name(location: str) -> str:
    """The short name of a location: without `_project`, and with `_` for what no name may have."""
    return re.sub(r"\W+", "_", location.removesuffix(SUFFIX), flags=re.ASCII).strip("_")
