"""`invoke dev`: the whole platform on this machine, until it is asked to stop."""

import asyncio
from collections.abc import Callable, Sequence

from devkit import claims, debugger, environments, home, output, parallel
from devkit.errors import DevkitError
from devkit.platform import Platform
from devkit.workspace import Team


def run(
    choose: Callable[[], Sequence[Team]],
    *,
    host: str,
    port: int | None,
    reload: bool,
    debug: Team | None = None,
) -> int:
    """Run webserver, daemon and the teams' code servers until a signal; return the exit code.

    `choose` gives the teams, and is asked again when the registry changes; `port` None means
    the next free one from 3000. `debug` is the team whose code server a debugger can attach to.

    Raises:
        DevkitError: if another `invoke dev` has this DAGSTER_HOME, a port is taken, the
            orchestrator's environment can't be built, or `debug` is not among the teams. A
            team's troubles are its own.
    """
    teams = choose()
    parallel.require(environments.ensure([environments.orchestrator_environment()]))
    where = home.locate()
    home.prepare(where)
    if debug:
        if debug not in teams:
            raise DevkitError(f"--debug {debug.name}: it is not among the teams that are run")
        mend = "stop what listens there: --debug needs this port"
        claims.free_port(debugger.HOST, debugger.PORT, mend)
        output.say(f"a debugger can attach to {debug.name}: {debugger.HOST}:{debugger.PORT}")
    with claims.sole_user(where) as record, claims.socket_folder() as sockets:
        platform = Platform(
            where=where,
            sockets=sockets,
            host=host,
            port=claims.free_port(host, port),
            choose=choose,
            reload=reload,
            debug=debug,
        )
        record(platform.url)
        return asyncio.run(platform.run(teams))
