"""What of a project's folder is for its development only, and so is not deployed."""

from pathlib import Path

from devkit.core import pyproject
from devkit.core.paths import DEPLOYED_LOCK, LOCAL_LOCK
from devkit.environments import uv_settings
from devkit.environments.locknames import OTHER_LOCK
from devkit.registry.team import Team

FILES = (
    pyproject.FILE, uv_settings.FILE, "uv.lock", DEPLOYED_LOCK, OTHER_LOCK, LOCAL_LOCK,
)  # fmt: skip


def has(team: Team, file: Path) -> bool:
    """Whether a file is a test, a lock, or configuration of the team's project.

    Also if the code is in the project's folder itself, and not in a package below it.
    """
    if any(file.is_relative_to(path) for path in team.tests):
        return True
    if not file.is_relative_to(team.directory):
        return False
    top = file.relative_to(team.directory).parts[0]
    return top in FILES or top.startswith(".")
