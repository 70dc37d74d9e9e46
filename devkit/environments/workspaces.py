"""uv's workspaces: several projects in one folder, which depend on each other by name.

https://docs.astral.sh/uv/concepts/projects/workspaces
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT


def root_of(folder: Path) -> Path | None:
    """The folder of the workspace that a project is a member of; None if it is in none."""
    for above in (folder, *folder.parents):
        if _table(above) is not None and (above == folder or folder in set(members(above))):
            return above
        if above == ROOT:
            return None
    return None


def members(root: Path) -> Iterator[Path]:
    """The folders of a workspace's members, the root among them."""
    table = _table(root) or {}
    yield root
    excluded = [str(pattern).rstrip("/") for pattern in table.get("exclude", [])]
    for pattern in table.get("members", []):
        for folder in sorted(root.glob(str(pattern).rstrip("/"))):
            below = PurePosixPath("/", os.path.relpath(folder, root))
            if (folder / pyproject.FILE).is_file() and not any(
                below.match(f"/{pattern}") for pattern in excluded
            ):
                yield folder


def member(folder: Path, name: str) -> Path | None:
    """The member with this normalized name in the workspace of a project; None without one."""
    root = root_of(folder)
    for each in members(root) if root else ():
        try:
            found = pyproject.read(each).project.get("name", "")
        except DevkitError:
            continue
        if canonicalize_name(found) == name:
            return each
    return None


def sources(folder: Path) -> dict[str, list[dict[str, object]]]:
    """The sources that a workspace's root gives its members, with paths relative to this one.

    Empty for a project in none.
    """
    root = root_of(folder)
    if root is None or root == folder:
        return {}
    return {
        name: [
            {**each, "path": os.path.relpath(root / str(each["path"]), folder)}
            if "path" in each
            else each
            for each in tables
        ]
        for name, tables in pyproject.read(root).sources.items()
    }


def _table(folder: Path) -> dict[str, list[object]] | None:
    if not (folder / pyproject.FILE).is_file():
        return None
    try:
        found = pyproject.read(folder).tool("uv").get("workspace")
    except DevkitError:
        return None
    return found if isinstance(found, dict) else None
