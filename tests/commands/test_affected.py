"""`invoke affected`: what a person reads, and what CI does."""

import json

import pytest

from devkit.commands.affected import as_json, as_text
from devkit.definitions.affected import Affected
from devkit.registry.workspace import Team, load_teams
from testing.repositories import Repository


@pytest.fixture
def some(repository: Repository) -> tuple[Team, ...]:
    """The three teams."""
    return load_teams(repository.root)


def test_a_person_reads_each_team_with_the_first_of_its_reasons() -> None:
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


def test_a_change_that_is_the_kits_alone_says_so() -> None:
    shown = as_text(Affected("main", {}, kit=("README.md",)))
    assert shown.splitlines() == ["no team is affected", "the kit  README.md"]


def test_ci_reads_a_matrix_in_one_line(some: tuple[Team, ...]) -> None:
    files = tuple(f"teams/milk/{number:02}\n" for number in range(25))
    change = Affected("main", {"milk": files, "sugar": ("ü",)}, kit=files, removed=("honey",))
    line = as_json(change, some, some[0].directory.parent)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    found = json.loads(line)
    assert found["reasons"].pop("milk") == [*files[:20], "and 5 more"]
    assert found == {
        "version": 1,
        "base": "main",
        "teams": ["milk", "sugar"],
        "include": [
            {"team": "milk", "location": "milk_project", "directory": "teams/milk"},
            {"team": "sugar", "location": "sugar", "directory": "sugar"},
        ],
        "kit": True,
        "removed": ["honey"],
        "reasons": {"sugar": ["ü"]},
        "note": None,
    }


def test_ci_can_ask_whether_there_is_anything_to_do(some: tuple[Team, ...]) -> None:
    found = json.loads(as_json(Affected("main", {}), some))
    assert (found["teams"], found["include"], found["kit"]) == ([], [], False)
    assert Affected("main", {}).among(some) == ()
