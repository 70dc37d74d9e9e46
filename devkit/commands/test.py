"""`invoke test`: each team's tests in its own environment, and the kit's tests."""

from invoke.context import Context

from devkit.cli import AFFECTED, BASE, TEAM, affected_teams, command, remainder, some_teams


@command(
    help=TEAM
    | AFFECTED
    | {
        "kit": "only lint, types and DagTeam's own tests",
        "cover": "with --kit: fail if the tests leave out too much of the kit's code",
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
    cover: bool = False,
    deploy: bool = False,
) -> None:
    """Run all tests, or one team's; -- passes arguments to pytest."""
    from devkit.environments import suites
    from devkit.environments.venvs import every_environment, team_environment

    if bool(team or affected or remainder()) and not kit and not deploy:
        teams = affected_teams(team, base) if affected else some_teams(team)
        names, failures = suites.ready(map(team_environment, teams))
        suites.run_teams([one for one in teams if one.name in names], remainder(), failures)
        return
    if kit:
        suites.run_kit(remainder(), cover=cover)
    elif deploy:
        suites.run_deploy(remainder())
    else:
        teams = some_teams()
        names, failures = suites.ready(every_environment(teams))
        suites.run_all([one for one in teams if one.name in names], failures)
