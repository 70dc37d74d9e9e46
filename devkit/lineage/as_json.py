"""The graph as JSON, for programs; pure."""

import json
from dataclasses import asdict

from devkit.lineage.graph import Graph

VERSION = 1


def as_json(graph: Graph) -> str:
    """One object: `version`, `teams`, and lists of objects.

    `assets`: `key`, `team` (short name, or null), `group`, `kinds`, `external` (text, or null),
    `missing`. `edges`: `read` and `reader`, the keys of the upstream and the downstream asset.
    `sensors`: `team`, `name`, `keys` (the assets that it watches).
    """
    document = {
        "version": VERSION,
        "teams": graph.teams,
        "assets": [{**asdict(node), "missing": node.missing} for node in graph.nodes],
        "edges": [{"read": upstream, "reader": downstream} for upstream, downstream in graph.edges],
        "sensors": [asdict(watch) for watch in graph.watches],
    }
    return json.dumps(document, indent=1) + "\n"
