"""Reads the locations in the files of Dagster+: dagster_cloud.yaml, also by its older names."""

from typing import Any

import yaml

from devkit.adoption.declared import KINDS, Declarations, Declared
from devkit.adoption.model import Kind, Obstacle, below
from devkit.adoption.tree import Tree, joined, parent_of

NAMES = r"dagster[_-]cloud\.ya?ml"
SOURCES: dict[str, Kind] = {
    "module_name": "module",
    "package_name": "package",
    "python_file": "file",
}


def find(tree: Tree) -> Declarations:
    """The locations of the file at the root, or else in the folders nearest to it."""
    files = tree.named(NAMES)
    depth = files[0].count("/") if files else 0
    found: list[Declared] = []
    obstacles: list[Obstacle] = []
    chosen = [file for file in files if file.count("/") == depth]
    for file in chosen:
        try:
            document = yaml.safe_load(tree.text(file))
        except yaml.YAMLError:
            obstacles.append(
                Obstacle(file, 0, f"{file}: invalid YAML", "valid YAML", f"correct {file}")
            )
            continue
        listed = document.get("locations", []) if isinstance(document, dict) else []
        for name, item in _named(listed):
            location = _location(tree, file, name, item)
            if location:
                found.append(location)
    return Declarations(", ".join(chosen), tuple(found), obstacles=tuple(obstacles))


def _named(listed: Any) -> list[tuple[str, dict[str, Any]]]:
    """The locations with their names, in a list or (of old) in a mapping."""
    if isinstance(listed, dict):
        return [(str(name), item) for name, item in listed.items() if isinstance(item, dict)]
    items = [item for item in listed if isinstance(item, dict)]
    return [(str(item.get("location_name", "")), item) for item in items]


def _location(tree: Tree, file: str, name: str, item: dict[str, Any]) -> Declared | None:
    source = {**item, **(item.get("code_source") or {})}
    field = next((field for field in (*SOURCES, *KINDS) if isinstance(source.get(field), str)), "")
    if not field:
        return None
    kind = SOURCES.get(field) or KINDS[field]
    build = item.get("build") or {}
    own = joined(parent_of(file), str(build.get("directory") or ".")) or "."
    inside = str(item.get("working_directory") or source.get("working_directory") or ".")
    folder = joined(own, inside) or own
    value = str(source[field])
    if kind == "file":
        value = _file(tree, (folder, own, parent_of(file)), value)
    return Declared(
        kind=kind,
        value=value,
        file=file,
        line=tree.line(file, rf"\b{name}\b"),
        attribute=source.get("attribute") or item.get("attribute"),
        name=name or None,
        folder=folder if folder in tree.folders else None,
        own=own if own in tree.folders else None,
        runs_in=own if own in tree.folders else ".",
    )


def _file(tree: Tree, folders: tuple[str, ...], value: str) -> str:
    candidates = [below(folder, value.removeprefix("./")) for folder in folders]
    return next(filter(tree.has, candidates), candidates[0])
