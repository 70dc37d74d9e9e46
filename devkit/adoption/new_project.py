"""The text of a new project's pyproject.toml: the dependencies that a location has today."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import tomli_w
from packaging.utils import canonicalize_name

from devkit.adoption.inventory import Found
from devkit.adoption.model import below
from devkit.adoption.needs import Needs, name_of
from devkit.adoption.tree import Tree, joined
from devkit.core import pythons

TESTED_WITH = "pytest>=8"
# Settings of uv that say how versions are chosen; those of the project itself are not copied.
COPIED = (
    "index", "index-strategy", "override-dependencies", "constraint-dependencies",
    "exclude-dependencies", "no-build-package", "no-binary-package", "prerelease", "find-links",
    "dependency-metadata", "conflicts", "index-url", "extra-index-url", "exclude-newer",
)  # fmt: skip
# Packages that are imported by another name than they are installed by.
INSTALLED_AS = {
    "bs4": "beautifulsoup4", "cv2": "opencv-python", "dotenv": "python-dotenv", "PIL": "pillow",
    "sklearn": "scikit-learn", "yaml": "pyyaml", "psycopg2": "psycopg2-binary",
    "dateutil": "python-dateutil", "googleapiclient": "google-api-python-client",
    "git": "gitpython", "jwt": "pyjwt", "serial": "pyserial", "fitz": "pymupdf",
    "snowflake": "snowflake-connector-python", "airflow": "apache-airflow",
}  # fmt: skip


def text(
    tree: Tree,
    location: str,
    slug: str,
    folder: str,
    needs: Needs,
    origin: Found | None,
    projects: Mapping[str, Found],
    requires_python: str,
    table: Mapping[str, Any],
) -> str:
    """The file: a project that is not installed itself, only its dependencies are."""
    named = {project.name: where for where, project in projects.items() if project.name}
    sources = _sources(tree, folder, needs, origin, named)
    document: dict[str, Any] = {
        "project": {
            "name": _name(slug, {*named, *needs.names}),
            "version": "0.1.0",
            "requires-python": requires_python,
            "dependencies": list(needs.dependencies),
        },
        "dependency-groups": {"dev": dev_group(needs.dev)},
    }
    tool: dict[str, Any] = {}
    settings = _settings(tree, origin)
    if sources or settings:
        tool["uv"] = {**settings, **({"sources": sources} if sources else {})}
    if table:
        tool["dagteam"] = dict(table)
    if tool:
        document["tool"] = tool
    where = f", from {origin.file}" if origin else ""
    return (
        f"# What {location} needs: its dependencies{where} when DagTeam took the repository over.\n"
        "# From now on this file is the place to change them; `python3 tasks.py lock` follows.\n"
        f"{tomli_w.dumps(document)}"
    )


def dev_group(dev: Iterable[str]) -> list[str]:
    """What tests need, with pytest."""
    found = [each for each in dev if name_of(each) != "dagit"]
    has_pytest = any(name_of(each) == "pytest" for each in found)
    return found if has_pytest else [*found, TESTED_WITH]


def guessed(outside: Iterable[str]) -> tuple[str, ...]:
    """Dependencies by what the code imports, where nothing names any."""
    found = {canonicalize_name(INSTALLED_AS.get(name, name)) for name in outside}
    return tuple(sorted({"dagster", *found}))


def python_range(version: str) -> str:
    """`>=3.11,<3.12` for `3.11`; what the kit supports if no version is known."""
    found = re.match(r"3\.(\d+)", version)
    return f">=3.{found[1]},<3.{int(found[1]) + 1}" if found else pythons.requires_python()


def _name(slug: str, taken: set[str]) -> str:
    name = canonicalize_name(re.sub(r"[^A-Za-z0-9]+", "-", slug).strip("-") or "location")
    return f"{name}-location" if name in taken or name.startswith("dagster") else name


def _sources(
    tree: Tree, folder: str, needs: Needs, origin: Found | None, named: Mapping[str, str]
) -> dict[str, Any]:
    """Where uv finds the packages of this repository, and others from elsewhere than an index."""
    given: dict[str, Any] = {}
    if origin:
        document = tree.toml(below(origin.folder, "pyproject.toml"))
        table = document.get("tool", {}).get("uv", {}).get("sources", {})
        given = {canonicalize_name(name): value for name, value in table.items()}
    found: dict[str, Any] = {}
    for name in sorted(needs.names | {name_of(each) for each in needs.dev}):
        value = given.get(name)
        local = _local(origin, value, named.get(name))
        if local:
            path = os.path.relpath(local, folder)
            found[name] = {"path": path, "editable": True}
        elif value is not None:
            found[name] = value
    return found


def _local(origin: Found | None, source: object, named: str | None) -> str | None:
    """The folder of a package of this repository, as its source says it."""
    if not origin or not isinstance(source, Mapping):
        return None
    if source.get("workspace"):
        return named
    return joined(origin.folder, str(source["path"])) if "path" in source else None


def _settings(tree: Tree, origin: Found | None) -> dict[str, Any]:
    if not origin:
        return {}
    document = tree.toml(below(origin.folder, "pyproject.toml"))
    uv = document.get("tool", {}).get("uv", {})
    return {key: uv[key] for key in COPIED if key in uv}


def only_settings(tables: Mapping[str, Any]) -> str:
    """The file of a project that has a setup.py, and no pyproject.toml yet."""
    return (
        f"# Settings of DagTeam; the project itself is in setup.py.\n{tomli_w.dumps(dict(tables))}"
    )
