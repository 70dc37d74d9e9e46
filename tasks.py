"""The index of commands: each parses its options and delegates to `devkit`.

`python3 tasks.py COMMAND` needs Python and git only. `invoke COMMAND` is the same, from
whichever installation of invoke: both go on inside `.venv-tools`.
"""

import sys
from functools import partial

from devkit import bootstrap

bootstrap.enter(as_script=__name__ == "__main__")

from invoke.context import Context

from devkit import check as checks
from devkit import environments, locks, output, parallel, shared, shells, suites
from devkit import setup as provisioning
from devkit.cli import command, one_team, remainder, some_rooms, some_teams

TEAM = {"team": "a team by name or location; can be repeated, and takes a,b"}


@command(help={})
def setup(_: Context) -> None:
    """Build or refresh every environment, prepare DAGSTER_HOME, install the git hooks."""
    provisioning.setup(some_teams())


@command(
    help=TEAM
    | {
        "upstream": "with --team: also the teams whose assets those read",
        "port": "the UI's port (default: 3000, or the next free one)",
        "host": "the address to listen on (default: 127.0.0.1)",
        "reload": "code is reloaded when it is saved",
    },
    iterable=["team"],
)
def dev(
    _: Context,
    team: list[str],
    upstream: bool = False,
    port: int = 0,
    host: str = "127.0.0.1",
    reload: bool = True,
) -> None:
    """Run webserver, daemon and every team's code server on one DAGSTER_HOME."""
    from devkit import dev as development  # asyncio and the like, for which only this one waits

    chosen = partial(some_teams, team, upstream=upstream)
    sys.exit(development.run(chosen, host=host, port=port or None, reload=reload))


@command(help=TEAM, iterable=["team"])
def test(_: Context, team: list[str]) -> None:
    """Run every test; with --team that team's, with pytest's own arguments after --."""
    teams = some_teams(team)
    parallel.require(environments.ensure(environments.every_environment(teams)))
    suites.run_teams(teams, remainder()) if team or remainder() else suites.run_all(teams)


@command(help=TEAM | {"traceback": "show Dagster's own frames too"}, iterable=["team"])
def check(_: Context, team: list[str], traceback: bool = False) -> None:
    """Load every team's definitions, each in its own environment."""
    teams = some_teams(team)
    parallel.require(environments.ensure(map(environments.team_environment, teams)))
    checks.check(teams, tracebacks=traceback)


@command(help=TEAM, iterable=["team"])
def utils(_: Context, team: list[str]) -> None:
    """Install utils in every team's environment and prove that it works in each."""
    teams = some_teams(team)
    parallel.require(environments.ensure(map(environments.team_environment, teams)))
    shared.install(teams)


@command(help={"team": TEAM["team"].partition(";")[0]})
def shell(_: Context, team: str) -> None:
    """Open a shell in a team's folder with its environment active."""
    chosen = one_team(team)
    parallel.require(environments.ensure([environments.team_environment(chosen)]))
    sys.exit(shells.interact(chosen))


@command(name="exec", help={"team": TEAM["team"].partition(";")[0]})
def execute(_: Context, team: str) -> None:
    """Run a command in a team's environment: invoke exec --team ml -- python -V."""
    chosen = one_team(team)
    parallel.require(environments.ensure([environments.team_environment(chosen)]))
    sys.exit(shells.execute(chosen, remainder()))


@command(
    help={
        "team": "a team, `orchestrator` or `tools`; can be repeated, and takes a,b",
        "upgrade": "let every pin move",
        "package": "let this package's pin move; can be repeated",
    },
    iterable=["team", "package"],
)
def lock(_: Context, team: list[str], package: list[str], upgrade: bool = False) -> None:
    """Lock the dependencies of every team, or of one, and show what changed."""
    locks.update(some_rooms(team), upgrade=upgrade, packages=package)


@command(help={})
def teams(_: Context) -> None:
    """Show the registry."""
    output.table(
        ("team", "location", "module", "environment"),
        [
            (
                team.name,
                team.location,
                team.module,
                str(team.environment.relative_to(bootstrap.ROOT)),
            )
            for team in some_teams()
        ],
    )
