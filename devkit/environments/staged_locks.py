"""Whether a commit leaves the locks that it changes fresh, and contains them: the Git hook."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatch
from pathlib import Path

from devkit.core import git, output
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.pyproject import FILE
from devkit.environments import lockfiles
from devkit.environments.project import Project

# The files that a lock is resolved from, and the lock itself.
INPUTS = (FILE, "setup.py", "setup.cfg", "uv.toml", "*requirements*.txt", "*requirements*.in")


def require_fresh(projects: Iterable[Project], files: Collection[str]) -> None:
    """Require that the locks of the projects that some staged files change are fresh.

    A lock that was stale before is a line of warning. Works offline.

    Raises:
        DevkitError: naming each project whose locks have to be resolved again or staged.
    """
    tracked = git.tracked_files()
    changed = [ROOT / file for file in files]
    own: dict[str, tuple[str, str]] = {}
    others: dict[str, tuple[str, str]] = {}
    for project in projects:
        missing = [
            path for path in (project.directory / FILE, *project.locks) if path not in tracked
        ]
        if reason := lockfiles.stale_projects([project]).get(project.name):
            found = own if _is_changed(project, changed, missing) else others
            found[project.name] = (reason, f"invoke lock --team {project.name}")
        elif missing and _is_changed(project, changed, missing):
            names = " ".join(str(path.relative_to(ROOT)) for path in missing)
            own[project.name] = (f"not staged: {names}", f"`git add {names}`")
    for reason, _ in others.values():
        output.warn(f"warning: {reason.partition(chr(10))[0]}, which this commit did not cause")
    if own:
        reasons, fixes = zip(*own.values(), strict=True)
        raise DevkitError("\n".join(reasons), fix=" and ".join(fixes))


def _is_changed(project: Project, changed: Collection[Path], missing: Collection[Path]) -> bool:
    """Whether these files change a project's locks, or belong to it while its locks are missing."""
    folders = {project.directory, *project.libraries}
    return any(
        (path.parent in folders and any(fnmatch(path.name, pattern) for pattern in INPUTS))
        or (missing and path.is_relative_to(project.directory))
        for path in changed
    )
