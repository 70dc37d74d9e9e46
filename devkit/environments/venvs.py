"""Builds virtual environments from their locks, and notices when one is stale.

A complete environment has a stamp of what it was built from. Comparing it starts no process, so
an environment that is up to date costs next to nothing.
"""

import enum
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devkit.core import filelocks, output, parallel, pyproject, stamps, uv
from devkit.core.errors import DevkitError, explained, fixable
from devkit.core.paths import ORCHESTRATOR_VENV, ROOT
from devkit.environments import editable, interpreters, ownership
from devkit.environments.project import ORCHESTRATOR_NAME, orchestrator_project, team_project
from devkit.environments.uv_settings import index_flags
from devkit.registry.team import Team

STAMP = ".stamp"


class Stale(enum.StrEnum):
    """Why an environment has to be built."""

    MISSING = "not built yet"
    FOREIGN = "it was not built by `invoke setup`"
    NO_PYTHON = "its Python no longer exists"
    MOVED = "its Python is another version now"
    UNFINISHED = "the last build did not finish"
    PATH = "it was built in another folder"
    CONFIG = "pyvenv.cfg was changed by another tool"
    PYTHON = "it was built with another Python"
    LOCK = "its lock changed"
    PROJECTS = "a pyproject.toml changed"
    UNREADABLE = "one of its files can't be read"


# The reason for each part of the stamp that can differ.
REASONS = {
    stamps.MISSING: Stale.UNFINISHED,
    "path": Stale.PATH,
    "config": Stale.CONFIG,
    "python": Stale.PYTHON,
    "lock": Stale.LOCK,
    "projects": Stale.PROJECTS,
}
# `uv pip sync` is enough for these; all others need a new environment.
SYNCED = {Stale.LOCK, Stale.PROJECTS}


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, and what it is built from.

    `projects` are the folders whose pyproject.toml it depends on; the first is the project that
    it belongs to, which decides the Python.
    """

    name: str
    path: Path
    lock: Path
    projects: tuple[Path, ...]

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.path / "bin" / "python"


def team_environment(team: Team) -> Environment:
    """The environment of one team, including its libraries."""
    project = team_project(team)
    folders = (project.directory, *project.libraries)
    return Environment(team.name, team.environment, project.local, folders)


def orchestrator_environment() -> Environment:
    """The environment of webserver and daemon, without any team's packages."""
    project = orchestrator_project()
    folders = (project.directory, *project.libraries)
    return Environment(project.name, ORCHESTRATOR_VENV, project.local, folders)


def every_environment(teams: Iterable[Team]) -> list[Environment]:
    """The orchestrator's environment and those of the teams, of which some share one."""
    found = {team.environment: team_environment(team) for team in reversed([*teams])}
    return [orchestrator_environment(), *reversed(found.values())]


def stale(environment: Environment) -> Stale | None:
    """Why the environment has to be built; None if it is up to date."""
    try:
        if not environment.path.exists():
            return Stale.MISSING
        if not (environment.path / STAMP).exists() and ownership.is_foreign(environment.path):
            return Stale.FOREIGN
        if not environment.python.exists():
            return Stale.NO_PYTHON
        if interpreters.has_moved(environment.path):
            return Stale.MOVED
        part = stamps.changed_part(environment.path / STAMP, _parts(environment))
    except OSError:  # `build` says which
        return Stale.UNREADABLE
    return REASONS[part] if part else None


