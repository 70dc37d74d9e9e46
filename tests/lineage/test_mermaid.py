"""The graph in Mermaid."""

import re

import pytest

from devkit.lineage.graph import Node
from devkit.lineage.mermaid import mermaid
from devkit.lineage.selection import select
from testing.lineage import EMPTY, GRAPH, HOSTILE, PENGUINS, RENAMING, graph, labels, valid


def test_mermaid_has_a_subgraph_for_each_team_and_other_assets_outside() -> None:
    assert mermaid(GRAPH) == (
        "flowchart LR\n"
        '    subgraph t0["analytics"]\n'
        '        n0["penguins<br/><small>pandas, parquet</small>"]\n'
        "    end\n"
        '    subgraph t1["ml"]\n'
        '        n1["clusters<br/><small>sklearn</small>"]\n'
        "    end\n"
        '    n2["ghost<br/><small>no producer</small>"]\n'
        '    n3["weather<br/><small>the weather office</small>"]\n'
        "    n2 -.-> n1\n"
        "    n0 --> n1\n"
        "    n3 --> n0\n"
        "    classDef external fill:#eaeef2,stroke:#6e7781,color:#24292f\n"
        "    class n3 external\n"
        "    linkStyle 0 stroke:#cf222e,stroke-width:2px\n"
        "    classDef missing fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-dasharray:5 3\n"
        "    class n2 missing\n"
    )
    valid(mermaid(GRAPH))


def test_mermaid_colors_a_difference() -> None:
    text = valid(mermaid(RENAMING.both, RENAMING))
    ids = {label.partition("<")[0]: name for name, label in labels(text).items()}
    assert f"class {ids['birds']} added" in text
    assert f"class {ids['penguins']} removed" in text
    assert f"{ids['weather']} --> {ids['birds']}" in text
    assert f"{ids['weather']} -.-> {ids['penguins']}" in text
    assert f"{ids['penguins']} -.-> {ids['clusters']}" in text  # a consumer is left
    inside = text.partition("subgraph t1")[0]
    assert f"{ids['penguins']}[" in inside


def test_mermaid_of_a_part_of_a_difference() -> None:
    text = valid(mermaid(select(RENAMING.both, "birds"), RENAMING))
    assert list(labels(text).values()) == ["analytics", "birds"]


@pytest.mark.parametrize("key", HOSTILE)
def test_mermaid_shows_hostile_keys_unchanged(key: str) -> None:
    tame = graph(Node(key, key, kinds=(key,)), teams=[key])
    text = valid(mermaid(tame))
    assert labels(text)["n0"] == f"{key}<br/><small>{key}</small>"
    assert labels(text)["t0"] == key
    body = re.sub(r"<br/><small>|</small>", "", text)
    assert not set("<>&`%:;*|\\") & set(re.sub(r"#\d+;", "", body))


def test_mermaid_without_assets_says_so() -> None:
    assert "no assets" in valid(mermaid(EMPTY))


def test_mermaid_has_no_subgraph_for_a_team_without_assets() -> None:
    lonely = graph(PENGUINS)
    assert "analytics" in labels(valid(mermaid(lonely))).values()
    assert "ml" not in mermaid(lonely)


def test_mermaid_draws_cycles_and_self_dependencies() -> None:
    nodes = [Node(key, "ml") for key in "abc"]
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "c")]
    valid(mermaid(graph(*nodes, edges=edges)))
