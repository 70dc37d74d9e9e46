"""Runs the whole platform on this machine until a signal stops it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from devkit.core import output
from devkit.core.errors import DevkitError
from devkit.dev import dagster_cli, debugger, home, session
from devkit.dev.builds import Builds
from devkit.dev.clock import Clock
from devkit.dev.instance import Instance
from devkit.dev.options import Options
from devkit.dev.parts import Parts
from devkit.dev.platform import Platform
from devkit.dev.webserver import Client
from devkit.environments.venvs import orchestrator_environment, require_built
from devkit.registry.team import Team


def run(choose: Callable[[], Sequence[Team]], options: Options) -> int:
    """Run webserver, daemon and the teams' code servers until a signal; returns the exit code.

    `choose` returns the teams; it is called again when the registry changes.

    Raises:
        DevkitError: if another `invoke dev` uses this DAGSTER_HOME, a port is taken, the
            orchestrator's environment can't be built, or the team to debug is not selected.
            A problem of one team is not raised: it is the state of that team's location.
    """
    teams = choose()
    require_built([orchestrator_environment()])
    dagster_home = home.locate()
    home.prepare(dagster_home)
    if options.debug:
        _prepare_debugger(options.debug, teams)
    with (
        session.exclusive_home(dagster_home) as record,
        session.socket_folder(dagster_home) as sockets,
    ):
        options = replace(options, port=session.free_port(options.host, options.port))
        _warn_if_public(options)
        url = session.url(options.host, options.port)
        record(url)
        clock = Clock()
        parts = Parts(dagster_cli, Client(url, clock), Instance(dagster_home), Builds(), clock)
        platform = Platform(dagster_home, sockets, choose, options, parts)
        return asyncio.run(platform.run(teams))


def _warn_if_public(options: Options) -> None:
    if session.is_public(options.host):
        output.warn(
            f"warning: --host {options.host}: whoever reaches port {options.port} of this machine"
            " can run the teams' code: the UI has no login"
        )


def _prepare_debugger(team: Team, teams: Sequence[Team]) -> None:
    if team not in teams:
        raise DevkitError(f"--debug {team.name}: not among the selected teams")
    fix = "stop the program that listens there: --debug needs this port"
    session.free_port(debugger.HOST, debugger.PORT, fix)
    output.info(f"a debugger can attach to {team.name}: {debugger.HOST}:{debugger.PORT}")
