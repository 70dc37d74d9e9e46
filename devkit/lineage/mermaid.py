"""The graph as a Mermaid flowchart; pure.

With a difference, draw `difference.both` or a part of it.
"""

from devkit.lineage import style
from devkit.lineage.graph import Difference, Graph, Node


def mermaid(graph: Graph, difference: Difference | None = None) -> str:
    """A flowchart with a subgraph for each team that has assets."""
    marks, edge_marks = style.marks(graph, difference)
    ids = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}

    def boxes(team: str | None, indent: str) -> list[str]:
        nodes = [node for node in graph.nodes if node.team == team]
        return [f'{indent}{ids[node.key]}["{_label(node)}"]' for node in nodes]

    lines = ["flowchart LR"]
    for number, team in enumerate(graph.teams):
        if inside := boxes(team, "        "):
            title = f'    subgraph t{number}["{style.entities(team)}"]'
            lines += [title, *inside, "    end"]
    lines += boxes(None, "    ") if graph.nodes else ['    empty["no assets"]']
    for (upstream, downstream), mark in edge_marks.items():
        arrow = "-.->" if mark in style.DASHED else "-->"
        lines.append(f"    {ids[upstream]} {arrow} {ids[downstream]}")
    for mark, (fill, line, text) in style.PALETTE.items():
        links = [str(n) for n, other in enumerate(edge_marks.values()) if other == mark]
        if links:
            lines.append(f"    linkStyle {','.join(links)} stroke:{line},stroke-width:2px")
        if chosen := [ids[key] for key, other in marks.items() if other == mark]:
            css = f"fill:{fill},stroke:{line},color:{text}"
            css += ",stroke-dasharray:5 3" if mark in style.DASHED else ""
            css += ",text-decoration:line-through" if mark == "removed" else ""
            lines += [f"    classDef {mark} {css}", f"    class {','.join(chosen)} {mark}"]
    return "\n".join(lines) + "\n"


def _label(node: Node) -> str:
    detail = style.detail(node)
    return style.entities(node.key) + (
        f"<br/><small>{style.entities(detail)}</small>" if detail else ""
    )
