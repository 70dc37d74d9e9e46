"""Builds teams' environments while the platform runs, and ends the builds when it does."""

import asyncio

from devkit.core import filelocks, processes
from devkit.core.threads import in_thread
from devkit.environments import venvs
from devkit.registry.team import Team

POLL_SECONDS = 0.05


class Builds:
    """The real environments of the teams."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[str]] = set()

    def stale(self, team: Team) -> bool:
        """Whether a team's environment has to be built."""
        return venvs.stale(venvs.team_environment(team)) is not None

    async def build(self, team: Team) -> None:
        """Build a team's environment; goes on if the caller is cancelled, until `stop`.

        Raises:
            DevkitError: if it can't be built.
        """
        environment = venvs.team_environment(team)
        build = asyncio.create_task(in_thread(venvs.build, environment))
        self._running.add(build)
        build.add_done_callback(self._running.discard)
        await asyncio.shield(build)

    async def stop(self) -> None:
        """End what is being built: programs, those that they would start next, waits for locks."""
        with filelocks.abandoned():
            while running := set(self._running):
                await in_thread(processes.end_all)
                await asyncio.wait(running, timeout=POLL_SECONDS)
                for build in running:
                    if build.done() and not build.cancelled():
                        build.exception()  # its end is what was asked for
