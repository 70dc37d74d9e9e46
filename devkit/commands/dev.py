"""`invoke dev`: the whole platform on this machine, until it is stopped."""

import sys
from functools import partial

from invoke.context import Context

from devkit.cli import TEAM, command, one_team, some_teams


@command(
    help=TEAM
    | {
        "upstream": "with --team: also the teams that these depend on",
        "port": "the UI's port (default: 3000, or the next free one)",
        "host": "the address to listen on (default: 127.0.0.1)",
        "reload": "reload code when it is saved",
        "debug": "a team whose code server an editor's debugger can attach to, on port 5678",
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
    debug: str = "",
) -> None:
    """Run webserver, daemon and every team's code server."""
    from devkit.dev.options import Options
    from devkit.dev.run import run

    options = Options(host, port, reload, debug=one_team(debug) if debug else None)
    sys.exit(run(partial(some_teams, team, upstream=upstream), options))
