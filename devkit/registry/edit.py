"""Writes the registry: the entry of a team, added to or taken from the text of `workspace.yaml`.

A text is changed in the lines of that entry and nowhere else, so comments, order and spelling stay
as somebody wrote them.
"""

import os
import shutil
from collections.abc import Iterator, Mapping

import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.registry.workspace import Team

FILE = ROOT / "workspace.yaml"
LIST = "load_from:"


def entry(team: Team) -> dict[str, str]:
    """The fields of a team's entry; paths as the file has them."""
    return {
        "location_name": team.location,
        "module_name": team.module,
        "working_directory": os.path.relpath(team.directory, ROOT),
        "executable_path": os.path.relpath(team.python, ROOT),
    }


def with_team(text: str, team: Team) -> str:
    """The registry's text with this team after the others.

    Raises:
        DevkitError: if the list is written in a way that can't be added to.
    """
    fields = entry(team)
    lines = text.splitlines()
    places = _entries(text)
    if places:
        pad = " " * places[-1].column
        at = places[-1].last + 1
    else:
        pad = "  "
        at = next((n for n, line in enumerate(lines, start=1) if line.startswith(LIST)), 0)
        lines = [LIST if number == at else line for number, line in enumerate(lines, start=1)]
    added = [f"{pad}- python_module:", *(f"{pad}    {k}: {v}" for k, v in fields.items())]
    changed = "\n".join([*lines[:at], *added, *lines[at:]]) + "\n"
    return _checked(changed, [*_values(text), {"python_module": fields}], "add")


def without_team(text: str, team: Team) -> str:
    """The registry's text without this team's entry and the comments directly above it.

    Raises:
        DevkitError: if the list is written in a way that nothing can be taken from.
    """
    values = _values(text)
    number = next(n for n, value in enumerate(values) if _location(value) == team.location)
    lines = text.splitlines()
    places = _entries(text)
    if places:
        place = places[number]
        first = place.first
        while lines[first - 1].lstrip().startswith("#"):
            first -= 1
        lines = [*lines[:first], *lines[place.last + 1 :]]
    if len(values) == 1:
        lines = [f"{LIST} []" if line.startswith(LIST) else line for line in lines]
    return _checked("\n".join(lines) + "\n", values[:number] + values[number + 1 :], "remove")


def read() -> str:
    """The registry's text as it is now."""
    return FILE.read_text(encoding="utf-8")


def write(text: str) -> None:
    """Put a new text in the registry's place: a reader sees the old one or the new one."""
    fresh = FILE.with_name(f"{FILE.name}.new")
    fresh.write_text(text, encoding="utf-8")
    shutil.copymode(FILE, fresh)
    fresh.replace(FILE)


class _Place:
    """The lines of one entry, counted from 0, and the column of its dash."""

    def __init__(self, node: yaml.Node, column: int) -> None:
        self.first = node.start_mark.line
        self.last = max(each.end_mark.line for each in _scalars(node))
        self.column = column


def _entries(text: str) -> list[_Place]:
    """Where the entries of the list are, if it has a line for each field."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in document.value if isinstance(document, yaml.MappingNode) else ():
        if key.value == "load_from" and isinstance(value, yaml.SequenceNode):
            if value.flow_style:
                return []
            return [_Place(node, value.start_mark.column) for node in value.value]
    return []


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for each in pair:
                yield from _scalars(each)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _scalars(each)


def _values(text: str) -> list[object]:
    found: list[object] = yaml.safe_load(text)["load_from"] or []
    return found


def _location(value: object) -> object:
    """The location that an entry names."""
    module = value.get("python_module") if isinstance(value, Mapping) else None
    return module.get("location_name") if isinstance(module, Mapping) else None


def _checked(text: str, wanted: list[object], doing: str) -> str:
    """The text, if it says what it is to say."""
    try:
        said = _values(text)
    except yaml.YAMLError:
        said = []
    if said != wanted:
        raise DevkitError(
            f"{FILE.name} is written in a way that `invoke` can't {doing} a team in",
            expected=f"`{LIST}` with a line for each field of each python_module",
            fix=f"edit {FILE.name}",
        )
    return text
