"""The names of a project's two locks."""

from pathlib import Path

from devkit.core import files
from devkit.core.errors import DevkitError
from devkit.core.paths import DEPLOYED_LOCK, LOCAL_LOCK

OTHER_LOCK = "deployed_requirements.txt"  # where requirements.txt is somebody else's
GENERATED = "# inputs: sha256:"  # a line of each lock


def deployed_lock(folder: Path) -> str:
    """The name of a project's deployed lock: not requirements.txt if that was there before."""
    if (folder / OTHER_LOCK).is_file():
        return OTHER_LOCK
    if (folder / LOCAL_LOCK).is_file() or not (folder / DEPLOYED_LOCK).is_file():
        return DEPLOYED_LOCK
    try:
        text = files.read_text(folder / DEPLOYED_LOCK)
    except DevkitError:  # whoever reads it says what is wrong
        return DEPLOYED_LOCK
    return DEPLOYED_LOCK if GENERATED in text else OTHER_LOCK


def of(folder: Path) -> tuple[str, str]:
    """The names of the local lock and of the deployed one."""
    return LOCAL_LOCK, deployed_lock(folder)
