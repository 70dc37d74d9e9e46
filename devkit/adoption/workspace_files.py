"""Reads workspace.yaml files, at the root or elsewhere: every form of entry that Dagster has."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from devkit.adoption import modules
from devkit.adoption.declared import ENTRIES, KINDS, Declarations, Declared, merged
from devkit.adoption.model import Obstacle, Remote
from devkit.adoption.tree import Tree, joined, parent_of

NAME = "workspace.yaml"
NAMES = r"workspace[\w.-]*\.ya?ml"
DEEPEST = 3  # folders below the root


def find(tree: Tree, chosen: str | None = None) -> Declarations:
    """The locations of the chosen file, else of the root's, else of those in folders.

    Of the files in one folder, that named workspace.yaml counts.
    """
    if chosen:
        return read(tree, chosen)
    if tree.has(NAME):
        return read(tree, NAME)
    by_folder: dict[str, str] = {}
    for file in sorted(tree.named(NAMES), key=lambda file: (not file.endswith(NAME), file)):
        if file.count("/") <= DEEPEST and "load_from" in tree.text(file):
            by_folder.setdefault(parent_of(file), file)
    if not by_folder:
        return Declarations()
    return merged([read(tree, file) for file in sorted(by_folder.values())])


def read(tree: Tree, file: str) -> Declarations:
    """The locations in one file; what is wrong with it is an obstacle."""
    try:
        document = yaml.compose(tree.text(file), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return _fault(file, line, f"invalid YAML: {error.problem}", "valid YAML")
    items = _items(document)
    if items is None:
        line = document.start_mark.line + 1 if document else 0
        return _fault(file, line, "it is another tool's", "Dagster's list of code locations")
    locations: list[Declared] = []
    servers: dict[str, Remote] = {}
    obstacles: list[Obstacle] = []
    for item in items:
        for found in _entry(tree, file, item):
            if isinstance(found, Declared):
                locations.append(found)
            elif isinstance(found, Remote):
                servers[_host(found)] = found
            else:
                obstacles.append(found)
    return Declarations(file, tuple(locations), servers, tuple(obstacles))


def _items(document: yaml.Node | None) -> list[yaml.Node] | None:
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if key.value == "load_from":
                return list(value.value) if isinstance(value, yaml.SequenceNode) else []
    return None


def _entry(tree: Tree, file: str, item: yaml.Node) -> Iterator[Declared | Remote | Obstacle]:
    value = _value(item)
    line = item.start_mark.line + 1
    if not isinstance(value, dict) or len(value) != 1:
        yield _unknown(file, line, str(value))
        return
    ((key, fields),) = value.items()
    if key == "grpc_server" and isinstance(fields, dict):
        host, port = fields.get("host", "localhost"), fields.get("port", fields.get("socket"))
        name = str(fields.get("location_name") or f"grpc:{host}:{port}")
        yield Remote(name, value, f"{file}:{line}")
    elif key in KINDS:
        yield _location(tree, file, line, key, fields)
    else:
        yield _unknown(file, line, str(key))


def _location(tree: Tree, file: str, line: int, key: str, fields: Any) -> Declared | Obstacle:
    kind = KINDS[key]
    target = ENTRIES[kind][1]
    given = {target: fields} if isinstance(fields, str) else dict(fields or {})
    here = parent_of(file)
    text = str(given.get(target) or "")
    if not text:
        return _unknown(file, line, f"{key} without {target}")
    if kind == "file":
        text = _path(tree, here, text) or ""
        if not text:
            return _outside(file, line, target, str(given[target]))
        given[target] = text
    folder = None if here == "." else _started_in(tree, kind, here, text)
    if directory := given.get("working_directory"):
        folder = _directory(tree, here, str(directory), text)
        if folder is None:
            return _outside(file, line, "working_directory", str(directory))
        if PurePosixPath(str(directory)).is_absolute():
            given["working_directory"] = folder
    return Declared(
        kind=kind,
        value=text,
        file=file,
        line=line,
        attribute=given.get("attribute"),
        name=given.get("location_name"),
        folder=folder,
        runs_in=here if folder == here else ".",
        fields=given,
    )


def _path(tree: Tree, here: str, text: str) -> str | None:
    """A file's path: relative to the workspace file, as Dagster has it, else to the root.

    One in an image, `/opt/app/sales/repo.py`, is the file here that its end names.
    """
    found = [joined(here, text), joined(".", text), *_ends(text)]
    return next((each for each in found if each and tree.has(each)), found[0])


def _directory(tree: Tree, here: str, text: str, value: str) -> str | None:
    """A working directory: relative to where Dagster is started, which the file does not say.

    One in an image, such as `/opt/app`, is the folder here that its end names; else the root, if
    the code is found from there.
    """
    found = [joined(here, text), joined(".", text), *_ends(text)]
    known = next((each for each in found if each in tree.folders), None)
    if known or not PurePosixPath(text).is_absolute():
        return known or found[1]
    return "." if modules.longest(tree, value.partition(".")[0], ".") or tree.has(value) else None


def _ends(text: str) -> list[str]:
    """The ends of an absolute path, the longest first."""
    parts = PurePosixPath(text).parts[1:] if PurePosixPath(text).is_absolute() else ()
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _started_in(tree: Tree, kind: str, here: str, value: str) -> str | None:
    """The folder that a workspace file elsewhere is started in: its own if the code is there."""
    if kind == "file":
        return here
    top = value.partition(".")[0]
    is_here = f"{here}/{top}" in tree.folders or tree.has(f"{here}/{top}.py")
    return here if is_here else None


def _value(node: yaml.Node) -> Any:
    """What Dagster would read in a node: texts stay texts, as `1.10` in a name."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        is_text = node.tag in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:float")
        return node.value if is_text else yaml.safe_load(node.value or "null")
    return None


def _host(remote: Remote) -> str:
    return str(remote.entry["grpc_server"].get("host", remote.location))


def _outside(file: str, line: int, name: str, text: str) -> Obstacle:
    why = "is a path of one machine" if PurePosixPath(text).is_absolute() else "leaves the root"
    return Obstacle(
        file, line, f"{name} {why}: {text}", "a path below the root", f"correct {name} in {file}"
    )


def _unknown(file: str, line: int, found: str) -> Obstacle:
    return Obstacle(
        file,
        line,
        f"an entry that can't be read: {found}",
        "python_module, python_package, python_file or grpc_server",
        f"correct the entry in {file}",
    )


def _fault(file: str, line: int, what: str, expected: str) -> Declarations:
    fix = f"correct or rename {file}: the registry has this name"
    obstacle = Obstacle(file, line, f"{file} can't be the registry: {what}", expected, fix)
    return Declarations(file, obstacles=(obstacle,))
