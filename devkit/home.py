"""DAGSTER_HOME: where it is, and that it is ready before any service opens it."""

import fcntl
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from devkit import processes
from devkit.bootstrap import ROOT, clean_environment
from devkit.environments import orchestrator_environment
from devkit.errors import DevkitError
from devkit.failures import explain
from devkit.tracebacks import conclusion

CONFIGURATION = ROOT / "orchestrator" / "dagster.yaml"
DEFAULT = ROOT / ".dagster_home"
OURS = ".dagteam"
READY = "up to date"


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
    stamp = state_folder(home) / "initialised"
    linked = own_configuration(home) or _links_to(home / "dagster.yaml", CONFIGURATION)
    return linked and stamp.exists() and stamp.read_text() == _wanted(home)


def prepare(home: Path) -> str:
    """Make the folder and its databases if they are not there; say what was done.

    The databases are made once, alone: services that first open a new DAGSTER_HOME
    together crash in each other's migration. The orchestrator's environment must be there.

    Raises:
        DevkitError: if the folder can't be made or written, or Dagster can't open it.
    """
    try:
        state_folder(home).mkdir(parents=True, exist_ok=True)
        with (state_folder(home) / "prepare.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if is_ready(home):
                return READY
            _initialise(home)
            return f"made: {home}"
    except OSError as error:
        raise DevkitError(
            f"DAGSTER_HOME can't be used: {error.strerror or error}",
            expected="a folder that this user can write to",
            found=str(home),
            mend=explain(str(error)) or "set DAGSTER_HOME to another folder, or unset it",
        ) from None


def end_lost_runs(home: Path) -> list[str]:
    """Mark as failed the runs whose code server is gone; nobody else would. Returns their ids.

    Raises:
        DevkitError: if Dagster can't open DAGSTER_HOME.
    """
    return _ask_instance(home, "end-lost-runs").output.split()


def _initialise(home: Path) -> None:
    configuration = home / "dagster.yaml"
    if not own_configuration(home):
        configuration.unlink(missing_ok=True)
        configuration.symlink_to(CONFIGURATION)
    _ask_instance(home, "initialise")
    (state_folder(home) / "initialised").write_text(_wanted(home))


def _ask_instance(home: Path, what: str) -> processes.Finished:
    """Have the orchestrator's interpreter do something with the instance."""
    script = Path(__file__).with_name("_instance.py")
    done = processes.run(
        [orchestrator_environment().python, "-P", script, what],
        cwd=ROOT,
        env={**clean_environment(), "DAGSTER_HOME": str(home)},
    )
    if done.code:
        raise DevkitError(
            f"Dagster can't open DAGSTER_HOME\n{explain(done.text) or conclusion(done.text)}",
            found=str(home),
            mend="set DAGSTER_HOME to another folder, or unset it",
        )
    return done


def _wanted(home: Path) -> str:
    """What the databases were made by and for: the configuration and the orchestrator's lock."""
    files = (home / "dagster.yaml", orchestrator_environment().lock)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _links_to(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink() == target
