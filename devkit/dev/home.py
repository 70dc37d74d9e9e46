"""Locates DAGSTER_HOME and prepares it before any service opens it."""

import enum
import errno
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
from devkit.registry.team import Team

DEFAULT = ROOT / ".dagster_home"
OURS = ".dagteam"
STAMP = "initialized"
LINKED = "linked"  # the file with the target of the link that we made
SOCKETS = "sockets"  # the file with the folders of sockets of its sessions, a line each
REMEMBERED_SESSIONS = 50
ANOTHER_HOME = "set DAGSTER_HOME to another folder, or unset it"


class Preparation(enum.StrEnum):
    """What `prepare` did."""

    NONE = "up to date"
    DONE = "prepared"


def locate(environ: Mapping[str, str] = os.environ) -> Path:
    """The absolute path of the developer's DAGSTER_HOME; by default, an ignored folder."""
    chosen = environ.get("DAGSTER_HOME")
    return Path(chosen).expanduser().absolute() if chosen else DEFAULT


def state_folder(home: Path) -> Path:
    """The kit's own folder in a DAGSTER_HOME: logs, locks, generated files."""
    return home / OURS


def own_configuration(home: Path) -> bool:
    """Whether a DAGSTER_HOME has a dagster.yaml of its own, not the link that the kit makes.

    A user's link is the user's own, wherever it leads.
    """
    file = home / "dagster.yaml"
    if not file.is_symlink():
        return file.exists()
    record = state_folder(home) / LINKED
    ours = record.read_text(encoding="utf-8") if record.exists() else ""
    return str(file.readlink()) not in (str(DAGSTER_YAML), ours)


def is_ready(home: Path) -> bool:
    """Whether the configuration is in place, and the databases were created for it and the lock."""
    linked = own_configuration(home) or _links_to(home / "dagster.yaml", DAGSTER_YAML)
    return linked and stamps.changed_part(state_folder(home) / STAMP, _parts(home)) is None


def prepare(home: Path) -> Preparation:
    """Create the folder and its databases, if necessary.

    One process creates the databases: several services that open a new DAGSTER_HOME at the same
    time crash in SQLite's migration. The orchestrator's environment must be built.

    Raises:
        DevkitError: if the folder can't be created or written, or Dagster can't open it.
    """

    def waiting() -> None:
        output.warn(f"waiting: another process is preparing DAGSTER_HOME {home} ...")

    try:
        state_folder(home).mkdir(parents=True, exist_ok=True)
        with filelocks.hold(state_folder(home) / "prepare.lock", waiting):
            _require_own_configuration(home)
            if is_ready(home):
                return Preparation.NONE
            _initialize(home)
            return Preparation.DONE
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise DevkitError(
            f"DAGSTER_HOME can't be used: {error.strerror or error}",
            expected="a folder that this user can write to",
            found=str(home),
            fix=(full and hint_for(str(error))) or ANOTHER_HOME,
        ) from None


def build_and_prepare(home: Path) -> str:
    """Build the orchestrator's environment and prepare its DAGSTER_HOME; returns what was done.

    Raises:
        DevkitError: if either fails.
    """
    built = venvs.build(orchestrator_environment())
    prepared = prepare(home)
    return built if prepared == Preparation.NONE else f"{built}; DAGSTER_HOME {home} {prepared}"


def variables_of(team: Team) -> dict[str, str]:
    """A team's variables and DAGSTER_HOME, for the user's shell or command."""
    return {**variables.of_team(team), "DAGSTER_HOME": str(locate())}


def remember_sockets(home: Path, folder: Path) -> None:
    """Record the folder of sockets of a session, which holds this DAGSTER_HOME's lock."""
    folders = [*socket_folders(home), str(folder)][-REMEMBERED_SESSIONS:]
    (state_folder(home) / SOCKETS).write_text("\n".join(folders) + "\n", encoding="utf-8")


def socket_folders(home: Path) -> list[str]:
    """The folders of sockets that this DAGSTER_HOME's sessions have had, the latest last."""
    file = state_folder(home) / SOCKETS
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _initialize(home: Path) -> None:
    configuration = home / "dagster.yaml"
    if not own_configuration(home):
        configuration.unlink(missing_ok=True)
        configuration.symlink_to(DAGSTER_YAML)
        (state_folder(home) / LINKED).write_text(str(DAGSTER_YAML), encoding="utf-8")
    ask_instance(home, "initialize")
    stamps.write(state_folder(home) / STAMP, _parts(home))


def ask_instance(home: Path, command: str, *arguments: str) -> str:
    """Run a command of programs/instance.py in the orchestrator's interpreter; its output.

    Raises:
        DevkitError: if Dagster can't open DAGSTER_HOME.
    """
    script = PROGRAMS / "instance.py"
    done = processes.run(
        [orchestrator_environment().python, "-P", script, command, *arguments],
        cwd=ROOT,
        env={**clean_environment(), "DAGSTER_HOME": str(home)},
    )
    if done.code:
        reason = hint_for(done.combined) or last_error(done.combined)
        raise DevkitError(
            f"Dagster can't open DAGSTER_HOME\n{reason}",
            found=str(home),
            fix=ANOTHER_HOME,
        )
    return done.stdout


def _require_own_configuration(home: Path) -> None:
    file = home / "dagster.yaml"
    if own_configuration(home) and not file.exists():
        raise DevkitError(
            f"{file} is a link to nothing",
            expected="a file, a link to one, or neither: then the repository's is used",
            found=str(file.readlink()),
            fix=f"rm {file}",
        )


def _parts(home: Path) -> dict[str, str]:
    """What the databases depend on: the configuration, and Dagster's version by the lock."""
    return {
        "configuration": stamps.digest([home / "dagster.yaml"]),
        "lock": stamps.digest([orchestrator_environment().lock]),
    }


def _links_to(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink() == target
