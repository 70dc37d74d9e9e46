"""`invoke check`: every team's definitions load, each in its own environment."""

from collections.abc import Sequence
from functools import partial

from devkit import parallel, probe
from devkit.bootstrap import ROOT
from devkit.parallel import Outcome
from devkit.workspace import Team


def check(teams: Sequence[Team], *, tracebacks: bool = False) -> None:
    """Load the definitions of each team side by side and tell every result.

    `tracebacks` adds Dagster's own frames to a failure.

    Raises:
        DevkitError: naming each team whose definitions don't load.
    """
    outcomes = parallel.run(
        "loading definitions",
        {team.name: partial(_load, team, tracebacks) for team in teams},
    )
    parallel.require(outcomes)


def _load(team: Team, tracebacks: bool) -> Outcome:
    found = probe.load(team)
    if isinstance(found, probe.Failure):
        where = found.place.relative_to(ROOT) if found.place else f"{team.module} (module)"
        details = f"{where}: {found.message}"
        for more in (found.said, found.traceback if tracebacks else ""):
            details += f"\n\n{more}" if more else ""
        return Outcome(team.name, ok=False, text="does not load", details=details)
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in found.contents.items() if names)
    return Outcome(team.name, ok=True, text=f"{counts} (Dagster {found.dagster})")
