"""Runs the whole platform on this machine, until it is asked to stop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.dev import debugger, home, session
from devkit.dev.platform import Platform
from devkit.environments.venvs import orchestrator_environment, require_built
from devkit.registry.workspace import Team


@dataclass(frozen=True)
class Options:
    """How the platform is run.

    `port` None means the next free one from 3000. `reload`: code is reloaded when it is saved.
    `debug` is the team whose code server a debugger can attach to.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    reload: bool = True
    debug: Team | None = None


def run(choose: Callable[[], Sequence[Team]], options: Options) -> int:
    """Run webserver, daemon and the teams' code servers until a signal; return the exit code.

    `choose` gives the teams, and is asked again when the registry changes.

    Raises:
        DevkitError: if another `invoke dev` has this DAGSTER_HOME, a port is taken, the
            orchestrator's environment can't be built, or the debugged team is not among the
            teams. What is wrong with a team is reported as its location's state.
    """
    teams = choose()
    require_built([orchestrator_environment()])
    where = home.locate()
    home.prepare(where)
    if options.debug:
        _prepare_debugger(options.debug, teams)
    with session.exclusive_home(where) as record, session.socket_folder() as sockets:
        platform = Platform(
            where=where,
            sockets=sockets,
            host=options.host,
            port=session.free_port(options.host, options.port),
            choose=choose,
            reload=options.reload,
            debug=options.debug,
        )
        record(platform.url)
        return asyncio.run(platform.run(teams))


def _prepare_debugger(team: Team, teams: Sequence[Team]) -> None:
    if team not in teams:
        raise DevkitError(f"--debug {team.name}: not among the selected teams")
    fix = "stop what listens there: --debug needs this port"
    session.free_port(debugger.HOST, debugger.PORT, fix)
    output.info(f"a debugger can attach to {team.name}: {debugger.HOST}:{debugger.PORT}")
