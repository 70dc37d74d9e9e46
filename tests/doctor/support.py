"""What the doctor's tests share: a place that is not this machine, and what is found there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from devkit.doctor.findings import Finding, Site
from devkit.workspace import Team

Check = Callable[[Site], Iterator[Finding]]


def site(home: Path, *teams: Team, **changed: object) -> Site:
    """A site of this checkout with these teams, this DAGSTER_HOME and no variables."""
    made = Site(teams=teams, home=home, environ={})
    return replace(made, **changed)  # type: ignore[arg-type] # what a test changes


def codes(check: Check, where: Site) -> list[str]:
    """The codes of what a check finds."""
    return [one.code for one in check(where)]


def only(check: Check, where: Site) -> Finding:
    """The one finding that there is."""
    (one,) = check(where)
    return one
