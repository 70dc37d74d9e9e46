"""The lock of a deployment, if all that it names can be installed where nothing else is."""

import re
from collections.abc import Iterator
from pathlib import Path

from devkit.core import files
from devkit.core.errors import DevkitError
from devkit.environments import lockfiles, uv_settings
from devkit.environments.project import Project

# What a line may be besides a pin: a comment, what goes on from the line before, or an option for
# where packages are.
OTHER = re.compile(r"\s|#|$|--(?!(?:editable|requirement|constraint)\b)")


def lock(project: Project) -> Path:
    """The lock of a project's deployment.

    Raises:
        DevkitError: if it is stale, or names what can't be installed elsewhere: a path of the
            repository or of this machine, or what has no hash.
    """
    if reason := lockfiles.stale(project):
        raise DevkitError(reason, fix=f"invoke lock --team {project.name}")
    uv_settings.require_deployable(project)
    found = project.deployed or project.local
    text = files.read_text(found)
    if local := [*local_lines(text)]:
        number, line = local[0]
        raise DevkitError(
            f"{lockfiles.relative(found)}, line {number}: {line} is only on this machine",
            expected="pins with hashes: the code of libraries is in the build, next to the team's",
            found=f"{len(local)} of them" if local[1:] else None,
            fix=f"list libraries in [tool.uv.sources] of {project.pyproject.shown}, then "
            f"`rm {lockfiles.relative(found)}` and `invoke lock --team {project.name}`",
        )
    if unhashed := lockfiles.unhashed(text):
        raise DevkitError(
            f"{lockfiles.relative(found)}: no hash of {', '.join(pin.name for pin in unhashed)}",
            expected="packages of an index, or archives at a URL: images install by hash only",
            found="; ".join(str(pin.url) for pin in unhashed),
            fix="publish it, or depend on an archive (https://.../NAME-1.0.tar.gz), then "
            f"invoke lock --team {project.name}",
        )
    return found


def local_lines(text: str) -> Iterator[tuple[int, str]]:
    """The number and text of each line of a lock that names a path or another file."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not OTHER.match(line) and not lockfiles.ENTRY.match(line):
            yield number, line.rstrip("\\ \t")
