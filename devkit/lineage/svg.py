"""The graph as an SVG picture, which any browser shows; pure.

With a difference, draw `difference.both` or a part of it.
"""

import re
from collections import Counter
from typing import NamedTuple
from xml.etree import ElementTree as ET

from devkit.lineage import style
from devkit.lineage.graph import Difference, Edge, Graph, ranks

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Sizes in pixels.
MARGIN, HEAD, ROW, HEIGHT, GAP, CHARACTER = 16, 34, 56, 42, 72, 7.3
LONGEST = 34  # characters of a text in a box; the box's title has the whole text


def svg(graph: Graph, difference: Difference | None = None) -> str:
    """A picture with a lane for each team; assets are to the right of what they depend on."""
    marks, edge_marks = style.marks(graph, difference)
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
        x, y = layout.positions[node.key]
        box = ET.SubElement(root, "g", {"class": f"asset {marks[node.key]}".strip()})
        _text(box, "title", " · ".join(filter(None, (node.key, node.team, style.detail(node)))))
        _rectangle(box, x, y, layout.box, HEIGHT, "box")
        detail = style.detail(node)
        first = y + (18 if detail else 26)
        _text(box, "text", _short(node.key), x=str(x + 10), y=str(first))
        if detail:
            _text(box, "text", _short(detail), x=str(x + 10), y=str(y + 34), **{"class": "detail"})
    if not graph.nodes:
        _text(root, "text", "no assets", x=str(2 * MARGIN), y=str(layout.height - MARGIN))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


class _Layout(NamedTuple):
    """The positions of boxes (upper left corner) and lanes (label, top, height)."""

    positions: dict[str, tuple[int, int]]
    lanes: list[tuple[str, int, int]]
    box: int
    width: int
    height: int


def _layout(graph: Graph) -> _Layout:
    columns = ranks(graph)
    texts = [text for node in graph.nodes for text in (node.key, style.detail(node))]
    box = 20 + round(CHARACTER * min(max(map(len, texts), default=9), LONGEST))
    positions: dict[str, tuple[int, int]] = {}
    lanes: list[tuple[str, int, int]] = []
    top = MARGIN
    owners: list[str | None] = [*graph.teams]
    if any(node.team is None for node in graph.nodes):
        owners.append(None)
    for team in owners:
        used: Counter[int] = Counter()
        for node in graph.nodes:
            if node.team == team:
                column = columns[node.key]
                x = 2 * MARGIN + column * (box + GAP)
                positions[node.key] = (x, top + HEAD + used[column] * ROW)
                used[column] += 1
        height = HEAD + max(used.values(), default=0) * ROW
        lanes.append((team or "external or missing", top, height))
        top += height + 8
    last = max(columns.values(), default=0)
    names = max((len(label) for label, _, _ in lanes), default=0)
    width = 4 * MARGIN + max((last + 1) * box + last * GAP, round(CHARACTER * names))
    return _Layout(positions, lanes, box, width, top - 8 + MARGIN if lanes else 4 * MARGIN)


def _curve(layout: _Layout, edge: Edge) -> str:
    """A Bezier curve from box to box; one that leads backwards goes over the boxes."""
    (x1, y1), (x2, y2) = (layout.positions[key] for key in edge)
    x1, y1, y2 = x1 + layout.box, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    x2 -= 2  # so that the tip of the arrow touches the box, not its middle
    over = ROW if x2 <= x1 else 0
    reach = max((x2 - x1) // 2, GAP // 2)
    return f"M{x1} {y1} C{x1 + reach} {y1 - over} {x2 - reach} {y2 - over} {x2} {y2}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = NOT_XML.sub("\ufffd", text)


def _rectangle(parent: ET.Element, x: int, y: int, width: int, height: int, name: str) -> None:
    sizes = {"x": x, "y": y, "width": width, "height": height, "rx": 0 if name == "page" else 6}
    attributes = {key: str(value) for key, value in sizes.items()}
    ET.SubElement(parent, "rect", {"class": name, **attributes})


def _arrow_heads(root: ET.Element) -> None:
    definitions = ET.SubElement(root, "defs")
    for mark in ("", "added", *style.DASHED):
        size = {"markerWidth": "7", "markerHeight": "7", "orient": "auto-start-reverse"}
        name = f"dagteam-arrow{'-' if mark else ''}{mark}"
        where = {"viewBox": "0 0 10 10", "refX": "9", "refY": "5"}
        marker = ET.SubElement(definitions, "marker", {"id": name, **where, **size})
        fill = style.PALETTE[mark][1] if mark else style.PLAIN[1]
        ET.SubElement(marker, "path", d="M0 0L10 5L0 10z", fill=fill)


def _css() -> str:
    rules = [
        "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}",
        "text{font-size:12px;fill:#1f2328}",
        ".lane text{font-weight:bold;fill:#57606a}.detail{font-size:10px}",
        ".page{fill:#ffffff}.band{stroke:#d0d7de}.even{fill:#f6f8fa}.odd{fill:#eef2f6}",
        f".edge{{fill:none;stroke:{style.PLAIN[1]};stroke-width:1.3}}",
        f".box{{fill:{style.PLAIN[0]};stroke:{style.PLAIN[1]}}}",
        ".removed text{text-decoration:line-through}",
    ]
    for mark, (fill, line, text) in style.PALETTE.items():
        dashes = ";stroke-dasharray:5 3" if mark in style.DASHED else ""
        rules += [
            f".{mark} .box{{fill:{fill};stroke:{line}{dashes}}}.{mark} text{{fill:{text}}}",
            f".edge.{mark}{{stroke:{line};stroke-width:2{dashes}}}",
        ]
    return "".join(rules)


_STYLE = _css()
