"""The dev container's lifecycle hooks: `python -m devkit.commands.container build|hooks|check`.

A failed hook skips the hooks after it. So a team's problem fails no hook: it is reported with its
fix when it occurs, and again whenever the container starts.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from devkit import doctor
from devkit.core import output, parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.wording import counted
from devkit.dev import home
from devkit.doctor.findings import Severity
from devkit.environments import hooks, venvs
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams


def build(teams: Sequence[Team]) -> None:
    """Build every environment and prepare DAGSTER_HOME: everything that may be prebuilt."""
    orchestrator = venvs.orchestrator_environment().name
    jobs: dict[str, parallel.Work] = {orchestrator: partial(home.build_and_prepare, home.locate())}
    for environment in map(venvs.team_environment, teams):
        jobs[environment.name] = partial(venvs.build, environment)
    failed = [one.name for one in parallel.run("building environments", jobs) if not one.ok]
    if failed:
        output.info(f"not built: {', '.join(failed)}\n  fix:      `invoke setup`")


def install_hooks(_: Sequence[Team]) -> None:
    """Install the Git hooks. The host's core.hooksPath, which editors copy, is no obstacle."""
    if problem := hooks.ensure():
        output.info(str(problem))


def check(teams: Sequence[Team]) -> None:
    """Report what is missing; build nothing."""
    errors = [one for one in doctor.examine() if one.severity == Severity.ERROR]
    for finding in errors:
        output.info(f"{finding.what}\n  fix:      {finding.fix}")
    if errors:
        output.info("`invoke doctor` shows why this matters")
    else:
        ready = counted(len(teams), "team")
        output.info(f"up to date: {ready}; `invoke dev` starts the platform")


STEPS: Mapping[str, Callable[[Sequence[Team]], None]] = {
    "build": build,
    "hooks": install_hooks,
    "check": check,
}


def main(step: str) -> None:
    """Run one step; an error that the user can fix is printed and does not fail it."""
    output.show_everything()
    try:
        STEPS[step](load_teams(ROOT))
    except DevkitError as error:
        output.info(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
