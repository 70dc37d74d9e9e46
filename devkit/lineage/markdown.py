"""The graph in Markdown: a page of the documentation and a comment on a pull request; pure."""

import re
from collections.abc import Iterable, Sequence

from devkit.contracts.snapshot import Finding
from devkit.core.paths import ROOT
from devkit.lineage import style
from devkit.lineage.graph import Difference, Edge, Graph, Node, neighbours, only, overview
from devkit.lineage.mermaid import mermaid

COMMAND = "invoke lineage --output docs/lineage.md"

# What Mermaid, as GitHub has it, draws at most; and what a comment there can hold of it.
MOST_EDGES = 499
MOST_CHARACTERS = 49_000
MOST_IN_COMMENT = 25_000
LISTED = 40  # of the items of one list in a comment, which may have 65536 characters


def markdown(graph: Graph) -> str:
    """The page `docs/lineage.md`: the picture, and a table of all assets."""
    readers = neighbours(graph, "down")
    nodes = graph.by_key
    table = ["| asset | team | kinds | read by |", "|---|---|---|---|"]
    for node in graph.nodes:
        reading = {nodes[key].team for key in readers[node.key]}
        teams = ", ".join(team for team in graph.teams if team in reading)
        kinds = ", ".join(node.kinds)
        cells = (_code(node.key), _maker(node), _prose(kinds), _prose(teams))
        table.append("|" + "|".join(f" {cell} ".replace("  ", " ") for cell in cells) + "|")
    made = f"Made by `{COMMAND}`; no hand edits."
    rows = table if graph.nodes else ["There are no assets."]
    parts = ["# Lineage", made, *_picture(graph, None, MOST_CHARACTERS), "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def pull_request(
    difference: Difference, findings: Sequence[Finding] = (), notes: Sequence[str] = ()
) -> str:
    """A comment for a pull request: what breaks, what is added and removed, and a picture.

    `notes` are sentences on what this does not know.
    """
    parts = ["## Lineage"]
    broken = [
        f"`{one.code}`: {_sentence(one.message)}{_at(one)}\n  To mend: {_sentence(one.fix)}"
        for one in findings
    ]
    parts += _list(f"Breaks ({len(broken)})", broken)
    parts += [] if difference.empty else _changes(difference)
    if difference.empty:
        parts.append("Nothing changes in the graph.")
    elif not findings:
        parts.append("Nothing breaks.")
    parts += _list("Note", [_sentence(note) for note in notes])
    return "\n\n".join(parts) + "\n"


def _changes(difference: Difference) -> list[str]:
    """The lists of a comment on a difference, and the picture of what is near to it."""
    both = difference.both
    nodes, was = both.by_key, difference.before.by_key
    readers = neighbours(difference.before, "down")
    removed = []
    for node in difference.removed:
        lost = {was[key].team for key in readers[node.key]} - {node.team, None}
        text = f"{_code(node.key)} ({_maker(node)})"
        names = ", ".join(team for team in difference.before.teams if team in lost)
        removed.append(f"{text}, which {_prose(names)} read" if names else text)
    changed = {node.key for node in (*difference.added, *difference.removed)}
    changed |= {node.key for node, _ in difference.moved}

    def reads(edges: Iterable[Edge]) -> list[str]:
        kept = [edge for edge in edges if changed.isdisjoint(edge)]
        return [f"{_code(reader)} reads {_code(read)}" for read, reader in kept]

    new, old = reads(difference.added_edges), reads(difference.removed_edges)
    edges = {key for edge in (*difference.added_edges, *difference.removed_edges) for key in edge}
    near = changed | edges
    near |= {key for edge in both.edges if not changed.isdisjoint(edge) for key in edge}
    moved = [f"{_code(a.key)}: from {_maker(a)} to {_maker(b)}" for a, b in difference.moved]
    added = [f"{_code(node.key)} ({_maker(node)})" for node in difference.added]
    return [
        *_list(f"Added ({len(added)})", added),
        *_list(f"Removed ({len(removed)})", removed),
        *_list(f"Made by another team ({len(moved)})", moved),
        *_list(f"New reads ({len(new)})", new),
        *_list(f"Reads no more ({len(old)})", old),
        *_picture(only(both, near & nodes.keys()), difference, MOST_IN_COMMENT),
    ]


def _picture(graph: Graph, difference: Difference | None, most: int) -> list[str]:
    """The graph in Mermaid; the teams alone, or a sentence, where that is too much to draw."""
    tries = (
        ("", graph, difference),
        ("There are too many assets for a picture: these are the teams.", overview(graph), None),
    )
    for sentence, drawn, marked in tries:
        text = mermaid(drawn, marked)
        if len(drawn.edges) <= MOST_EDGES and len(text) <= most:
            colours = "Green: added. Red and dashed: removed or made by nobody." if marked else ""
            return [*filter(None, (sentence, f"```mermaid\n{text}```", colours))]
    return ["There is too much for a picture: `invoke lineage --select` draws a part."]


def _list(title: str, items: Sequence[str]) -> list[str]:
    """A titled list, cut where it is long; nothing for no items."""
    more = [f"and {len(items) - LISTED} more"] if len(items) > LISTED else []
    rows = [f"- {item}" for item in (*items[:LISTED], *more)]
    return [f"**{title}**", "\n".join(rows)] if items else []


def _code(key: str) -> str:
    """A key as code in Markdown, in a table too."""
    if re.fullmatch(r"[A-Za-z0-9_.:/-]+", key):
        return f"`{key}`"
    return f"<code>{style.entities(key, '&#{};')}</code>"


def _prose(text: str) -> str:
    return style.entities(text, "&#{};")


def _maker(node: Node) -> str:
    if node.team:
        return _prose(node.team)
    return "**nobody**" if node.missing else f"external: {_prose(node.external or '')}"


def _sentence(text: str) -> str:
    """A sentence of the kit's own as Markdown in one line: code stays, nothing else is HTML."""
    escape = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    line = " ".join(text.split())
    return re.sub(r"`[^`]*`|[<>&]", lambda found: escape.get(found[0], found[0]), line)


def _at(finding: Finding) -> str:
    return f" ({_code(finding.place.relative_to(ROOT))})" if finding.place else ""
