"""A part of the graph by an expression, in the spirit of Dagster's selections; pure."""

import difflib
import re
from typing import Literal

from devkit.core.errors import DevkitError
from devkit.lineage.graph import Graph, neighbours, only
from devkit.registry.workspace import SUFFIX

# A term of a selection, and what joins two of them.
TERM = re.compile(
    r"(?:(?P<up>\d*)\+)?(?:(?P<field>key|team|group):)?"
    r'(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s,+"]+))(?:\+(?P<down>\d*))?'
)
OR = re.compile(r"\s*(?:,|\bor\b)\s*", re.IGNORECASE)
SYNTAX = 'penguins, penguins+, 2+penguins+1, ml_*, key:"a/b", team:ml, group:ml; between two: or'
SHOWN = 20  # of the names that there are, in a message


def select(graph: Graph, expression: str) -> Graph:
    """The part of a graph that an expression names, in the spirit of Dagster's selections.

    `penguins+`: and all downstream of it; `2+penguins+1`: two steps up and one down; `*` in a
    name stands for anything; `key:"a/b"`, `team:ml`, `group:ml`; `or` or a comma between two.

    Raises:
        DevkitError: for what can't be read, or a name that is not there, with the nearest one.
    """
    expression = expression.strip()
    chosen: set[str] = set()
    at = 0
    while True:
        term = TERM.match(expression, at)
        joint = term and OR.match(expression, term.end())
        if term is None or (joint is None and term.end() < len(expression)):
            raise DevkitError(
                f"the selection can't be read: {expression}",
                expected=SYNTAX,
                found=repr(expression[term.end() if term else at :].strip() or "nothing"),
                fix="see `invoke --help lineage`",
            )
        field = term["field"] or "key"
        named = _named(graph, field, term["bare"] if term["quoted"] is None else term["quoted"])
        chosen |= named | _reached(graph, named, term["up"], "up")
        chosen |= _reached(graph, named, term["down"], "down")
        if joint is None:
            return only(graph, chosen)
        at = joint.end()


def _named(graph: Graph, field: str, name: str) -> set[str]:
    """The keys of the nodes whose key, team or group has this name."""
    index: dict[str, set[str]] = {team: set() for team in graph.teams} if field == "team" else {}
    for node in graph.nodes:
        if value := getattr(node, field):
            index.setdefault(value, set()).add(node.key)
    if field == "team" and name not in index:
        name = name.removesuffix(SUFFIX)
    pattern = re.compile(".*".join(map(re.escape, name.split("*"))), re.DOTALL)
    found = [keys for value, keys in index.items() if pattern.fullmatch(value)]
    if not found:
        what = "asset" if field == "key" else field
        near = difflib.get_close_matches(name, index, n=1, cutoff=0.5)
        known = sorted(index)
        raise DevkitError(
            f"there is no {what} {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            expected=", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "") or None,
            fix="see `invoke lineage --format json`",
        )
    return set().union(*found)


def _reached(
    graph: Graph, start: set[str], steps: str | None, which: Literal["up", "down"]
) -> set[str]:
    """What lies up or down of the start: no steps for None, all of them for an empty text."""
    if steps is None:
        return set()
    next_to = neighbours(graph, which)
    found, edge, left = set(start), set(start), int(steps) if steps else len(graph.nodes)
    while edge and left:
        edge = {key for here in edge for key in next_to[here]} - found
        found |= edge
        left -= 1
    return found
