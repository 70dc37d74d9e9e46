"""Projects: the folders whose dependencies are locked, and what belongs in each lock."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core import pyproject, setuptools
from devkit.core.errors import DevkitError
from devkit.core.paths import DEPLOYED_LOCK, KIT, LOCAL_LOCK, ORCHESTRATOR, ROOT, TOOLS_LOCK
from devkit.environments import libraries, locknames
from devkit.environments.libraries import Libraries
from devkit.registry import shared
from devkit.registry.team import LOCATIONS, TABLE, Team
from devkit.registry.workspace import select

TOOLS_NAME = "tools"
ORCHESTRATOR_NAME = "orchestrator"
DEV, DEPLOY = "dev", "deploy"  # the dependency groups of a local environment and a deployment
PYTEST = "pytest>=7"
DEV_EXTRAS = ("dev", "develop", "development", "test", "tests", "testing")


@dataclass(frozen=True)
class Project:
    """A folder whose dependencies are locked: a team's, the orchestrator's or the tools'.

    `local` is the lock of the local environment, `deployed` that of the deployment; the tools have
    none. `dev_groups` are the dependency groups of the local environment and `deploy_groups` those
    of the deployment, as uv's `--group` takes them; `dev_extras` are used where there is no group.
    `always` are the libraries that it has without listing them, utils among them. `installed` means
    that it is a package, and editable in its environment. `tested_with` are requirements that the
    local environment has in addition: pytest, if the project does not list it.
    """

    name: str
    directory: Path
    local: Path
    deployed: Path | None = None
    dev_groups: tuple[str, ...] = ()
    dev_extras: tuple[str, ...] = ()
    deploy_groups: tuple[str, ...] = ()
    always: tuple[Path, ...] = ()
    installed: bool = False
    tested_with: tuple[str, ...] = ()

    @property
    def pyproject(self) -> pyproject.Pyproject:
        """Its parsed pyproject.toml.

        Raises:
            DevkitError: as `pyproject.read`.
        """
        return pyproject.read(self.directory)

    @property
    def libraries(self) -> tuple[Path, ...]:
        """The projects of this repository that it depends on, utils among them; sorted.

        Raises nothing: see `libraries.find`.
        """
        return self.local_sources.folders

    @property
    def deployed_libraries(self) -> tuple[Path, ...]:
        """Those of `libraries` that are deployed with it."""
        return libraries.find(self.directory, also=self.always).folders

    @property
    def local_sources(self) -> Libraries:
        """Its libraries, and what is wrong with the sources that name none."""
        return libraries.find(self.directory, [DEV] if self.dev_groups else [], self.always)

    @property
    def editable(self) -> tuple[Path, ...]:
        """The folders that the local environment has in editable form."""
        own = (self.directory,) if self.installed else ()
        return tuple(sorted({*own, *self.libraries}))

    @property
    def locks(self) -> tuple[Path, ...]:
        """Its lock files."""
        return (self.local, self.deployed) if self.deployed else (self.local,)


def all_projects(teams: Iterable[Team]) -> list[Project]:
    """Every project once: the tools, the orchestrator and the teams, of which some share one."""
    found = {team.directory: team_project(team) for team in reversed([*teams])}
    return [tools_project(), orchestrator_project(), *reversed(found.values())]


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
    folder, utils = team.directory, shared.library()
    found = _readable(folder)
    has_utils = utils is not None and team.has_utils
    optional = found.project.get("optional-dependencies", {}) if found else {}
    if found and not found.project:
        optional = setuptools.arguments(folder).get("extras_require", {})
    listed = isinstance(optional, dict) and DEV not in (found.groups if found else {})
    return Project(
        team.name,
        folder,
        folder / LOCAL_LOCK,
        folder / locknames.deployed_lock(folder),
        dev_groups=(_group(folder, DEV),),
        dev_extras=tuple(name for name in DEV_EXTRAS if listed and name in optional),
        deploy_groups=tuple(
            _group(each, DEPLOY) for each in (folder, utils if has_utils else None) if each
        ),
        always=(*((utils,) if utils and has_utils else ()), *_declared(team, found)),
        installed=found is None or found.is_package,
        tested_with=() if found is None or _lists_pytest(found, optional) else (PYTEST,),
    )


def declared(team: Team) -> tuple[Path, ...]:
    """The libraries that the project declares, for any of its locations: projects and others."""
    return _all_declared(team, _readable(team.directory))


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
    keep = {team.directory for team in chosen}
    return [
        project
        for project in every
        if (project.name in wanted if project.name in others else project.directory in keep)
    ]


def _lists_pytest(found: pyproject.Pyproject, extras: object) -> bool:
    """Whether a project's own development dependencies have pytest, as far as they are literal."""
    others = [requirement for each in extras.values() for requirement in each] if (
        isinstance(extras, dict) and not found.project
    ) else []  # fmt: skip
    return "pytest" in {*found.listed([DEV]), *map(pyproject.package_name, others)}


def _declared(team: Team, found: pyproject.Pyproject | None) -> tuple[Path, ...]:
    return tuple(path for path in _all_declared(team, found) if pyproject.is_project(path))


def _all_declared(team: Team, found: pyproject.Pyproject | None) -> tuple[Path, ...]:
    table = found.tool(TABLE) if found else {}
    tables = [table, *table.get(LOCATIONS, {}).values()]
    names = dict.fromkeys(name for each in tables for name in each.get("libraries", ()))
    return tuple(team.root / name for name in names)


def _readable(folder: Path) -> pyproject.Pyproject | None:
    """A folder's pyproject.toml; None if it can't be read: whoever needs it says so."""
    try:
        return pyproject.read(folder)
    except DevkitError:
        return None


def _group(folder: Path, name: str) -> str:
    """A dependency group of a folder's project, as uv's `--group` takes it."""
    return f"{os.path.relpath(folder, ROOT)}/{pyproject.FILE}:{name}"
