"""`invoke affected`: which teams a change affects, for a person or for CI."""

import json as json_format
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, command, some_teams
from devkit.core import output, pythons
from devkit.core.paths import ROOT
from devkit.core.wording import few
from devkit.registry.team import Team

if TYPE_CHECKING:
    from devkit.definitions.affected import Affected

REASONS_AS_TEXT = 3
REASONS_IN_JSON = 20  # an output of GitHub Actions may have 1 MB


@command(
    help={
        "base": AFFECTED["base"],
        "downstream": "also the teams that depend on what an affected team produces",
        "json": "one line of JSON: a matrix for CI",
    }
)
def affected(_: Context, base: str = BASE, downstream: bool = False, json: bool = False) -> None:
    """Show the teams that a change affects."""
    from devkit.definitions import affected as changes
    from devkit.definitions import consumers
    from devkit.environments.venvs import build_all

    if json:
        output.use_stderr()
    teams = some_teams()
    found = changes.affected(teams, base)
    if downstream:
        failed = build_all(teams)
        found = consumers.with_downstream(found, teams, [t for t in teams if t.name not in failed])
    if json:
        output.emit_json(as_json(found, teams))
    else:
        output.emit(as_text(found))


def as_text(change: "Affected") -> str:
    """For a person: each team with its reasons, then the kit and the removed teams."""
    rows = {name: few(reasons, REASONS_AS_TEXT) for name, reasons in change.reasons.items()}
    extra = {
        "the kit": few(change.kit, REASONS_AS_TEXT),
        "removed teams": list(change.removed),  # no team can have these titles as its name
    }
    rows |= {title: items for title, items in extra.items() if items}
    width = max(map(len, rows), default=0)
    lines = [f"{title:<{width}}  {', '.join(map(_shown, items))}" for title, items in rows.items()]
    if not change.reasons:
        lines.insert(0, "no team is affected" if rows else "nothing is affected")
    return "\n".join([*lines, *([f"note: {change.note}"] if change.note else [])])


def as_json(change: "Affected", teams: Sequence[Team], root: Path = ROOT) -> str:
    """For CI, in one line: `include` is a matrix of GitHub Actions.

    An empty matrix is an error there, so a job has to check first that `teams` is not empty.
    """
    include = [
        {
            "team": team.name,
            "location": team.location,
            "directory": team.folder_below(root),
            "python": _python(team),
        }
        for team in change.among(teams)
    ]
    answer = {
        "version": 1,
        "base": change.base,
        "teams": [entry["team"] for entry in include],
        "include": include,
        "kit": bool(change.kit),
        "removed": change.removed,
        "reasons": {name: few(why, REASONS_IN_JSON) for name, why in change.reasons.items()},
        "note": change.note,
    }
    return json_format.dumps(answer, separators=(",", ":"))


def _python(team: Team) -> str:
    """The Python that Dagster+ runs a team with: the oldest supported one, if it may."""
    from devkit.environments import interpreters

    return interpreters.deployed(team.directory, pythons.OLDEST)


def _shown(text: str) -> str:
    """A text for a terminal: with unprintable characters, as a Python literal."""
    return text if text.isprintable() else repr(text)
