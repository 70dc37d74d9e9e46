"""Edits an existing workspace.yaml: its entries get what a team needs, and every comment stays."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import yaml

from devkit.adoption.model import PlannedTeam

LIST = "load_from"
# The field that a short form, which is one text, stands for.
SHORT = {
    "python_module": "module_name",
    "python_package": "package_name",
    "python_file": "relative_path",
    "autoload_defs_module": "module_name",
}
Edit = tuple[int, int, str]  # from, to, and what replaces that part of the text


def edited(text: str, teams: Sequence[PlannedTeam]) -> str | None:
    """The registry's text with the planned entry of each team; None if it can't be edited so.

    Entries that are no team's, such as `grpc_server`, stay as they are.
    """
    items = _items(text)
    if not items:
        return None
    values = yaml.safe_load(text)[LIST]
    wanted = [_planned(value, teams) or value for value in values]
    edits = [
        edit
        for node, value, entry in zip(items, values, wanted, strict=True)
        if entry != value
        for edit in _edits(text, node, entry)
    ]
    changed = text
    for start, end, new in sorted(edits, reverse=True):
        changed = changed[:start] + new + changed[end:]
    try:
        found = yaml.safe_load(changed)[LIST]
    except yaml.YAMLError:
        return None
    return changed if found == wanted else None


def rewritten(text: str, teams: Sequence[PlannedTeam]) -> str:
    """The registry's text with a new list, where the old one can't be edited: comments are lost."""
    document = yaml.safe_load(text) or {}
    values = document.get(LIST) or []
    document[LIST] = [_planned(value, teams) or value for value in values]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def reverted(original: str, written: str, now: str) -> str | None:
    """A registry that was edited since, with the lines that were written as they were before.

    None if some of these lines are not there any more, or not only once.
    """
    before, after = original.splitlines(keepends=True), written.splitlines(keepends=True)
    for kind, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            continue
        lines = "".join(after[start:end])
        if not lines or f"\n{now}".count(f"\n{lines}") != 1:
            return None
        now = f"\n{now}".replace(f"\n{lines}", "\n" + "".join(before[first:last]))[1:]
    return now


def _planned(value: object, teams: Sequence[PlannedTeam]) -> dict[str, Any] | None:
    """The planned entry for an entry of the registry; None if it is no team's."""
    given = _long(value)
    for team in teams:
        wanted = _long(team.entry)
        kinds = given.keys() == wanted.keys()
        if kinds and all(_agree(kind, given[kind], wanted[kind]) for kind in given):
            return {kind: dict(fields) for kind, fields in team.entry.items()}
    return None


def _long(value: object) -> dict[str, Mapping[str, Any]]:
    """An entry in its long form."""
    if not isinstance(value, Mapping):
        return {}
    return {
        kind: fields if isinstance(fields, Mapping) else {SHORT.get(kind, ""): fields}
        for kind, fields in value.items()
    }


def _agree(kind: str, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether two entries load the same: a location's name counts only if it is given."""
    names = (SHORT.get(kind, ""), "attribute")
    named = "location_name" in given
    same = all(given.get(name) == wanted.get(name) for name in names)
    return same and (not named or given["location_name"] == wanted.get("location_name"))


def _items(text: str) -> list[yaml.Node]:
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in document.value if isinstance(document, yaml.MappingNode) else ():
        if key.value == LIST and isinstance(value, yaml.SequenceNode):
            return list(value.value)
    return []


def _edits(text: str, item: yaml.Node, entry: Mapping[str, Any]) -> Iterator[Edit]:
    """The changes of the text that make an item of the list the planned entry."""
    if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
        return
    (key, node), (fields,) = item.value[0], entry.values()
    if isinstance(node, yaml.ScalarNode):
        start, end = node.start_mark.index, node.end_mark.index
        if item.flow_style:
            yield start, end, _flow(fields)
            return
        pad = " " * (key.start_mark.column + 2)
        lines = "".join(f"\n{pad}{name}: {_scalar(value)}" for name, value in fields.items())
        rest = text.find("\n", end)
        rest = len(text) if rest < 0 else rest
        before = start - 1 if text[start - 1] == " " else start
        yield before, end, ""
        yield rest, rest, lines
    elif isinstance(node, yaml.MappingNode):
        yield from _fields(text, node, fields)


def _fields(text: str, node: yaml.MappingNode, fields: Mapping[str, Any]) -> Iterator[Edit]:
    """The changes that give a mapping these fields; its others stay."""
    known = {key.value: value for key, value in node.value}
    for name, value in fields.items():
        old = known.get(name)
        if isinstance(old, yaml.ScalarNode) and yaml.safe_load(_source(text, old)) != value:
            yield old.start_mark.index, old.end_mark.index, _scalar(value)
    new = {name: value for name, value in fields.items() if name not in known}
    if not new:
        return
    if node.flow_style:
        at = node.end_mark.index - 1
        yield at, at, f", {_flow(new)[1:-1]}"
        return
    last = max(value.end_mark.index for _, value in node.value)
    at = text.find("\n", last) if text[last - 1] != "\n" else last - 1
    at = len(text) if at < 0 else at
    pad = " " * node.value[0][0].start_mark.column
    yield at, at, "".join(f"\n{pad}{name}: {_scalar(value)}" for name, value in new.items())


def _source(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _scalar(value: object) -> str:
    """A text as YAML has it on a line."""
    return yaml.safe_dump(value, allow_unicode=True, width=10_000).partition("\n")[0]


def _flow(fields: Mapping[str, Any]) -> str:
    dumped = yaml.safe_dump(
        dict(fields), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000
    )
    return dumped.strip()
