"""The graph as Mermaid draws it; pure.

With a difference, draw `difference.both` or a part of it.
"""

from devkit.lineage import looks
from devkit.lineage.graph import Difference, Graph, Node


def mermaid(graph: Graph, difference: Difference | None = None) -> str:
    """A flowchart with a subgraph for each team that has assets, as GitHub draws it."""
    marks, edge_marks = looks.marks(graph, difference)
    ids = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}

    def boxes(team: str | None, indent: str) -> list[str]:
        mine = [node for node in graph.nodes if node.team == team]
        return [f'{indent}{ids[node.key]}["{_label(node)}"]' for node in mine]

    lines = ["flowchart LR"]
    for number, team in enumerate(graph.teams):
        if inside := boxes(team, "        "):
            title = f'    subgraph t{number}["{looks.entities(team)}"]'
            lines += [title, *inside, "    end"]
    lines += boxes(None, "    ") if graph.nodes else ['    empty["no assets"]']
    for (read, reader), mark in edge_marks.items():
        lines.append(f"    {ids[read]} {'-.->' if mark in looks.DASHED else '-->'} {ids[reader]}")
    for mark, (fill, line, text) in looks.PALETTE.items():
        links = [str(n) for n, found in enumerate(edge_marks.values()) if found == mark]
        if links:
            lines.append(f"    linkStyle {','.join(links)} stroke:{line},stroke-width:2px")
        if chosen := [ids[key] for key, found in marks.items() if found == mark]:
            style = f"fill:{fill},stroke:{line},color:{text}"
            style += ",stroke-dasharray:5 3" if mark in looks.DASHED else ""
            style += ",text-decoration:line-through" if mark == "removed" else ""
            lines += [f"    classDef {mark} {style}", f"    class {','.join(chosen)} {mark}"]
    return "\n".join(lines) + "\n"


def _label(node: Node) -> str:
    detail = looks.detail(node)
    return looks.entities(node.key) + (
        f"<br/><small>{looks.entities(detail)}</small>" if detail else ""
    )
