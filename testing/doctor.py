"""Helpers of the doctor's tests: a context to check, and what is found in it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from devkit.doctor.findings import Context, Finding
from devkit.registry.team import Team

Check = Callable[[Context], Iterator[Finding]]


def context(home: Path, *teams: Team, **changed: object) -> Context:
    """A context of this checkout with these teams, this DAGSTER_HOME and no variables."""
    made = Context(teams=teams, home=home, environ={})
    return replace(made, **changed)  # type: ignore[arg-type] # the fields that a test names


def codes(check: Check, where: Context) -> list[str]:
    """The codes of what a check finds."""
    return [one.code for one in check(where)]


def only(check: Check, where: Context) -> Finding:
    """The only finding of a check."""
    (one,) = check(where)
    return one
