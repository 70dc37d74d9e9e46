"""`invoke check`: every team's definitions load, and the contracts between teams hold."""

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, JSON, TEAM, affected_teams, command, some_teams
from devkit.core import output


@command(
    help=TEAM
    | AFFECTED
    | JSON
    | {
        "cache": "reuse cached manifests",
        "format": "text, json, or github (annotations in a pull request)",
        "traceback": "show Dagster's own frames too",
    },
    iterable=["team"],
)
def check(
    _: Context,
    team: list[str],
    affected: bool = False,
    base: str = BASE,
    cache: bool = True,
    format_: str = "text",
    json: bool = False,
    traceback: bool = False,
) -> None:
    """Load all definitions and check the contracts between teams."""
    from devkit.contracts.check import Options
    from devkit.contracts.check import check as run
    from devkit.environments import lockfiles, project, venvs

    teams = some_teams()
    chosen = affected_teams(team, base) if affected else some_teams(team)
    form = "json" if json else format_
    if form == "json":
        output.use_stderr()
    options = Options(
        unbuilt=venvs.build_all(teams),
        stale_locks=lockfiles.stale_projects(project.all_projects(teams)),
        use_cache=cache,
        tracebacks=traceback,
    )
    run(chosen, teams, options, form=form)
