"""Selects a part of the graph by an expression like Dagster's asset selections; pure."""

import re
from typing import Literal

from devkit.core.errors import DevkitError
from devkit.core.wording import did_you_mean, few
from devkit.lineage.graph import Graph, neighbors, only
from devkit.registry.team import SUFFIX

# A term of a selection, and the operators between two terms.
TERM = re.compile(
    r"(?:(?P<up>\d*)\+)?(?:(?P<field>key|team|group):)?"
    r'(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s,+"]+))(?:\+(?P<down>\d*))?'
)
OR = re.compile(r"\s*(?:,|\bor\b)\s*", re.IGNORECASE)
SYNTAX = 'penguins, penguins+, 2+penguins+1, ml_*, key:"a/b", team:ml, group:ml; between two: or'
SHOWN = 20  # of the known names, in a message


def select(graph: Graph, expression: str) -> Graph:
    """The part of a graph that an expression selects.

    `penguins+`: with everything downstream; `2+penguins+1`: with two steps upstream and one
    downstream; `*` in a name matches anything; `key:"a/b"`, `team:ml`, `group:ml`; `or` or a comma
    between two terms.

    Raises:
        DevkitError: if the expression is invalid, or a name does not exist, with the nearest one.
    """
    expression = expression.strip()
    chosen: set[str] = set()
    at = 0
    while True:
        term = TERM.match(expression, at)
        operator = term and OR.match(expression, term.end())
        if term is None or (operator is None and term.end() < len(expression)):
            rest = expression[term.end() if term else at :].strip()
            raise DevkitError(
                f"invalid selection: {expression}",
                expected=SYNTAX,
                found=repr(rest) if rest else "nothing",
                fix="see `invoke --help lineage`",
            )
        field = term["field"] or "key"
        named = _named(graph, field, term["bare"] if term["quoted"] is None else term["quoted"])
        chosen |= named | _reached(graph, named, term["up"], "up")
        chosen |= _reached(graph, named, term["down"], "down")
        if operator is None:
            return only(graph, chosen)
        at = operator.end()


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
        raise DevkitError(
            f"{what} {name!r} not found{did_you_mean(name, index)}",
            expected=", ".join(few(sorted(index), SHOWN)) or None,
            fix="see `invoke lineage --format json`",
        )
    return set().union(*found)


def _reached(
    graph: Graph, start: set[str], steps: str | None, which: Literal["up", "down"]
) -> set[str]:
    """The keys upstream or downstream of `start`: `steps` steps; all if empty, none if None."""
    if steps is None:
        return set()
    next_to = neighbors(graph, which)
    found = frontier = start
    for _ in range(int(steps) if steps else len(graph.nodes)):
        frontier = {other for key in frontier for other in next_to[key]} - found
        found = found | frontier
    return found
