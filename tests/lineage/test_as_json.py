"""The graph as JSON."""

import json

from devkit.lineage.as_json import as_json
from devkit.lineage.graph import Graph, Node, Watch
from testing.lineage import EMPTY, GRAPH, HOSTILE, graph


def test_json_is_versioned_and_complete() -> None:
    watched = Graph(GRAPH.teams, GRAPH.nodes, GRAPH.edges, (Watch("ml", "new", ("penguins",)),))
    document = json.loads(as_json(watched))
    assert document["version"] == 1
    assert document["teams"] == ["analytics", "ml"]
    assert document["assets"][0] == {
        "key": "penguins",
        "team": "analytics",
        "group": "",
        "kinds": ["pandas", "parquet"],
        "external": None,
        "missing": False,
    }
    assert [asset["missing"] for asset in document["assets"]] == [False, False, True, False]
    assert document["edges"][0] == {"read": "ghost", "reader": "clusters"}
    assert document["sensors"] == [{"team": "ml", "name": "new", "keys": ["penguins"]}]


def test_json_keeps_hostile_keys_unchanged() -> None:
    text = as_json(graph(*(Node(key, "ml") for key in HOSTILE)))
    assert [asset["key"] for asset in json.loads(text)["assets"]] == HOSTILE
    assert text.isascii()


def test_json_without_assets_has_an_empty_list() -> None:
    assert json.loads(as_json(EMPTY))["assets"] == []
