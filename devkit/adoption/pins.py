"""The versions of today, as lines of a constraints file: from whichever lock a project has."""

import json
import re
from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from devkit.adoption.model import below
from devkit.adoption.modules import parents
from devkit.adoption.tree import Tree

LOCAL = {"editable", "virtual", "directory", "git", "url", "path"}


def read(tree: Tree, folder: str) -> tuple[tuple[str, ...], str]:
    """The pins for a project, and the lock that they come from; empty if it has none.

    A lock of uv may be in a folder above, of the workspace that the project is a member of.
    """
    for name, lines in (
        ("uv.lock", _uv), ("poetry.lock", _poetry), ("pdm.lock", _poetry), ("pylock.toml", _pylock),
    ):  # fmt: skip
        file = below(folder, name)
        if tree.has(file):
            return tuple(lines(tree.toml(file))), file
    if tree.has(below(folder, "Pipfile.lock")):
        file = below(folder, "Pipfile.lock")
        return tuple(_pipfile(tree.text(file))), file
    for above in parents(folder):
        file = below(above, "uv.lock")
        if tree.has(file) and _is_member(tree, folder, file):
            return tuple(_uv(tree.toml(file))), file
    return (), ""


def _is_member(tree: Tree, folder: str, file: str) -> bool:
    """Whether a lock of a workspace is for the project in a folder, too."""
    inside = folder if "/" not in file else folder[len(file.rpartition("/")[0]) + 1 :]
    listed = tree.toml(file).get("package", [])
    sources = (package.get("source", {}) for package in listed)
    return any(inside in (one.get("editable"), one.get("virtual")) for one in sources)


def _uv(document: dict[str, Any]) -> Iterator[str]:
    """The packages of an index; one in several versions has the marker of each."""
    for package in document.get("package", []):
        if "version" in package and LOCAL.isdisjoint(package.get("source", {})):
            markers = package.get("resolution-markers", [])
            marker = " or ".join(f"({one})" for one in markers)
            several = f" ; {marker}" if marker else ""
            yield f"{package['name']}=={package['version']}{several}"


def _poetry(document: dict[str, Any]) -> Iterator[str]:
    """The packages of an index that are locked in one version only."""
    versions: dict[str, set[str]] = {}
    for package in document.get("package", []):
        kind = package.get("source", {}).get("type", "legacy")
        if "version" in package and kind == "legacy" and "path" not in package:
            name = canonicalize_name(package["name"])
            versions.setdefault(name, set()).add(package["version"])
    yield from _only_one(versions)


def _pylock(document: dict[str, Any]) -> Iterator[str]:
    versions: dict[str, set[str]] = {}
    for package in document.get("packages", []):
        if "version" in package and LOCAL.isdisjoint(package) and "vcs" not in package:
            versions.setdefault(package["name"], set()).add(package["version"])
    yield from _only_one(versions)


def _pipfile(text: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        return
    for section in ("default", "develop"):
        for name, entry in document.get(section, {}).items():
            version = entry.get("version", "") if isinstance(entry, dict) else ""
            if re.fullmatch(r"==\S+", version):
                yield f"{name}{version}"


def _only_one(versions: dict[str, set[str]]) -> Iterator[str]:
    for name, found in versions.items():
        if len(found) == 1:
            yield f"{name}=={found.copy().pop()}"
