"""Libraries: the folders of this repository that a project depends on by a path in its sources.

A path in `[tool.uv.sources]` counts if the project lists the package, and so do the members of uv's
workspace, paths in requirements (`x @ file:../x`), poetry's paths, and those of the libraries
themselves. The kit needs them as values, since uv writes a path as the project has it, and reads
the same path in a lock relative to the folder where it runs.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, SHARED
from devkit.core.pyproject import Pyproject
from devkit.environments import workspaces
from devkit.environments.dynamic import is_dynamic
from devkit.registry import shared

# A requirement (PEP 508) by a path.
LOCAL = re.compile(r"@\s*file:(?://)?(?P<path>[^\s;]+)")


@dataclass(frozen=True)
class Libraries:
    """The libraries' folders, sorted, and what is wrong with the sources that name others."""

    folders: tuple[Path, ...]
    faults: tuple[DevkitError, ...] = ()


def find(folder: Path, groups: Sequence[str] = (), also: Sequence[Path] = ()) -> Libraries:
    """The libraries of the project in a folder, and those of its libraries.

    `groups` are the project's dependency groups that count, and `also` libraries that it has
    without listing them. Raises nothing: the sources in a pyproject.toml that can't be read are not
    followed, and whoever needs the rest of it says so.
    """
    found = set(also)
    faults: list[DevkitError] = []
    waiting = [folder, *also]
    while waiting:
        current = waiting.pop()
        for source in _path_sources(current, groups if current == folder else ()):
            if isinstance(source, DevkitError):
                faults.append(source)
            elif source not in found and source != folder:
                found.add(source)
                waiting.append(source)
    return Libraries(tuple(sorted(found)), tuple(faults))


def _path_sources(folder: Path, groups: Sequence[str]) -> Iterator[Path | DevkitError]:
    """The folders in the sources of a project for packages that it lists, or what is wrong."""
    try:
        project = pyproject.read(folder)
        listed = project.listed(groups)
    except DevkitError:
        return
    every = is_dynamic(project)  # a backend lists them
    for name, sources in {**workspaces.sources(folder), **project.sources}.items():
        for source in sources if every or name in listed else ():
            if name == _shared_name() and "path" not in source and "workspace" not in source:
                yield _fault(project, name, source, "this repository's utils is what is installed")
            elif "workspace" in source:
                found = workspaces.member(folder, name)
                yield found or _fault(project, name, source, "no member of uv's workspace")
            elif "path" in source:
                yield _folder(project, name, source)
    for requirement in project.requirements(groups):
        if url := LOCAL.search(requirement):
            path = url["path"].replace("${PROJECT_ROOT}", ".")
            yield _folder(project, pyproject.package_name(requirement), {"path": path})


def _folder(project: Pyproject, name: str, source: dict[str, object]) -> Path | DevkitError:
    path = Path(os.path.normpath(project.file.parent / str(source["path"])))
    if not path.resolve().is_relative_to(ROOT.resolve()) or path == ROOT:
        return _fault(project, name, source, "it is outside of this repository")
    if Path(str(source["path"])).is_absolute():
        return _fault(project, name, source, "it is a path of this machine")
    if not pyproject.is_project(path):
        return _fault(project, name, source, f"it has no {pyproject.FILE} and no setup.py")
    if name == _shared_name() and path.resolve() != SHARED.resolve():
        return _fault(project, name, source, "this repository's utils is what is installed")
    return path


def _fault(project: Pyproject, name: str, source: dict[str, object], why: str) -> DevkitError:
    shown = ", ".join(f"{key} = {value!r}" for key, value in source.items())
    target = SHARED if name == _shared_name() else ROOT / "libs" / name
    path = os.path.relpath(target, project.file.parent)
    return DevkitError(
        f"{project.shown}: the source of {name} can't be used: {why}",
        expected=f'a folder of this repository: {name} = {{ path = "{path}", editable = true }}',
        found=f"{{ {shown} }}",
        fix=f"edit [tool.uv.sources] in {project.shown}",
    )


def _shared_name() -> str:
    folder = shared.library()
    try:
        return pyproject.read(folder).name if folder else ""
    except DevkitError:
        return ""
