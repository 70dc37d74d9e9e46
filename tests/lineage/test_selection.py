"""Selecting a part of the graph by an expression."""

import pytest

from devkit.core.errors import DevkitError
from devkit.lineage.graph import build
from devkit.lineage.selection import select
from testing.lineage import ANALYTICS, BUILT, asset, keys, manifest


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("penguins", "penguins"),
        ("penguins+", "penguins a/b ml_clusters ml_report"),
        ("+penguins", "penguins raw weather"),
        ("+penguins+", "penguins raw a/b ml_clusters ml_report weather"),
        ("penguins+1", "penguins ml_clusters"),
        ("1+ml_report", "ml_clusters ml_report ghost"),
        ("2+ml_report+1", "penguins a/b ml_clusters ml_report ghost"),
        ("0+penguins", "penguins"),
        ('key:"a/b"', "a/b"),
        ("key:a/b", "a/b"),
        ('"a/b"', "a/b"),
        ('1+key:"a/b"', "a/b ml_report"),
        ("ml_*", "ml_clusters ml_report"),
        ('key:"a/*"', "a/b"),
        ("*", "penguins raw a/b ml_clusters ml_report ghost weather"),
        ("team:ml", "a/b ml_clusters ml_report"),
        ("team:ml_project", "a/b ml_clusters ml_report"),
        ("team:ml+1", "a/b ml_clusters ml_report"),
        ("1+group:ml", "penguins ml_clusters ml_report ghost"),
        ("raw or a/b", "raw a/b"),
        ("raw,a/b", "raw a/b"),
        (" raw , a/b OR weather ", "raw a/b weather"),
        ("ghost", "ghost"),
    ],
)
def test_select_accepts_expressions_like_dagsters(expression: str, found: str) -> None:
    assert keys(select(BUILT, expression)) == found.split()


def test_select_keeps_the_edges_teams_and_sensors_of_its_assets() -> None:
    part = select(BUILT, "ml_clusters or ml_report")
    assert part.edges == (("ml_clusters", "ml_report"),)
    assert (part.teams, part.watches) == (("ml",), ())
    assert select(BUILT, "penguins").watches == BUILT.watches


def test_select_accepts_a_team_without_assets() -> None:
    assert keys(select(build([ANALYTICS, manifest("tea")]), "team:tea")) == []


def test_select_accepts_hostile_keys_in_quotes() -> None:
    hostile = "a+b, (c) or [d] \\ ü*"
    graph = build([manifest("tea", asset(hostile, "x"), asset("x"))])
    assert keys(select(graph, f'1+"{hostile}"')) == [hostile, "x"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("pengiuns+", "asset 'pengiuns' not found; did you mean 'penguins'?\n"),
        ("zzz", "asset 'zzz' not found\n"),
        ("zzz*", "asset 'zzz*' not found\n"),
        ("team:mll", "team 'mll' not found; did you mean 'ml'?"),
        ("group:analytic", "group 'analytic' not found; did you mean 'analytics'?"),
        ("raw or pengiuns", "did you mean 'penguins'?"),
        ("", "invalid selection: \n"),
        ("raw or", "found:    nothing"),
        ("raw penguins", "found:    'penguins'"),
        ("raw++", "found:    '+'"),
        ('"raw', "found:    '\"raw'"),
    ],
)
def test_select_rejects_unknown_names_and_invalid_expressions(
    expression: str, message: str
) -> None:
    with pytest.raises(DevkitError) as raised:
        select(BUILT, expression)
    assert message in str(raised.value)
