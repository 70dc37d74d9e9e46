"""What a running platform prints, from fake locations."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from devkit.core import output
from devkit.dev.reporter import Reporter
from devkit.dev.states import State
from devkit.registry.team import Team


@dataclasses.dataclass
class FakeLocation:
    """A location that is only a name and a state."""

    team: Team
    state: State = State.WAITING


class FakeTable:
    """A status table that records what it is given; `shown` as set by the test."""

    def __init__(self) -> None:
        self.shown = False
        self.states: list[tuple[str, str]] = []

    def open(self) -> None:
        self.shown = True

    def close(self) -> None:
        self.shown = False

    def set(self, name: str, state: str) -> None:
        self.states.append((name, state))


Make = Callable[[str, State], FakeLocation]


@pytest.fixture
def make(teams: dict[str, Team]) -> Make:
    """Creates a fake location of this name and state."""

    def location(name: str, state: State) -> FakeLocation:
        team = dataclasses.replace(teams["ml"], location=name)
        return FakeLocation(team, state)

    return location


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> FakeTable:
    """The table of the reporters that are created afterwards."""
    fake = FakeTable()
    monkeypatch.setattr(output, "StatusTable", lambda: fake)
    return fake


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Returns the lines printed since it was last called, without times."""

    def lines() -> list[str]:
        text = re.sub(r"\d+\.\d s", "N s", capsys.readouterr().out)
        return [line.rstrip() for line in text.splitlines()]

    return lines


def test_open_prints_where_the_data_is(table: FakeTable, printed: Callable[[], list[str]]) -> None:
    reporter = Reporter(list)
    reporter.open(Path("/home/dagster"), Path("/home/dagster/logs"), own_configuration=False)
    assert printed() == ["DAGSTER_HOME /home/dagster; full logs in /home/dagster/logs"]
    assert table.shown
    reporter.close()
    assert not table.shown


def test_open_names_a_configuration_of_the_developers_own(
    table: FakeTable, printed: Callable[[], list[str]]
) -> None:
    Reporter(list).open(Path("/home/d"), Path("/home/d/logs"), own_configuration=True)
    assert printed()[1:] == ["using your own /home/d/dagster.yaml, not the repository's"]
    assert table.shown


def test_report_aligns_names_and_repeats_them_on_every_line(
    make: Make, printed: Callable[[], list[str]]
) -> None:
    locations = [make("analytics_project", State.LOADED)]
    reporter = Reporter(lambda: locations)
    reporter.report("dev", "one\ntwo")
    reporter.report("analytics_project", "three")
    locations.clear()
    reporter.report("dev", "four")
    first, second, third, fourth = printed()
    assert first == "dev               | one"
    assert second.endswith("two")
    assert third == "analytics_project | three"
    assert fourth == "dev       | four"


def test_report_timed_adds_the_time_since_the_start(printed: Callable[[], list[str]]) -> None:
    Reporter(list).report_timed("webserver", "ready")
    assert printed() == ["webserver | ready  (N s)"]


@pytest.mark.parametrize("state", [State.STARTING, State.RELOADING])
def test_changed_prints_a_transient_state_only_without_a_table(
    table: FakeTable, make: Make, printed: Callable[[], list[str]], state: State
) -> None:
    location = make("ml_project", state)
    reporter = Reporter(lambda: [location])
    reporter.changed(location, state)
    assert printed() == [f"ml_project | {state}  (N s)"]
    table.shown = True
    reporter.changed(location, state)
    assert printed() == []
    assert table.states == [("ml_project", state)] * 2


@pytest.mark.parametrize("state", [State.LOADED, State.BROKEN, State.DOWN, State.BUILDING])
def test_changed_prints_any_other_state_always(
    table: FakeTable, make: Make, printed: Callable[[], list[str]], state: State
) -> None:
    location = make("ml_project", state)
    table.shown = True
    Reporter(lambda: [location]).changed(location, "some text")
    assert printed() == ["ml_project | some text  (N s)"]


def test_summarize_counts_the_loaded_and_names_the_others(
    make: Make, printed: Callable[[], list[str]]
) -> None:
    locations = [make("a", State.LOADED), make("b", State.BROKEN), make("c", State.DOWN)]
    Reporter(lambda: locations).summarize()
    Reporter(lambda: locations[:1]).summarize()
    assert printed() == [
        "dev       | 1 of 3 locations loaded in N s; not loaded: b, c",
        "dev       | 1 of 1 locations loaded in N s",
    ]


def test_add_puts_a_location_into_the_table(table: FakeTable, make: Make) -> None:
    Reporter(list).add(make("ml_project", State.WAITING))
    assert table.states == [("ml_project", "waiting")]