def build(environment: Environment, *, again: bool = False) -> str:
    """Build the environment if it is stale, or `again`; returns why it was, or "up to date".

    Raises:
        DevkitError: if it can't be built. It has no stamp then, so the next call tries again.
    """
    with _os_errors_as_devkit_errors(environment), build_lock(environment) as lock:
        reason = stale(environment) or (Stale.UNFINISHED if again else None)
        if reason is None:
            return "up to date"
        if reason == Stale.FOREIGN:
            raise ownership.refusal(environment.path, environment.lock)
        # What can't be read raises its error before anything is removed.
        _parts(environment)
        _require_lock(environment)
        project = environment.projects[0]
        python = interpreters.choose(project)
        keep = reason in SYNCED and interpreters.is_allowed(environment.path, project)
        ownership.claim(environment.path)
        (environment.path / STAMP).unlink(missing_ok=True)
        if not keep:
            run_uv(environment, "venv", "--quiet", "--clear", "--force", "--no-project", "--prompt",
                   environment.name, "--python", python, environment.path, pass_fds=[lock],
            )  # fmt: skip
        # Before the installation: if a file is saved meanwhile, the environment is stale.
        parts = _parts(environment)
        run_uv(environment, "pip", "sync", "--quiet", "--python", environment.python,
               *index_flags(*environment.projects), *editable.flags(environment.projects),
               environment.lock, pass_fds=[lock],
        )  # fmt: skip
        stamps.write(environment.path / STAMP, parts)
        return f"built: {reason}"


def build_stale(environments: Iterable[Environment]) -> list[parallel.Outcome]:
    """Build the stale ones among these side by side; returns their outcomes.

    Prints nothing if none is stale. Raises nothing for a failure: see `require_built`.
    """
    jobs: dict[str, parallel.Work] = {
        environment.name: partial(build, environment)
        for environment in environments
        if stale(environment)
    }
    return parallel.run("building environments", jobs) if jobs else []


def require_built(environments: Iterable[Environment]) -> None:
    """Build the stale ones among these.

    Raises:
        DevkitError: naming those that can't be built.
    """
    parallel.require(build_stale(environments))


def build_all(teams: Sequence[Team]) -> dict[str, str]:
    """Build the stale environments of the orchestrator and these teams.

    Returns the reason for each team that failed, by its name.

    Raises:
        DevkitError: if the orchestrator's environment can't be built.
    """
    outcomes = build_stale(every_environment(teams))
    failed = {outcome.name: outcome.text for outcome in outcomes if not outcome.ok}
    if ORCHESTRATOR_NAME in failed:
        raise DevkitError(_cannot_build(ORCHESTRATOR_NAME), fix="invoke setup")
    return failed


def run_uv(environment: Environment, *arguments: str | Path, pass_fds: Sequence[int] = ()) -> None:
    """Run uv for an environment.

    Raises:
        DevkitError: if it fails, naming the environment.
    """
    uv.run(
        *arguments,
        project=environment.projects[0],
        failure=_cannot_build(environment.name),
        pass_fds=pass_fds,
    )


@contextmanager
def build_lock(environment: Environment) -> Iterator[int]:
    """Keep other processes from building the same environment at the same time.

    Yields the lock's file descriptor, for the programs that build: they may outlive this process,
    and hold the lock until they end.
    """

    def waiting() -> None:
        output.warn(f"waiting: another process builds the environment of {environment.name} ...")

    with filelocks.hold(ownership.lock_file(environment.path), waiting) as lock:
        yield lock.fileno()


def _parts(environment: Environment) -> dict[str, str]:
    """The stamp of an up-to-date environment: paths as text, files as digests."""
    return {
        "path": str(environment.path),
        "config": stamps.digest([environment.path / "pyvenv.cfg"]),
        "python": f"{sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}",
        "lock": stamps.digest([environment.lock]),
        "projects": stamps.digest(folder / pyproject.FILE for folder in environment.projects),
    }


def _require_lock(environment: Environment) -> None:
    if not environment.lock.exists():
        raise DevkitError(
            f"the environment of {environment.name} has no lock",
            expected=str(environment.lock.relative_to(ROOT)),
            fix=f"invoke lock --team {environment.name}",
        )


@contextmanager
def _os_errors_as_devkit_errors(environment: Environment) -> Iterator[None]:
    """Turn an OSError (a full disk, another user's folder) into an error that names it."""
    try:
        yield
    except OSError as error:
        cause = explained(str(error)) or fixable(error)
        raise DevkitError(f"{_cannot_build(environment.name)}\n{cause}") from None


def _cannot_build(name: str) -> str:
    return f"the environment of {name} can't be built"
