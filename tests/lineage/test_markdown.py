"""The graph in Markdown: a page of the documentation and a comment on a pull request."""

import html

import pytest

from devkit.contracts.snapshot import Finding
from devkit.core.paths import ROOT
from devkit.core.tracebacks import SourceLocation
from devkit.lineage.graph import Difference, Node, difference
from devkit.lineage.markdown import markdown, pull_request
from devkit.lineage.mermaid import mermaid
from testing.lineage import (
    BIRDS,
    CLUSTERS,
    EMPTY,
    GRAPH,
    HOSTILE,
    PENGUINS,
    RENAMING,
    graph,
    labels,
    many,
    valid,
)

FINDING = Finding(
    "key-nobody-makes",
    "clusters of ml reads `penguins`, which <no> team makes",
    "did you mean\nbirds?",
    ("ml",),
    ("penguins",),
    SourceLocation(ROOT / "ml_project/defs/assets.py", 7),
)


def test_a_page_is_the_command_the_picture_and_a_table() -> None:
    assert markdown(GRAPH) == (
        "# Lineage\n\n"
        "Made by `invoke lineage --output docs/lineage.md`; no hand edits.\n\n"
        f"```mermaid\n{mermaid(GRAPH)}```\n\n"
        "| asset | team | kinds | read by |\n"
        "|---|---|---|---|\n"
        "| `penguins` | analytics | pandas, parquet | ml |\n"
        "| `clusters` | ml | sklearn | |\n"
        "| `ghost` | **nobody** | | ml |\n"
        "| `weather` | external: the weather office | | analytics |\n"
    )


def test_a_page_of_what_github_would_not_draw_shows_the_teams() -> None:
    text = markdown(many(50, 20))
    picture = text.partition("```mermaid\n")[2].partition("```")[0]
    assert "these are the teams" in text
    assert len(labels(valid(picture))) == 50
    assert text.count("\n| `team") == 1000


def test_a_page_of_what_is_too_much_even_so_has_no_picture() -> None:
    names = [f"team{n:02}" for n in range(40)]
    nodes = [Node(f"{name}_asset", name) for name in names]
    edges = [(a.key, b.key) for a in nodes for b in nodes if a.key < b.key]
    text = markdown(graph(*nodes, edges=edges, teams=names))
    assert "```" not in text
    assert "invoke lineage --select" in text


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_keys_stay_in_their_cells(key: str) -> None:
    text = markdown(graph(Node(key, key, kinds=(key,)), teams=[key]))
    row = text.rstrip("\n").splitlines()[-1]
    cells = row.strip("|").split(" | ")
    assert len(cells) == 4
    assert row.count("|") == 5
    assert not set("`*_[]") & set(row.replace("`end`", ""))
    if "\x00" not in key:
        assert html.unescape(cells[0].strip().strip("`")).removeprefix("<code>").startswith(key)


def test_a_comment_says_what_breaks_what_is_added_and_what_is_removed() -> None:
    text = pull_request(RENAMING, [FINDING], ["Nobody knows about tea."])
    assert text.startswith(
        "## Lineage\n\n"
        "**Breaks (1)**\n\n"
        "- `key-nobody-makes`: clusters of ml reads `penguins`, which &lt;no&gt; team makes "
        "(`ml_project/defs/assets.py:7`)\n"
        "  To mend: did you mean birds?\n\n"
        "**Added (1)**\n\n"
        "- `birds` (analytics)\n\n"
        "**Removed (1)**\n\n"
        "- `penguins` (analytics), which ml read\n\n"
        "```mermaid\n"
    )
    assert "**Note**\n\n- Nobody knows about tea.\n" in text
    assert "Nothing" not in text
    picture = text.partition("```mermaid\n")[2].partition("```")[0]
    assert {label.partition("<")[0] for label in labels(valid(picture)).values()} == {
        "analytics",
        "ml",
        "birds",
        "penguins",
        "clusters",
        "weather",
    }


def test_a_comment_on_reads_and_makers_alone() -> None:
    before = graph(PENGUINS, BIRDS, CLUSTERS, edges=[("penguins", "clusters")])
    moved = Node("penguins", "ml")
    after = graph(BIRDS, CLUSTERS, moved, edges=[("birds", "clusters")])
    text = pull_request(difference(before, after))
    assert "- `penguins`: from analytics to ml\n" in text
    assert "**New reads (1)**\n\n- `clusters` reads `birds`\n" in text
    assert "Nothing breaks." in text


def test_a_comment_without_a_difference_still_says_what_breaks() -> None:
    same = difference(GRAPH, GRAPH)
    assert pull_request(same) == "## Lineage\n\nNothing changes in the graph.\n"
    text = pull_request(same, [FINDING])
    assert "**Breaks (1)**" in text
    assert "Nothing changes in the graph." in text


def test_a_comment_is_never_longer_than_a_comment_may_be() -> None:
    huge: Difference = difference(EMPTY, many(50, 20))
    text = pull_request(huge, [FINDING] * 500, ["Some sentence."] * 500)
    assert len(text) < 65_536
    assert "- and 960 more" in text
    assert "- and 460 more" in text


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_keys_do_not_get_out_of_a_comment(key: str) -> None:
    after = graph(Node(key, "ml"), CLUSTERS, edges=[(key, "clusters"), (key, key)])
    text = pull_request(difference(graph(CLUSTERS), after))
    assert text.count("```") == 2
    assert "<!--" not in text
    assert "@all" not in text


def test_a_page_of_no_assets_says_so() -> None:
    assert "There are no assets." in markdown(EMPTY)
