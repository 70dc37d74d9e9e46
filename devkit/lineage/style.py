"""The common style of all formats: colors, marks, captions and escaping.

Added assets and edges are green, removed ones red and dashed, assets with another producer yellow.
The text of every format ends with a line feed.
"""

import re

from devkit.lineage.graph import Difference, Edge, Graph, Node

# Fill, line and text color of each mark, readable on a light and on a dark page.
PALETTE = {
    "external": ("#eaeef2", "#6e7781", "#24292f"),
    "missing": ("#ffebe9", "#cf222e", "#82071e"),
    "added": ("#dafbe1", "#1a7f37", "#044f1e"),
    "removed": ("#ffebe9", "#cf222e", "#82071e"),
    "moved": ("#fff8c5", "#9a6700", "#4d2d00"),
}
PLAIN = ("#ffffff", "#57606a", "#1f2328")
DASHED = ("missing", "removed")

# Characters that become numeric entities in Mermaid and Markdown, since a key may contain anything:
# all but letters and digits, and separators between two of them.
RISKY = re.compile(r"(?<![^\W_])[ _/-]|[ _/-](?![^\W_])|[^\w /-]")


def marks(graph: Graph, difference: Difference | None) -> tuple[dict[str, str], dict[Edge, str]]:
    """The mark of each node and of each edge: a key of the palette, or empty."""
    nodes = {
        node.key: "missing" if node.missing else "external" if node.external else ""
        for node in graph.nodes
    }
    edges = dict.fromkeys(graph.edges, "")
    if difference:
        nodes |= {node.key: "added" for node in difference.added if node.key in nodes}
        nodes |= {node.key: "removed" for node in difference.removed if node.key in nodes}
        nodes |= {node.key: "moved" for node, _ in difference.moved if node.key in nodes}
        edges |= {edge: "added" for edge in difference.added_edges if edge in edges}
        edges |= {edge: "removed" for edge in difference.removed_edges if edge in edges}
    for edge, mark in edges.items():
        if nodes[edge[0]] in DASHED and mark != "removed":
            edges[edge] = "missing"  # its upstream asset has no producer
    return nodes, edges


def detail(node: Node) -> str:
    """The caption below an asset's key."""
    return "no producer" if node.missing else node.external or ", ".join(node.kinds)


def entities(text: str, form: str = "#{};") -> str:
    """Escape a text for Mermaid or, with `form`, for HTML, so that nothing in it is markup."""
    parts = text.split(", ")
    return ", ".join(RISKY.sub(lambda at: form.format(ord(at[0])), part) for part in parts)
