"""DAGSTER_HOME: where it is, and that it is ready before any service opens it."""

import enum
import os
from collections.abc import Mapping
from pathlib import Path

from devkit.core import filelocks, output, processes, stamps
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError, hint_for
from devkit.core.paths import DAGSTER_YAML, PROGRAMS, ROOT
from devkit.core.tracebacks import last_error
from devkit.environments import variables, venvs
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.workspace import Team

DEFAULT = ROOT / ".dagster_home"
OURS = ".dagteam"
STAMP = "initialised"


class Preparation(enum.StrEnum):
    """What `prepare` has done."""

    NONE = "up to date"
    DONE = "prepared"


def locate(environ: Mapping[str, str] = os.environ) -> Path:
    """The developer's DAGSTER_HOME, made absolute, or else the repository's ignored folder."""
    chosen = environ.get("DAGSTER_HOME")
    return Path(chosen).expanduser().absolute() if chosen else DEFAULT


def state_folder(home: Path) -> Path:
    """What this kit itself keeps in a DAGSTER_HOME: logs, the lock, derived files."""
    return home / OURS


def own_configuration(home: Path) -> bool:
    """Whether the developer's DAGSTER_HOME has a dagster.yaml that is not the tracked one."""
    file = home / "dagster.yaml"
    return file.exists() and not file.is_symlink()


def is_ready(home: Path) -> bool:
    """Whether the configuration is linked and the databases are this orchestrator's."""
    linked = own_configuration(home) or _links_to(home / "dagster.yaml", DAGSTER_YAML)
    return linked and stamps.changed_part(state_folder(home) / STAMP, _parts(home)) is None


def prepare(home: Path) -> Preparation:
    """Create the folder and its databases if they do not exist.

    The databases are created once, by one process: services that first open a new DAGSTER_HOME
    together crash in each other's migration. The orchestrator's environment must be built.

    Raises:
        DevkitError: if the folder can't be created or written, or Dagster can't open it.
    """

    def waiting() -> None:
        output.warn(f"waiting: another process prepares DAGSTER_HOME {home} ...")

    try:
        state_folder(home).mkdir(parents=True, exist_ok=True)
        with filelocks.hold(state_folder(home) / "prepare.lock", waiting):
            if is_ready(home):
                return Preparation.NONE
            _initialise(home)
            return Preparation.DONE
    except OSError as error:
        raise DevkitError(
            f"DAGSTER_HOME can't be used: {error.strerror or error}",
            expected="a folder that this user can write to",
            found=str(home),
            fix=hint_for(str(error)) or "set DAGSTER_HOME to another folder, or unset it",
        ) from None


def build_and_prepare(home: Path) -> str:
    """Build the orchestrator's environment, then prepare the DAGSTER_HOME that it opens.

    Raises:
        DevkitError: if either fails.
    """
    built = venvs.build(orchestrator_environment())
    prepared = prepare(home)
    return built if prepared == Preparation.NONE else f"{built}; DAGSTER_HOME {home} {prepared}"


def variables_of(team: Team) -> dict[str, str]:
    """A team's variables and DAGSTER_HOME: for a shell or a command of the user's."""
    return {**variables.of_team(team), "DAGSTER_HOME": str(locate())}


def end_lost_runs(home: Path) -> list[str]:
    """Mark as failed the runs whose code server is gone, since nothing else does; their ids.

    Raises:
        DevkitError: if Dagster can't open DAGSTER_HOME.
    """
    return _ask_instance(home, "end-lost-runs").stdout.split()


def _initialise(home: Path) -> None:
    configuration = home / "dagster.yaml"
    if not own_configuration(home):
        configuration.unlink(missing_ok=True)
        configuration.symlink_to(DAGSTER_YAML)
    _ask_instance(home, "initialise")
    stamps.write(state_folder(home) / STAMP, _parts(home))


def _ask_instance(home: Path, what: str) -> processes.Completed:
    """Have the orchestrator's interpreter do something with the instance."""
    script = PROGRAMS / "instance.py"
    done = processes.run(
        [orchestrator_environment().python, "-P", script, what],
        cwd=ROOT,
        env={**clean_environment(), "DAGSTER_HOME": str(home)},
    )
    if done.code:
        raise DevkitError(
            f"Dagster can't open DAGSTER_HOME\n{hint_for(done.combined) or last_error(done.combined)}",
            found=str(home),
            fix="set DAGSTER_HOME to another folder, or unset it",
        )
    return done


def _parts(home: Path) -> dict[str, str]:
    """What the databases were created by and for: the configuration, the orchestrator's lock."""
    return {
        "configuration": stamps.digest([home / "dagster.yaml"]),
        "lock": stamps.digest([orchestrator_environment().lock]),
    }


def _links_to(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink() == target
