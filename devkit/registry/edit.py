"""Edits the registry: adds a team's entry to the text of `workspace.yaml`, or removes it.

Only the lines of that entry change, so comments, order and spelling stay as they were written.
(A round trip through ruamel.yaml does not keep them: it attaches a comment to the entry above it,
so that a removed team leaves its own comment behind, and changes the space before inline ones.)
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from devkit.core.errors import DevkitError
from devkit.core.files import replace_text
from devkit.core.paths import REGISTRY, ROOT
from devkit.registry.team import Team

LIST = "load_from:"


def entry(team: Team) -> dict[str, str]:
    """The fields of a team's entry, with paths relative to the registry."""
    return {
        "location_name": team.location,
        "module_name": team.module,
        "working_directory": os.path.relpath(team.directory, ROOT),
        "executable_path": os.path.relpath(team.python, ROOT),
    }


def with_team(text: str, team: Team) -> str:
    """The registry's text with this team after the others.

    Raises:
        DevkitError: if the list can't be edited automatically.
    """
    fields = entry(team)
    lines = text.splitlines()
    spans = _entries(text)
    if spans:
        pad = " " * spans[-1].column
        at = spans[-1].last + 1
    else:
        pad = "  "
        at = next((n for n, line in enumerate(lines, start=1) if line.startswith(LIST)), 0)
        lines = [LIST if number == at else line for number, line in enumerate(lines, start=1)]
    added = [f"{pad}- python_module:", *(f"{pad}    {k}: {v}" for k, v in fields.items())]
    changed = "\n".join([*lines[:at], *added, *lines[at:]]) + "\n"
    return _checked(changed, [*_values(text), {"python_module": fields}])


def without_team(text: str, team: Team) -> str:
    """The registry's text without this team's entry and the comments directly above it.

    Raises:
        DevkitError: if the list can't be edited automatically.
    """
    values = _values(text)
    number = next(n for n, value in enumerate(values) if _location(value) == team.location)
    lines = text.splitlines()
    spans = _entries(text)
    if spans:
        first = spans[number].first
        while lines[first - 1].lstrip().startswith("#"):
            first -= 1
        lines = [*lines[:first], *lines[spans[number].last + 1 :]]
    if len(values) == 1:
        lines = [f"{LIST} []" if line.startswith(LIST) else line for line in lines]
    return _checked("\n".join(lines) + "\n", values[:number] + values[number + 1 :])


def read() -> str:
    """The registry's text as it is now."""
    return REGISTRY.read_text(encoding="utf-8")


def write(text: str) -> None:
    """Replace the registry's text.

    Raises:
        OSError: if it can't be written.
    """
    replace_text(REGISTRY, text)


@dataclass(frozen=True)
class _Span:
    """The lines of one entry, counted from 0, and the column of its dash."""

    first: int
    last: int
    column: int


def _entries(text: str) -> list[_Span]:
    """Where the entries of the list are; none if they are not on lines of their own."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in document.value if isinstance(document, yaml.MappingNode) else ():
        if key.value == "load_from" and isinstance(value, yaml.SequenceNode):
            if value.flow_style:
                return []
            return [
                _Span(
                    first=node.start_mark.line,
                    last=max(scalar.end_mark.line for scalar in _scalars(node)),
                    column=value.start_mark.column,
                )
                for node in value.value
            ]
    return []


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)


def _values(text: str) -> list[object]:
    found: list[object] = yaml.safe_load(text)["load_from"] or []
    return found


def _location(value: object) -> object:
    """The location that an entry names."""
    module = value.get("python_module") if isinstance(value, Mapping) else None
    return module.get("location_name") if isinstance(module, Mapping) else None


def _checked(text: str, wanted: list[object]) -> str:
    """The text, if it lists what is wanted.

    Raises:
        DevkitError: if it does not, since the list is not written as expected.
    """
    try:
        found = _values(text)
    except yaml.YAMLError:
        found = []
    if found != wanted:
        raise DevkitError(
            f"{REGISTRY.name} cannot be edited automatically",
            expected=f"`{LIST}` with a line for each field of each python_module",
            fix=f"edit {REGISTRY.name}",
        )
    return text
