"""The graph for a program; pure."""

import json
from dataclasses import asdict

from devkit.lineage.graph import Graph

VERSION = 1


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
