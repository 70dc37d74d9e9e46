"""Projects: the folders whose pyproject.toml is locked, and what belongs in each lock."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core import pyproject
from devkit.core.paths import DEPLOYED_LOCK, KIT, LOCAL_LOCK, ORCHESTRATOR, ROOT, SHARED, TOOLS_LOCK
from devkit.environments import libraries
from devkit.environments.libraries import Libraries
from devkit.registry.workspace import Team, select

TOOLS_NAME = "tools"
ORCHESTRATOR_NAME = "orchestrator"
DEV, DEPLOY = "dev", "deploy"  # the dependency groups of a local environment and a deployment


@dataclass(frozen=True)
class Project:
    """A folder whose pyproject.toml is locked: a team's, the orchestrator's or the tools'.

    `local` is the lock of the local environment, `deployed` that of the deployment; the tools have
    none. `dev_groups` are the dependency groups of the local environment and `deploy_groups` those
    of the deployment, as uv's `--group` takes them. `shared` means that it has utils, whether it
    lists it or not.
    """

    name: str
    directory: Path
    local: Path
    deployed: Path | None = None
    dev_groups: tuple[str, ...] = ()
    deploy_groups: tuple[str, ...] = ()
    shared: bool = False

    @property
    def pyproject(self) -> pyproject.Pyproject:
        """Its parsed pyproject.toml.

        Raises:
            DevkitError: as `pyproject.read`.
        """
        return pyproject.read(self.directory)

    @property
    def libraries(self) -> tuple[Path, ...]:
        """The folders of this repository that it depends on, utils among them; sorted.

        Raises nothing: see `libraries.find`.
        """
        return self.local_sources.folders

    @property
    def deployed_libraries(self) -> tuple[Path, ...]:
        """Those of `libraries` that are deployed with it."""
        return libraries.find(self.directory, also=self._always).folders

    @property
    def local_sources(self) -> Libraries:
        """Its libraries, and what is wrong with the sources that name none."""
        return libraries.find(self.directory, [DEV] if self.dev_groups else [], self._always)

    @property
    def editable(self) -> tuple[Path, ...]:
        """The folders that the local environment has in editable form."""
        own = (self.directory,) if self.shared else ()
        return tuple(sorted({*own, *self.libraries}))

    @property
    def locks(self) -> tuple[Path, ...]:
        """Its lock files."""
        return (self.local, self.deployed) if self.deployed else (self.local,)

    @property
    def _always(self) -> tuple[Path, ...]:
        return (SHARED,) if self.shared else ()


def all_projects(teams: Iterable[Team]) -> list[Project]:
    """Every project: the tools, the orchestrator and the teams."""
    return [tools_project(), orchestrator_project(), *map(team_project, teams)]


def tools_project() -> Project:
    """The project of the kit's own tools."""
    return Project(TOOLS_NAME, KIT, TOOLS_LOCK)


def orchestrator_project() -> Project:
    """The project of webserver and daemon."""
    return Project(
        ORCHESTRATOR_NAME,
        ORCHESTRATOR,
        ORCHESTRATOR / LOCAL_LOCK,
        ORCHESTRATOR / DEPLOYED_LOCK,
        deploy_groups=(_group(ORCHESTRATOR, DEPLOY),),
    )


def team_project(team: Team) -> Project:
    """The project of one team."""
    folder = team.directory
    return Project(
        team.name,
        folder,
        folder / LOCAL_LOCK,
        folder / DEPLOYED_LOCK,
        dev_groups=(_group(folder, DEV),),
        deploy_groups=(_group(SHARED, DEPLOY),),
        shared=True,
    )


def select_projects(teams: Sequence[Team], names: Iterable[str]) -> list[Project]:
    """The projects of these names (teams, `orchestrator`, `tools`); all of them for no name.

    Raises:
        DevkitError: for an unknown name, with the closest one.
    """
    every = all_projects(teams)
    wanted = {part.strip() for name in names for part in name.split(",") if part.strip()}
    others = {TOOLS_NAME, ORCHESTRATOR_NAME}
    if not wanted:
        return every
    chosen = select(teams, wanted - others, also=sorted(others)) if wanted - others else ()
    keep = {team.name for team in chosen} | (wanted & others)
    return [project for project in every if project.name in keep]


def _group(folder: Path, name: str) -> str:
    """A dependency group of a folder's project, as uv's `--group` takes it."""
    return f"{os.path.relpath(folder, ROOT)}/{pyproject.FILE}:{name}"
