"""`invoke check`: every team's definitions load, and the contracts between teams hold."""

from dataclasses import replace
from typing import TYPE_CHECKING

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, JSON, TEAM, affected_teams, command, some_teams
from devkit.core import output

if TYPE_CHECKING:
    from devkit.contracts.check import Options


@command(
    help=TEAM
    | AFFECTED
    | JSON
    | {
        "cache": "reuse cached manifests",
        "staged": "what is staged, by the teams that it affects: for the Git hook",
        "format": "text, json, or github (annotations in a pull request)",
        "traceback": "show Dagster's own frames too",
        "baseline": "let everything pass that is found now; from then on, only what is new fails",
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
    staged: bool = False,
    baseline: bool = False,
) -> None:
    """Load all definitions and check the contracts between teams."""
    from devkit.contracts.check import Options
    from devkit.contracts.check import check as run
    from devkit.environments import lockfiles, project, venvs

    if staged:
        _check_staged(Options(use_cache=cache, tracebacks=traceback))
        return
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
    run(chosen, teams, options, form=form, rewrite=baseline)


def _check_staged(options: "Options") -> None:
    """The Git hook: other teams' environments are not built, and their faults are warnings."""
    from devkit.contracts.staged import judge
    from devkit.definitions.staged import staged
    from devkit.environments import venvs

    with staged() as commit:
        if commit is None:
            output.info("this commit affects no team")
            return
        outcomes = venvs.build_stale(map(venvs.team_environment, commit.chosen))
        unbuilt = {outcome.name: outcome.text for outcome in outcomes if not outcome.ok}
        judge(commit, replace(options, unbuilt=unbuilt))
