"""`invoke affected`: the report for a person, and the JSON object for CI."""

import json
from dataclasses import replace

import pytest

from devkit.commands.affected import as_json, as_text
from devkit.core import pythons
from devkit.core.paths import ROOT
from devkit.definitions.affected import Affected
from devkit.registry.team import Team


@pytest.fixture
def two(teams: dict[str, Team]) -> tuple[Team, ...]:
    """Two teams in this repository's folders."""
    team = teams["ml"]
    return (
        replace(team, location="milk_project", directory=ROOT / "teams/milk"),
        replace(team, location="sugar", directory=ROOT / "sugar"),
    )


def test_text_shows_each_team_with_its_first_reasons() -> None:
    change = Affected(
        "main",
        {"tea": ("a", "b", "c"), "milk": ("a", "b", "c", "d", "two\nlines")},
        kit=("a",),
        removed=("honey",),
        note="too many.",
    )
    assert as_text(change).splitlines() == [
        "tea            a, b, c",
        "milk           a, b, c, and 2 more",
        "the kit        a",
        "removed teams  honey",
        "note: too many.",
    ]
    assert as_text(Affected("main", {"tea": ("two\nlines",)})) == r"tea  'two\nlines'"


def test_text_reports_a_change_that_affects_only_the_kit() -> None:
    text = as_text(Affected("main", {}, kit=("README.md",)))
    assert text.splitlines() == ["no team is affected", "the kit  README.md"]


def test_text_reports_that_nothing_is_affected() -> None:
    assert as_text(Affected("main", {})) == "nothing is affected"


def test_json_is_a_matrix_in_one_line(two: tuple[Team, ...]) -> None:
    files = tuple(f"teams/milk/{number:02}\n" for number in range(25))
    change = Affected("main", {"milk": files, "sugar": ("ü",)}, kit=files, removed=("honey",))
    line = as_json(change, two)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    found = json.loads(line)
    assert found["reasons"].pop("milk") == [*files[:20], "and 5 more"]
    assert found == {
        "version": 1,
        "base": "main",
        "teams": ["milk", "sugar"],
        "include": [
            {
                "team": "milk",
                "location": "milk_project",
                "directory": "teams/milk",
                "python": pythons.OLDEST,
            },
            {
                "team": "sugar",
                "location": "sugar",
                "directory": "sugar",
                "python": pythons.OLDEST,
            },
        ],
        "kit": True,
        "removed": ["honey"],
        "reasons": {"sugar": ["ü"]},
        "note": None,
    }


def test_json_has_empty_lists_if_nothing_is_affected(two: tuple[Team, ...]) -> None:
    found = json.loads(as_json(Affected("main", {}), two))
    assert (found["teams"], found["include"], found["kit"]) == ([], [], False)
    assert Affected("main", {}).among(two) == ()
