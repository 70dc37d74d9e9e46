"""A project's `[tool.uv]`: what of it decides a lock, and what a lock says to whoever installs it.

uv itself honours the table at every step on this machine, since it is told the project. An image
and Dagster+ have the deployed lock only, so the lock names the indexes and what may be built, as
lines of pip's format that uv reads, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devkit.core import pyproject, toml
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.pyproject import Pyproject
from devkit.environments import workspaces
from devkit.environments.project import Project

FILE = "uv.toml"  # where there is one, uv reads it instead of the table
# Every index is asked for each package: a hash decides which file is right, not the index.
STRATEGY = ("--index-strategy", "unsafe-best-match")
LEFT_OUT = {
    "sources",
    "build-backend",
    "workspace",
}  # recorded by itself; how the project itself is built


def recorded(project: Pyproject) -> dict[str, Any]:
    """The settings that decide the project's lock.

    Raises:
        DevkitError: if a file with settings can't be read.
    """
    found = settings(project.file.parent)
    return {key: value for key, value in found.items() if key not in LEFT_OUT}


def settings(folder: Path) -> dict[str, Any]:
    """The settings that uv takes for the project in a folder: its own, or the nearest above it.

    Those of the root for a member of a workspace.

    Raises:
        DevkitError: if a file can't be read.
    """
    first = workspaces.root_of(folder) or folder
    for each in (first, *first.parents):
        if (each / FILE).is_file():
            return toml.read(each / FILE)
        if (each / pyproject.FILE).is_file() and (found := pyproject.read(each).tool("uv")):
            return found
        if each == ROOT:
            break
    return {}


def index_flags(folder: Path, *libraries: Path) -> list[str]:
    """The options of uv for the indexes of a project, explicit ones too, and of its libraries."""
    flags = [
        f"--{'default-index' if index.get('default') else 'index'}="
        + (f"{index['name']}={index['url']}" if index.get("name") else index["url"])
        for index in _indexes(folder, *libraries)
        if index.get("format") != "flat" and "://" in index["url"]
    ]
    return [*flags, *STRATEGY]


def lines(project: Project) -> list[str]:
    """The lines of a lock that tell pip and uv where packages are, and what not to build."""
    found = []
    for index in _indexes(project.directory, *project.libraries):
        if "://" in index["url"]:
            option = "find-links" if index.get("format") == "flat" else "extra-index-url"
            option = "index-url" if index.get("default") else option
            found.append(f"--{option} {index['url']}")
    own = settings(project.directory)
    for setting, option in (("no-build", "only-binary"), ("no-binary", "no-binary")):
        packages = own.get(f"{setting}-package", [])
        if own.get(setting):
            packages = [":all:"]
        found += [f"--{option} {name}" for name in packages if isinstance(name, str)]
    return list(dict.fromkeys(found))


def require_deployable(project: Project) -> None:
    """Require that a deployment can reach the project's indexes.

    Raises:
        DevkitError: if one is a folder of this machine.
    """
    for index in _indexes(project.directory, *project.deployed_libraries):
        if "://" not in index["url"] or index["url"].startswith("file:"):
            raise DevkitError(
                f"{project.pyproject.shown}: the index {index['url']} can't be deployed",
                expected="an address that the image and Dagster+ can reach, too",
                found="a folder of this machine",
                fix=f"publish its packages, then edit {project.pyproject.shown}",
            )


def _indexes(folder: Path, *libraries: Path) -> Iterator[dict[str, Any]]:
    """The indexes of a project, and those of its libraries that their sources name."""
    for each in (folder, *libraries):
        try:
            project = pyproject.read(each)
        except DevkitError:
            continue
        own = settings(each) if each == folder else {}
        used = {source.get("index") for sources in project.sources.values() for source in sources}
        yield from (
            index for index in _tables(project.tool("uv").get("index")) if index.get("name") in used
        )
        yield from (index for index in _tables(own.get("index")) if not index.get("explicit"))
        yield from _older(own)


def _older(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The indexes in the settings that `[[tool.uv.index]]` replaces."""
    if isinstance(url := settings.get("index-url"), str):
        yield {"url": url, "default": True}
    for setting, more in (("extra-index-url", {}), ("find-links", {"format": "flat"})):
        found = settings.get(setting, [])
        for url in [found] if isinstance(found, str) else found:
            yield {"url": str(url), **more}


def _tables(found: object) -> list[dict[str, Any]]:
    every = found if isinstance(found, list) else []
    return [each for each in every if isinstance(each, dict) and isinstance(each.get("url"), str)]
