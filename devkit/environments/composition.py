"""What a location is made of: its sources, libraries, further inputs, project and locks.

Whatever depends on that goes by this one value: the manifest cache, what is watched and reloaded,
`affected`, isolation, builds. The locks and the environment depend on its project.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devkit.core import pyproject
from devkit.environments import imports, uv_settings
from devkit.environments.project import Project, declared, team_project
from devkit.registry.team import Team


@dataclass(frozen=True)
class Composition:
    """What a team's location is made of; paths are absolute.

    `plain` are folders and files of the repository that its code imports or that the project
    declares, without a project of their own, each with the folder that it is imported from.
    """

    team: Team
    project: Project
    plain: dict[Path, Path]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The location's own code."""
        return self.team.sources

    @cached_property
    def libraries(self) -> tuple[Path, ...]:
        """The folders of the libraries that are projects: they are installed."""
        return self.project.libraries

    @cached_property
    def inputs(self) -> tuple[Path, ...]:
        """Further files and folders that the location declares to read."""
        patterns = self.team.declared.get("inputs", ())
        return tuple(sorted({path for each in patterns for path in self.team.root.glob(each)}))

    @property
    def code(self) -> tuple[Path, ...]:
        """Where a save makes the location reload: its sources, libraries and inputs."""
        packages = [path for library in self.libraries for path in packages_of(library)]
        return tuple(dict.fromkeys([*self.sources, *self.plain, *packages, *self.inputs]))

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders and files of the location: its project, sources, tests and inputs.

        Locations of one project share its folder; what is deeper in it may be one's alone.
        """
        team = self.team
        every = (*team.folders, *self.sources, *self.environment, *team.tests, *self.inputs)
        return tuple(dict.fromkeys(every))

    @property
    def used(self) -> tuple[Path, ...]:
        """The folders and files of its libraries."""
        return (*self.libraries, *self.plain)

    @property
    def environment(self) -> tuple[Path, ...]:
        """The files that define its packages and its variables."""
        project = self.project
        names = (pyproject.FILE, uv_settings.FILE, "setup.py", "setup.cfg")
        each = (folder / name for folder in (project.directory, *self.libraries) for name in names)
        return (*project.locks, self.team.env_file, *each)


def of(team: Team) -> Composition:
    """What a team's location is made of. Raises nothing: see `Project.libraries`."""
    project = team_project(team)
    roots = list(dict.fromkeys([team.import_root, team.on_path]))
    plain = {
        path: next((root for root in (*roots, team.root) if root in path.parents), path.parent)
        for path in declared(team)
        if not pyproject.is_project(path)
    }
    apart = [*team.neighbors, team.directory]
    plain |= imports.reached([*team.sources, *plain], roots, apart)
    inside = [folder for folder in project.libraries if folder != team.root]
    return Composition(
        team,
        project,
        {
            path: root
            for path, root in plain.items()
            if not any(path.is_relative_to(library) for library in inside)
        },
    )


def packages_of(library: Path) -> Iterator[Path]:
    """The folders and files of a library that may have code in them."""
    if not library.is_dir():
        return
    for path in library.iterdir():
        name = path.name
        tests = name == "tests" or name.endswith("_tests")
        hidden = name.startswith(".") or name in imports.SKIPPED
        if not tests and not hidden and (path.is_dir() or path.suffix == ".py"):
            yield path


def outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths that are in none of the others, sorted."""
    every = sorted(set(paths))
    return [path for path in every if not any(path != one and one in path.parents for one in every)]
