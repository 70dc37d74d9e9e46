"""The teams that depend on an affected team, directly or through other teams."""

import pytest

from devkit.definitions import cache, consumers
from devkit.definitions.affected import Affected
from devkit.definitions.consumers import with_consumers
from devkit.definitions.manifest import Monitored, Sensor
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing.lineage import asset, manifest
from testing.repositories import Repository


@pytest.fixture
def some(repository: Repository) -> tuple[Team, ...]:
    """The three teams."""
    return load_teams(repository.root)


PRODUCES = {"tea": {"cup"}, "milk": {"jug"}, "sugar": {"lump"}}


def reasons_with_consumers(
    teams: tuple[Team, ...],
    change: Affected,
    depends_on: dict[str, set[str]],
    produces: dict[str, set[str]] = PRODUCES,
) -> dict[str, tuple[str, ...]]:
    """The reasons after consumers were added."""
    return dict(with_consumers(change, teams, depends_on, produces).reasons)


def test_consumers_are_affected_and_their_consumers_in_turn(some: tuple[Team, ...]) -> None:
    depends_on: dict[str, set[str]] = {"tea": set(), "milk": {"lump", "cup"}, "sugar": {"jug"}}
    assert reasons_with_consumers(some, Affected("main", {"tea": ("x",)}), depends_on) == {
        "tea": ("x",),
        "milk": ("depends on cup, which tea produces",),
        "sugar": ("depends on jug, which milk produces",),
    }


def test_producers_and_unrelated_teams_are_not_affected(some: tuple[Team, ...]) -> None:
    depends_on: dict[str, set[str]] = {"tea": set(), "milk": {"cup"}, "sugar": {"lump"}}
    assert reasons_with_consumers(some, Affected("main", {"milk": ("x",)}), depends_on) == {
        "milk": ("x",)
    }


def test_teams_that_depend_on_each_other_are_all_affected(some: tuple[Team, ...]) -> None:
    depends_on = {"tea": {"lump"}, "milk": {"cup"}, "sugar": {"jug"}}
    for name in PRODUCES:
        assert (
            reasons_with_consumers(some, Affected("main", {name: ("x",)}), depends_on).keys()
            == PRODUCES.keys()
        )


def test_team_that_does_not_load_may_depend_on_anything(some: tuple[Team, ...]) -> None:
    depends_on: dict[str, set[str]] = {"tea": set(), "milk": set()}
    produces = {"tea": {"cup"}, "milk": {"jug"}}
    assert reasons_with_consumers(
        some, Affected("main", {"tea": ("x",)}), depends_on, produces
    ) == {
        "tea": ("x",),
        "sugar": ("its definitions do not load, so it may depend on anything",),
    }


@pytest.mark.parametrize(
    "change",
    [
        Affected("main", {"tea": ("x",)}),
        Affected("main", {}, removed=("honey",)),
    ],
)
def test_consumers_of_a_key_without_a_producer_are_affected(
    some: tuple[Team, ...], change: Affected
) -> None:
    depends_on: dict[str, set[str]] = {"tea": set(), "milk": {"comb"}, "sugar": {"lump"}}
    found = reasons_with_consumers(some, change, depends_on)
    assert found.pop("milk") == ("depends on comb, which has no known producer",)
    assert found == change.reasons


def test_no_consumers_are_affected_if_no_team_is(some: tuple[Team, ...]) -> None:
    change = Affected("main", {}, kit=("README.md",))
    assert with_consumers(change, some, {"milk": {"comb"}}, {}) == change


def test_with_downstream_finds_consumers_in_the_teams_definitions(teams: dict[str, Team]) -> None:
    every = (teams["analytics"], teams["ml"])
    change = Affected("main", {"analytics": ("analytics_project/x.py",)})
    found = consumers.with_downstream(change, every, every)
    assert found.reasons["ml"] == ("depends on penguins, which analytics produces",)
    upstream = Affected("main", {"ml": ("ml_project/x.py",)})
    assert [*consumers.with_downstream(upstream, every, every).reasons] == ["ml"]
    # What a team without an environment depends on is unknown.
    assert [*consumers.with_downstream(upstream, every, every[1:]).reasons] == ["analytics", "ml"]


def test_with_downstream_finds_what_waits_for_an_asset_or_for_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monitors = (Monitored("tea_project", None, "brew"),)
    known = [
        manifest("tea", asset("leaves")),
        manifest("milk", sensors=[Sensor("after", (), None, monitors)]),
        manifest("sugar", sensors=[Sensor("when", ("leaves",), None)]),
        manifest("honey", sensors=[Sensor("own", (), None, (Monitored(None, None, "comb"),))]),
    ]
    every = [one.team for one in known]
    monkeypatch.setattr(cache, "load_all", lambda _: known)
    found = consumers.with_downstream(Affected("main", {"tea": ("x",)}), every, every)
    assert found.reasons == {
        "tea": ("x",),
        "milk": ("depends on runs of tea_project, which tea produces",),
        "sugar": ("depends on leaves, which tea produces",),
    }
