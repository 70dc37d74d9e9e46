"""`invoke dev`: the whole platform on this machine, until it is asked to stop."""

import asyncio
from collections.abc import Callable, Sequence

from devkit import claims, environments, home, parallel
from devkit.platform import Platform
from devkit.workspace import Team


def run(choose: Callable[[], Sequence[Team]], *, host: str, port: int | None, reload: bool) -> int:
    """Run webserver, daemon and the teams' code servers until a signal; return the exit code.

    `choose` gives the teams, and is asked again when the registry changes; `port` None means
    the next free one from 3000.

    Raises:
        DevkitError: if another `invoke dev` has this DAGSTER_HOME, the port is taken, or the
            orchestrator's environment can't be built. A team's troubles are its own.
    """
    teams = choose()
    parallel.require(environments.ensure([environments.orchestrator_environment()]))
    where = home.locate()
    home.prepare(where)
    with claims.sole_user(where) as record, claims.socket_folder() as sockets:
        platform = Platform(
            where=where,
            sockets=sockets,
            host=host,
            port=claims.free_port(host, port),
            choose=choose,
            reload=reload,
        )
        record(platform.url)
        return asyncio.run(platform.run(teams))
