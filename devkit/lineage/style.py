"""What the formats share: colours, what is marked with them, what is said of an asset, escaping.

What was added is green, what was removed red and dashed, what has another producer yellow. Every
text of every format ends with a line feed.
"""

import re

from devkit.lineage.graph import Difference, Edge, Graph, Node

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

# In Mermaid and Markdown all but letters, digits and what stands between two of them becomes a
# numbered entity: a key may hold any character.
RISKY = re.compile(r"(?<![^\W_])[ _/-]|[ _/-](?![^\W_])|[^\w /-]")


def marks(graph: Graph, difference: Difference | None) -> tuple[dict[str, str], dict[Edge, str]]:
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


def detail(node: Node) -> str:
    """What is said of an asset below its key."""
    return "nobody makes it" if node.missing else node.external or ", ".join(node.kinds)


def entities(text: str, form: str = "#{};") -> str:
    """A text in which nothing can be taken for markup; the form is Mermaid's or HTML's."""
    parts = text.split(", ")
    return ", ".join(RISKY.sub(lambda at: form.format(ord(at[0])), part) for part in parts)
