"""The projects of the repository: folders with dependencies, in whichever form, and their names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from packaging.utils import canonicalize_name

from devkit.adoption import pins, poetry, requirements_txt, setup_files
from devkit.adoption.buildable import fault
from devkit.adoption.model import below
from devkit.adoption.needs import Needs, is_valid, unique
from devkit.adoption.tree import Tree, joined, parent_of

Form = Literal["project", "poetry", "setup", "requirements", "pipfile"]
FILES = r"pyproject\.toml|setup\.py|setup\.cfg|Pipfile|requirements[\w-]*\.(txt|in)"
DEV = ("dev", "test", "tests", "testing")


@dataclass(frozen=True)
class Found:
    """A folder with dependencies.

    `fault` is why the project can't be installed from there, None if it can; `extends` is whether
    its requirements files name packages that the project itself does not.
    """

    folder: str
    form: Form
    file: str
    name: str
    needs: Needs
    fault: str | None = None
    extends: bool = False

    @property
    def is_project(self) -> bool:
        """Whether it is one for pip and uv, which read its dependencies from where they are."""
        return self.form in ("project", "poetry", "setup")


def projects(tree: Tree) -> dict[str, Found]:
    """All projects by folder; a folder of requirements files belongs to the one above it."""
    folders = {parent_of(file) for file in tree.named(FILES)}
    found: dict[str, Found] = {}
    for folder in sorted(folders):
        one = read(tree, folder)
        if one:
            found[folder] = one
    return found


def read(tree: Tree, folder: str) -> Found | None:
    """The project in a folder, None if it has no dependencies of its own there."""
    file = below(folder, "pyproject.toml")
    document = tree.toml(file) if tree.has(file) else {}
    extra = requirements_txt.read(tree, folder)
    form, source, name, needs = _own(tree, folder, file, document, extra)
    if form is None:
        return None
    locked, lock = pins.read(tree, folder)
    listed_here = form in ("requirements", "pipfile")
    extends = not listed_here and bool(extra.dependencies) and not _has_dagster(needs)
    whole = needs.plus(extra) if extends or listed_here else needs.plus(
        Needs(paths=extra.paths, pins=extra.pins, found=extra.found, notes=extra.notes)
    )  # fmt: skip
    if locked:
        places = {**whole.found, "pins": lock}
        whole = replace(whole, pins=locked, found=places)
    why = None if listed_here else fault(tree, folder, document, name)
    return Found(folder, form, source, canonicalize_name(name) if name else "", whole, why, extends)


def _own(
    tree: Tree, folder: str, file: str, document: dict[str, Any], extra: Needs
) -> tuple[Form | None, str, str, Needs]:
    """The form of a folder's project, its file, its name, and what it says itself."""
    if isinstance(document.get("project"), dict):
        name = str(document["project"].get("name", ""))
        needs = _pep621(tree, folder, file, document)
        dynamic = document["project"].get("dynamic", [])
        if "dependencies" in dynamic:
            needs = needs.plus(setup_files.read(tree, folder)).plus(extra)
        if "poetry" in document.get("tool", {}):
            needs = needs.plus(poetry.read(tree, folder))
        return "project", file, name, needs
    table = document.get("tool", {}).get("poetry")
    if isinstance(table, dict) and "dependencies" in table:
        return "poetry", file, str(table.get("name", "")), poetry.read(tree, folder)
    if setup_files.is_project(tree, folder):
        script = below(folder, "setup.py")
        source = script if tree.has(script) else below(folder, "setup.cfg")
        return "setup", source, setup_files.name(tree, folder), setup_files.read(tree, folder)
    if tree.has(below(folder, "Pipfile")):
        return "pipfile", below(folder, "Pipfile"), "", poetry.read_pipfile(tree, folder)
    if extra:
        return "requirements", str(extra.found.get("dependencies", folder)), "", extra
    return None, "", "", Needs()


def _pep621(tree: Tree, folder: str, file: str, document: dict[str, Any]) -> Needs:
    project, uv = document["project"], document.get("tool", {}).get("uv", {})
    extras = project.get("optional-dependencies", {})
    groups = document.get("dependency-groups", {})
    dev = [text for name in DEV for text in extras.get(name, [])]
    dev += [text for name in DEV for text in _group(groups, name)]
    dev += uv.get("dev-dependencies", [])
    places = {
        "dependencies": tree.place(file, r"^dependencies\s*="),
        "requires_python": tree.place(file, r"^requires-python\s*="),
        "dev": tree.place(file, r"^(dev|test)\s*=|^dev-dependencies"),
    }
    return Needs(
        dependencies=tuple(filter(is_valid, project.get("dependencies", []))),
        dev=unique(filter(is_valid, dev)),
        requires_python=str(project.get("requires-python", "")),
        paths={path: place for path, _, place in _sources(tree, folder, file, uv) if path},
        outside={text: place for path, text, place in _sources(tree, folder, file, uv) if not path},
        found={field: place for field, place in places.items() if ":" in place},
    )


def _group(groups: dict[str, Any], name: str) -> Iterator[str]:
    for item in groups.get(name, []):
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and item.get("include-group") != name:
            yield from _group(groups, str(item.get("include-group")))


def _sources(
    tree: Tree, folder: str, file: str, uv: dict[str, Any]
) -> Iterator[tuple[str | None, str, str]]:
    """The path sources: the folder (None if it is outside), as it is written, and the place."""
    for name, value in uv.get("sources", {}).items():
        for source in value if isinstance(value, list) else [value]:
            if isinstance(source, dict) and "path" in source:
                text = str(source["path"])
                place = tree.place(file, rf"^[\"']?{re.escape(name)}[\"']?\s*=")
                yield joined(folder, text), text, place


def _has_dagster(needs: Needs) -> bool:
    return any(name.startswith("dagster") for name in needs.names)
