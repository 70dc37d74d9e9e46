"""The asset graph: built from manifests, cut and compared."""

import pytest

from devkit.definitions.manifest import Manifest
from devkit.lineage.graph import Graph, Node, Watch, build, difference, only, overview, ranks
from testing.lineage import ANALYTICS, BUILT, ML, asset, external_asset, keys, manifest


def test_build_makes_one_node_of_an_asset_and_its_declarations() -> None:
    assert BUILT.teams == ("analytics", "ml")
    assert BUILT.nodes == (
        Node("penguins", "analytics", "analytics", ("pandas",)),
        Node("raw", "analytics", "sources", ("csv",)),
        Node("a/b", "ml", "default"),
        Node("ml_clusters", "ml", "ml", ("sklearn",)),
        Node("ml_report", "ml", "ml"),
        Node("ghost", None, "default"),
        Node("weather", None, "default", external="the weather office"),
    )
    assert [node.key for node in BUILT.nodes if node.missing] == ["ghost"]
    assert BUILT.edges == (
        ("ghost", "ml_report"),
        ("ml_clusters", "ml_report"),
        ("ml_report", "a/b"),
        ("penguins", "ml_clusters"),
        ("raw", "penguins"),
        ("weather", "penguins"),
    )
    assert BUILT.watches == (Watch("ml", "updated", ("penguins",)),)


def test_build_gives_an_asset_to_the_first_of_two_producers() -> None:
    tea, milk = manifest("tea", asset("x", "a")), manifest("milk", asset("x", "b"))
    assert [node.team for node in build([tea, milk]).nodes if node.key == "x"] == ["tea"]
    assert [node.team for node in build([milk, tea]).nodes if node.key == "x"] == ["milk"]


def test_build_ignores_the_order_of_a_teams_assets() -> None:
    shuffled = Manifest(**{**vars(ML), "assets": ML.assets[::-1]})
    assert build([ANALYTICS, shuffled]) == BUILT


@pytest.mark.parametrize("turned", [False, True])
def test_build_needs_only_one_declaration_of_an_external_asset(turned: bool) -> None:
    teams = [
        manifest("tea", asset("cup", "leaf"), external_asset("leaf")),
        manifest("milk", external_asset("leaf", "farm")),
    ]
    leaf = build(teams[::-1] if turned else teams).by_key["leaf"]
    assert (leaf.team, leaf.external, leaf.missing) == (None, "farm", False)


def test_observed_assets_and_empty_tags_are_not_missing() -> None:
    found = build(
        [manifest("tea", external_asset("leaf", observed=True), external_asset("pot", external=""))]
    )
    assert [(n.external, n.missing) for n in found.nodes] == [
        ("observed by tea", False),
        ("elsewhere", False),
    ]


def test_build_includes_dependencies_of_checks() -> None:
    found = build([manifest("tea", checks=[("leaf", "is_green")])])
    assert found.nodes == (Node("leaf", None),)
    assert found.nodes[0].missing


def test_build_accepts_a_team_without_assets_and_no_teams() -> None:
    assert build([manifest("tea")]) == Graph(("tea",), (), ())
    assert build([]) == Graph((), (), ())


def test_difference_of_a_graph_and_itself_is_empty() -> None:
    found = difference(BUILT, BUILT)
    assert found.empty
    assert found.both == BUILT


def test_difference_of_a_renamed_asset_that_still_has_a_consumer() -> None:
    renamed = manifest("analytics", asset("raw"), asset("birds", "raw"))
    found = difference(BUILT, build([renamed, ML]))
    assert [node.key for node in found.added] == ["birds"]
    assert [(node.key, node.team) for node in found.removed] == [
        ("penguins", "analytics"),
        ("weather", None),
    ]
    assert found.moved == ()
    assert found.added_edges == (("raw", "birds"),)
    assert found.removed_edges == (("raw", "penguins"), ("weather", "penguins"))
    assert found.after.by_key["penguins"].missing
    assert found.both.by_key["penguins"].team == "analytics"
    assert keys(found.both)[:3] == ["birds", "penguins", "raw"]
    assert ("penguins", "ml_clusters") in found.both.edges


def test_difference_of_another_producer_is_neither_added_nor_removed() -> None:
    found = difference(
        build([ANALYTICS, ML]),
        build([manifest("analytics", asset("raw")), manifest("ml", asset("penguins", "raw"))]),
    )
    assert [(a.team, b.team) for a, b in found.moved] == [("analytics", "ml")]
    assert "penguins" not in {node.key for node in (*found.added, *found.removed)}


def test_difference_keeps_a_removed_team_in_the_picture() -> None:
    found = difference(build([ANALYTICS, manifest("tea", asset("cup"))]), build([ANALYTICS]))
    assert found.both.teams == ("analytics", "tea")
    assert [node.key for node in found.removed] == ["cup"]


def test_difference_keeps_a_removed_missing_asset_in_the_picture() -> None:
    before = build([manifest("tea", asset("cup", "ghost"))])
    found = difference(before, build([manifest("tea", asset("cup"))]))
    assert (found.added, found.removed) == ((), ())
    assert found.removed_edges == (("ghost", "cup"),)
    assert keys(found.both) == ["cup", "ghost"]


@pytest.mark.parametrize("turned", [False, True])
def test_difference_omits_an_unknown_team(turned: bool) -> None:
    whole, part = BUILT, build([ML])
    before, after = (whole, part) if turned else (part, whole)
    found = difference(before, after, unknown=["analytics"])
    assert found.empty
    assert not difference(before, after).empty


def test_overview_has_a_node_for_each_team() -> None:
    found = overview(BUILT)
    assert [(node.key, node.kinds, node.missing) for node in found.nodes] == [
        ("analytics", ("2 assets",), False),
        ("ml", ("3 assets",), False),
    ]
    assert found.edges == (("analytics", "ml"),)


def test_ranks_are_the_longest_paths() -> None:
    found = ranks(BUILT)
    assert found == {
        "raw": 0, "weather": 0, "ghost": 0,
        "penguins": 1, "ml_clusters": 2, "ml_report": 3, "a/b": 4,
    }  # fmt: skip


def test_ranks_of_cycles_are_finite() -> None:
    loop = build(
        [manifest("tea", asset("a", "c"), asset("b", "a"), asset("c", "b"), asset("d", "c"))]
    )
    assert ranks(loop) == {"a": 0, "b": 1, "c": 2, "d": 3}
    itself = build([manifest("tea", asset("a", "a"), asset("b", "a"))])
    assert ranks(itself) == {"a": 0, "b": 1}
    every = [f"k{n}" for n in range(60)]
    dense = build([manifest("tea", *(asset(key, *every) for key in every))])
    assert sorted(ranks(dense).values()) == list(range(60))


def test_ranks_of_a_long_chain_do_not_recurse() -> None:
    chain = [asset(f"k{n:04}", *([f"k{n - 1:04}"] if n else [])) for n in range(3000)]
    assert max(ranks(build([manifest("tea", *chain)])).values()) == 2999


def test_only_ignores_unknown_keys() -> None:
    assert keys(only(BUILT, ["raw", "no such"])) == ["raw"]
