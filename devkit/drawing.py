"""Draws a graph of assets as text: Mermaid, SVG, JSON and Markdown; pure.

With a difference, draw `difference.both` or a part of it: what was added is green, what was
removed red and dashed, what has another maker yellow. Every text ends with a line feed.

A key may hold any character. In Mermaid and Markdown all but letters, digits and what stands
between two of them becomes a numbered entity. Past 250 lines because one palette, one set of
marks and one way to say what an asset is serve all formats.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple
from xml.etree import ElementTree as ET

from devkit.bootstrap import ROOT
from devkit.contracts.survey import Finding
from devkit.lineage import Difference, Edge, Graph, Node, neighbours, only, overview, ranks

VERSION = 1
COMMAND = "invoke lineage --output docs/lineage.md"

# What Mermaid, as GitHub has it, draws at most; and what a comment there can hold of it.
MOST_EDGES = 499
MOST_CHARACTERS = 49_000
MOST_IN_COMMENT = 25_000
LISTED = 40  # of the items of one list in a comment, which may have 65536 characters

# By mark: fill, line and text, which are readable on a light page and on a dark one.
PALETTE = {
    "external": ("#eaeef2", "#6e7781", "#24292f"),
    "missing": ("#ffebe9", "#cf222e", "#82071e"),
    "added": ("#dafbe1", "#1a7f37", "#044f1e"),
    "removed": ("#ffebe9", "#cf222e", "#82071e"),
    "moved": ("#fff8c5", "#9a6700", "#4d2d00"),
}
PLAIN = ("#ffffff", "#57606a", "#1f2328")
DASHED = ("missing", "removed")

RISKY = re.compile(r"(?<![^\W_])[ _/-]|[ _/-](?![^\W_])|[^\w /-]")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# The SVG's measures, in pixels.
MARGIN, HEAD, ROW, HEIGHT, GAP, CHARACTER = 16, 34, 56, 42, 72, 7.3
LONGEST = 34  # characters of a text in a box: the whole one is its title


def mermaid(graph: Graph, difference: Difference | None = None) -> str:
    """A flowchart with a subgraph for each team that has assets, as GitHub draws it."""
    marks, edge_marks = _marks(graph, difference)
    ids = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}

    def boxes(team: str | None, indent: str) -> list[str]:
        mine = [node for node in graph.nodes if node.team == team]
        return [f'{indent}{ids[node.key]}["{_label(node)}"]' for node in mine]

    lines = ["flowchart LR"]
    for number, team in enumerate(graph.teams):
        if inside := boxes(team, "        "):
            title = f'    subgraph t{number}["{_entities(team)}"]'
            lines += [title, *inside, "    end"]
    lines += boxes(None, "    ") if graph.nodes else ['    empty["no assets"]']
    for (read, reader), mark in edge_marks.items():
        lines.append(f"    {ids[read]} {'-.->' if mark in DASHED else '-->'} {ids[reader]}")
    for mark, (fill, line, text) in PALETTE.items():
        links = [str(n) for n, found in enumerate(edge_marks.values()) if found == mark]
        if links:
            lines.append(f"    linkStyle {','.join(links)} stroke:{line},stroke-width:2px")
        if chosen := [ids[key] for key, found in marks.items() if found == mark]:
            style = f"fill:{fill},stroke:{line},color:{text}"
            style += ",stroke-dasharray:5 3" if mark in DASHED else ""
            style += ",text-decoration:line-through" if mark == "removed" else ""
            lines += [f"    classDef {mark} {style}", f"    class {','.join(chosen)} {mark}"]
    return "\n".join(lines) + "\n"


def as_json(graph: Graph) -> str:
    """One object: `version`, `teams`, and lists of objects.

    `assets`: `key`, `team` (short name, or null), `group`, `kinds`, `external` (a text, or
    null), `missing`. `edges`: `read`, `reader`, both keys. `sensors`: `team`, `name`, `keys`
    (what it watches).
    """
    document = {
        "version": VERSION,
        "teams": graph.teams,
        "assets": [{**asdict(node), "missing": node.missing} for node in graph.nodes],
        "edges": [{"read": read, "reader": reader} for read, reader in graph.edges],
        "sensors": [asdict(watch) for watch in graph.watches],
    }
    return json.dumps(document, indent=1) + "\n"


def svg(graph: Graph, difference: Difference | None = None) -> str:
    """A picture with a lane for each team: assets to the right of what they read."""
    marks, edge_marks = _marks(graph, difference)
    layout = _layout(graph)
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    root.attrib["viewBox"] = f"0 0 {layout.width} {layout.height}"
    root.attrib |= {"width": str(layout.width), "height": str(layout.height)}
    root.attrib["aria-labelledby"] = "dagteam-title"
    title = f"Asset lineage: {len(graph.nodes)} assets of {len(graph.teams)} teams"
    _text(root, "title", title, id="dagteam-title")
    _text(root, "style", _STYLE)
    _arrow_heads(root)
    _rectangle(root, 0, 0, layout.width, layout.height, "page")
    for number, (label, top, height) in enumerate(layout.lanes):
        lane = ET.SubElement(root, "g", {"class": "lane"})
        width = layout.width - 2 * MARGIN
        _rectangle(lane, MARGIN, top, width, height, f"band {'odd' if number % 2 else 'even'}")
        _text(lane, "text", label, x=str(MARGIN + 12), y=str(top + 22))
    for edge, mark in edge_marks.items():
        attributes = {"class": f"edge {mark}".strip(), "d": _curve(layout, edge)}
        attributes["marker-end"] = f"url(#dagteam-arrow{'-' if mark else ''}{mark})"
        _text(ET.SubElement(root, "path", attributes), "title", " → ".join(edge))
    for node in graph.nodes:
        x, y = layout.places[node.key]
        box = ET.SubElement(root, "g", {"class": f"asset {marks[node.key]}".strip()})
        _text(box, "title", " · ".join(filter(None, (node.key, node.team, _detail(node)))))
        _rectangle(box, x, y, layout.box, HEIGHT, "box")
        detail = _detail(node)
        first = y + (18 if detail else 26)
        _text(box, "text", _short(node.key), x=str(x + 10), y=str(first))
        if detail:
            _text(box, "text", _short(detail), x=str(x + 10), y=str(y + 34), **{"class": "detail"})
    if not graph.nodes:
        _text(root, "text", "no assets", x=str(2 * MARGIN), y=str(layout.height - MARGIN))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


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
        f"`{one.code}`: {_sentence(one.message)}{_at(one)}\n  To mend: {_sentence(one.mend)}"
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


def _marks(graph: Graph, difference: Difference | None) -> tuple[dict[str, str], dict[Edge, str]]:
    """What is particular about each node and each edge, a key of the palette or nothing."""
    nodes = {
        node.key: "missing" if node.missing else "external" if node.external else ""
        for node in graph.nodes
    }
    edges = dict.fromkeys(graph.edges, "")
    if difference:
        found = (("added", difference.added), ("removed", difference.removed))
        nodes |= {node.key: mark for mark, some in found for node in some if node.key in nodes}
        nodes |= {node.key: "moved" for node, _ in difference.moved if node.key in nodes}
        edges |= {edge: "added" for edge in difference.added_edges if edge in edges}
        edges |= {edge: "removed" for edge in difference.removed_edges if edge in edges}
    for read, reader in edges:
        if nodes[read] in DASHED and edges[read, reader] != "removed":
            edges[read, reader] = "missing"  # a read of nothing
    return nodes, edges


def _detail(node: Node) -> str:
    """What is said of an asset below its key."""
    return "nobody makes it" if node.missing else node.external or ", ".join(node.kinds)


def _entities(text: str, form: str = "#{};") -> str:
    """A text in which nothing can be taken for markup; the form is Mermaid's or HTML's."""
    parts = text.split(", ")
    return ", ".join(RISKY.sub(lambda at: form.format(ord(at[0])), part) for part in parts)


def _label(node: Node) -> str:
    detail = _detail(node)
    return _entities(node.key) + (f"<br/><small>{_entities(detail)}</small>" if detail else "")


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
    return f"<code>{_entities(key, '&#{};')}</code>"


def _prose(text: str) -> str:
    return _entities(text, "&#{};")


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


class _Layout(NamedTuple):
    """Where boxes (their upper left corners) and lanes (label, top, height) are."""

    places: dict[str, tuple[int, int]]
    lanes: list[tuple[str, int, int]]
    box: int
    width: int
    height: int


def _layout(graph: Graph) -> _Layout:
    columns = ranks(graph)
    texts = [text for node in graph.nodes for text in (node.key, _detail(node))]
    box = 20 + round(CHARACTER * min(max(map(len, texts), default=9), LONGEST))
    places: dict[str, tuple[int, int]] = {}
    lanes: list[tuple[str, int, int]] = []
    top = MARGIN
    strays: list[str | None] = [None] if any(node.team is None for node in graph.nodes) else []
    for team in (*graph.teams, *strays):
        used: Counter[int] = Counter()
        for node in graph.nodes:
            if node.team == team:
                column = columns[node.key]
                x = 2 * MARGIN + column * (box + GAP)
                places[node.key] = (x, top + HEAD + used[column] * ROW)
                used[column] += 1
        height = HEAD + max(used.values(), default=0) * ROW
        lanes.append((team or "made by no team here", top, height))
        top += height + 8
    last = max(columns.values(), default=0)
    names = max((len(label) for label, _, _ in lanes), default=0)
    width = 4 * MARGIN + max((last + 1) * box + last * GAP, round(CHARACTER * names))
    return _Layout(places, lanes, box, width, top - 8 + MARGIN if lanes else 4 * MARGIN)


def _curve(layout: _Layout, edge: Edge) -> str:
    """A Bezier curve from box to box; one that leads back goes over the boxes."""
    (x1, y1), (x2, y2) = (layout.places[key] for key in edge)
    x1, y1, y2 = x1 + layout.box, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    x2 -= 2  # the point of the arrow, not its middle, is at the box
    over = ROW if x2 <= x1 else 0
    reach = max((x2 - x1) // 2, GAP // 2)
    return f"M{x1} {y1} C{x1 + reach} {y1 - over} {x2 - reach} {y2 - over} {x2} {y2}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = NOT_XML.sub("\ufffd", text)


def _rectangle(parent: ET.Element, x: int, y: int, width: int, height: int, name: str) -> None:
    measures = {"x": x, "y": y, "width": width, "height": height, "rx": 0 if name == "page" else 6}
    attributes = {key: str(value) for key, value in measures.items()}
    ET.SubElement(parent, "rect", {"class": name, **attributes})


def _arrow_heads(root: ET.Element) -> None:
    definitions = ET.SubElement(root, "defs")
    for mark in ("", "added", *DASHED):
        size = {"markerWidth": "7", "markerHeight": "7", "orient": "auto-start-reverse"}
        name = f"dagteam-arrow{'-' if mark else ''}{mark}"
        where = {"viewBox": "0 0 10 10", "refX": "9", "refY": "5"}
        marker = ET.SubElement(definitions, "marker", {"id": name, **where, **size})
        fill = PALETTE[mark][1] if mark else PLAIN[1]
        ET.SubElement(marker, "path", d="M0 0L10 5L0 10z", fill=fill)


def _css() -> str:
    rules = [
        "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}",
        ".lane text{font-weight:bold;fill:#57606a}.detail{font-size:10px}",
        ".page{fill:#ffffff}.band{stroke:#d0d7de}.even{fill:#f6f8fa}.odd{fill:#eef2f6}",
        f".edge{{fill:none;stroke:{PLAIN[1]};stroke-width:1.3}}",
        f".box{{fill:{PLAIN[0]};stroke:{PLAIN[1]}}}",
        ".removed text{text-decoration:line-through}",
    ]
    for mark, (fill, line, text) in PALETTE.items():
        dashes = ";stroke-dasharray:5 3" if mark in DASHED else ""
        rules += [
            f".{mark} .box{{fill:{fill};stroke:{line}{dashes}}}.{mark} text{{fill:{text}}}",
            f".edge.{mark}{{stroke:{line};stroke-width:2{dashes}}}",
        ]
    return "".join(rules)


_STYLE = _css()
