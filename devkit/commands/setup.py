"""`invoke setup`: every environment, DAGSTER_HOME and the git hooks."""

from collections.abc import Sequence
from functools import partial

from invoke.context import Context

from devkit.cli import command, some_teams
from devkit.core import output, parallel
from devkit.core.wording import counted
from devkit.registry.team import Team


@command(help={})
def setup(_: Context) -> None:
    """Build all environments, DAGSTER_HOME and the git hooks."""
    run(some_teams())


def run(teams: Sequence[Team]) -> None:
    """Build or refresh whatever is out of date, in parallel, and print every result.

    Raises:
        DevkitError: naming what failed, after everything else is done.
    """
    from devkit.dev import home
    from devkit.environments import hooks, venvs

    where = home.locate()
    orchestrator = venvs.orchestrator_environment()
    jobs: dict[str, parallel.Work] = {}
    if venvs.stale(orchestrator) or not home.is_ready(where):
        jobs[orchestrator.name] = partial(home.build_and_prepare, where)
    for environment in map(venvs.team_environment, teams):
        if venvs.stale(environment):
            jobs[environment.name] = partial(venvs.build, environment)
    unhooked = hooks.problem()
    if unhooked and unhooked.kind is hooks.Kind.MISSING:
        jobs["git hooks"] = hooks.install
    parallel.require(parallel.run("setting up", jobs), fix="see above, then `invoke setup`")
    if jobs:
        unhooked = hooks.problem()
    if unhooked and unhooked.kind is not hooks.Kind.NO_REPOSITORY:
        output.warn(f"warning: {unhooked}")
    if not jobs:
        output.info(f"up to date: {counted(len(teams), 'team')}, DAGSTER_HOME {where}")
