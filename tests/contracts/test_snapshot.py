"""What a snapshot knows about producers and consumers."""

from dataclasses import replace

from devkit.contracts.snapshot import Snapshot, names
from devkit.core.paths import ROOT
from testing.lineage import ANALYTICS, ML, asset, manifest

TEAMS = (ANALYTICS.team, ML.team)
BOTH = Snapshot(TEAMS, (ANALYTICS, ML))


def test_a_key_without_a_producer_is_certain_only_if_every_team_is_known() -> None:
    assert BOTH.has_no_producer("nowhere")
    assert not BOTH.has_no_producer("penguins")  # analytics produces it
    assert not BOTH.has_no_producer("weather")  # it is external
    assert not Snapshot(TEAMS, (ML,)).has_no_producer("nowhere")


def test_a_pattern_makes_keys_external() -> None:
    patterned = replace(ANALYTICS, patterns={"raw/*": ROOT})
    snapshot = Snapshot(TEAMS, (patterned, ML))
    assert not snapshot.has_no_producer("raw/orders")
    assert snapshot.has_no_producer("cooked/orders")


def test_dependencies_across_teams_have_their_producer() -> None:
    found = [(one.key, other.key) for _, one, _, other in BOTH.cross_team_dependencies()]
    assert found == [("ml_clusters", "penguins")]


def test_a_key_with_two_producers_has_no_dependency() -> None:
    other = manifest("tea", asset("penguins"))
    both = Snapshot((*TEAMS, other.team), (ANALYTICS, ML, other))
    assert len(both.producers["penguins"]) == 2
    assert list(both.cross_team_dependencies()) == []


def test_names_are_unique_and_in_order() -> None:
    assert names(ML, ANALYTICS, ML) == ("ml", "analytics")
