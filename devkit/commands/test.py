"""`invoke test`: each team's tests in its own environment, and the kit's tests."""

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, TEAM, affected_teams, command, remainder, some_teams


@command(
    help=TEAM
    | AFFECTED
    | {
        "kit": "only lint, types and DagTeam's own tests",
        "deploy": "only the deployment tests: executables, images, a database",
    },
    iterable=["team"],
)
def test(
    _: Context,
    team: list[str],
    affected: bool = False,
    base: str = BASE,
    kit: bool = False,
    deploy: bool = False,
) -> None:
    """Run all tests, or one team's; -- passes arguments to pytest."""
    from devkit.environments import suites
    from devkit.environments.venvs import every_environment, require_built, team_environment

    some = bool(team or affected or remainder()) and not kit and not deploy
    if some:
        teams = affected_teams(team, base) if affected else some_teams(team)
        names, failures = suites.ready(map(team_environment, teams))
        suites.run_teams([one for one in teams if one.name in names], remainder(), failures)
        return
    teams = some_teams()
    if not kit and not deploy:
        names, failures = suites.ready(every_environment(teams))
        suites.run_all([one for one in teams if one.name in names], failures)
        return
    require_built(every_environment(teams))
    if deploy:
        suites.run_deploy(remainder())
    else:
        suites.run_kit()
