"""What uv is asked to resolve for a project's locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core.paths import ROOT
from devkit.core.pyproject import FILE, read
from devkit.environments import libraries, lockfiles
from devkit.environments.project import DEV, Project


@dataclass(frozen=True)
class Wanted:
    """What is resolved: arguments of uv, and the requirements on its standard input."""

    arguments: tuple[str, ...]
    stdin: str


def wanted(project: Project, *, local: bool = True, deployed: bool = True) -> Wanted:
    """What the local environment needs, what the deployment needs, or what both need."""
    lines = [f"-e ./{lockfiles.relative(one)}" for one in _unlisted(project, [DEV] * local)]
    lines += project.tested_with if local else ()
    arguments = [lockfiles.relative(project.pyproject.file), *(["-"] if lines else [])]
    if local:
        arguments += _groups(project.dev_groups)
        arguments += (word for name in project.dev_extras for word in ("--extra", name))
    if deployed:
        arguments += _groups(project.deploy_groups)
    return Wanted(tuple(arguments), "\n".join([*lines, ""]))


def _unlisted(project: Project, groups: Sequence[str]) -> list[Path]:
    """The libraries that no source leads to."""
    reached = libraries.find(project.directory, groups).folders
    return [folder for folder in project.always if folder not in reached]


def _groups(groups: Sequence[str]) -> list[str]:
    """The arguments of uv for dependency groups, as far as their projects have them."""
    arguments = []
    for group in groups:
        file, _, name = group.rpartition(":")
        folder = (ROOT / file).parent
        if (folder / FILE).is_file() and name in read(folder).groups:
            arguments += ["--group", group]
    return arguments
