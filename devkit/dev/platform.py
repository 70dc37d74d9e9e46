"""The running platform: webserver, daemon, locations, and what is done when a file is saved."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devkit.core import output, parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import REGISTRY
from devkit.core.threads import in_thread
from devkit.dev import home, session, watch
from devkit.dev.context import PlatformContext
from devkit.dev.launcher import Launcher
from devkit.dev.location import Location
from devkit.dev.options import Options
from devkit.dev.parts import Parts
from devkit.dev.reporter import Reporter
from devkit.dev.servers import Sockets
from devkit.dev.service import SupervisedProcess
from devkit.dev.states import SETTLED, ChangeKind
from devkit.dev.webserver import NoAnswerError
from devkit.registry.team import Team

POLL_SECONDS = 0.1
# Locations get one start slot fewer until the webserver answers, but no longer than this for each
# location that has to wait for a slot. If none has to, all start next to the webserver: it loads
# what is up at its first check a second sooner.
WEBSERVER_HEAD_START_PER_LOCATION_SECONDS = 0.05
# The daemon waits no longer than this for slow locations, such as those that build environments.
LONGEST_WAIT_SECONDS = 60.0


class Platform:
    """A webserver, a daemon and the teams' locations, until a signal."""

    def __init__(
        self,
        dagster_home: Path,
        sockets: Path,
        choose: Callable[[], Sequence[Team]],
        options: Options,
        parts: Parts,
    ) -> None:
        """`sockets` is the folder for the code servers' sockets; `options` has a definite port.

        `choose` returns the teams; it is called again when the registry changes.
        """
        self._choose = choose
        self._options = options
        self._parts = parts
        self._home = dagster_home
        self.url = session.url(options.host, options.port)
        self._signals: list[int] = []
        self._stop = asyncio.Event()
        self.locations: dict[str, Location] = {}
        self._retired: list[Location] = []  # not in the registry any more; they may have runs
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reporter = Reporter(lambda: list(self.locations.values()))
        self._launcher = Launcher(dagster_home, self._reporter.report, options, parts)
        self._watcher = watch.Watcher(self.saved, self._reporter.report)
        self._registry_saved = asyncio.Event()
        self._webserver = self._launcher.webserver()
        self._daemon = self._launcher.daemon()
        self._start_slots = asyncio.Semaphore(parallel.jobs())
        self._answering = asyncio.Event()
        self._context = PlatformContext(
            parts=parts,
            sockets=Sockets(sockets),
            launch=self._launcher.code_server,
            start_slots=self._start_slots,
            on_event=self._reporter.changed,
            on_crash=self._end_lost_runs,
            exclusive=[options.debug] if options.debug else [],
        )

    async def run(self, teams: Sequence[Team]) -> int:
        """Start everything, wait for a signal, stop everything; returns the exit code."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` ignores it for us. A shell ignores INT for whatever it runs in the background:
            # that is no wish of the user's.
            if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:
                loop.add_signal_handler(sign, self._on_signal, sign)
        await self._launcher.reaper.start()
        work = asyncio.create_task(self._work(teams))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._reporter.close()
            for task in (work, stop, *self._tasks.values()):
                task.cancel()
            ended = asyncio.gather(
                work, self._watcher.stop(), *self._tasks.values(), return_exceptions=True
            )
            await self._stop_services()
            failures = [end for end in await ended if isinstance(end, Exception)]
            await self._launcher.reaper.stop()
            self._launcher.close()
        if failures:
            raise failures[0]
        return 128 + self._signals[0]

    async def _work(self, teams: Sequence[Team]) -> None:
        """Start the webserver, then the locations, then the daemon; then apply changes."""
        self._add(teams)
        self._write_workspace()
        async with asyncio.TaskGroup() as group:
            self._webserver.start()
            await asyncio.sleep(0)  # it starts now, before the terminal is set up
            own = home.own_configuration(self._home)
            self._reporter.open(self._home, self._launcher.logs, own_configuration=own)
            if self._options.reload:
                teams = [location.team for location in self.locations.values()]
                group.create_task(self._watcher.watch(teams))
            group.create_task(self._apply_registry())
            group.create_task(self._report_when_answering())
            longest = (len(teams) - parallel.jobs()) * WEBSERVER_HEAD_START_PER_LOCATION_SECONDS
            async with self._start_slots:  # the fewer start next to it, the sooner the UI is ready
                self._run_locations()
                with contextlib.suppress(TimeoutError):
                    async with self._parts.clock.timeout(longest):
                        await self._answering.wait()
            group.create_task(self._start_daemon())
            await self._until_settled()
            self._reporter.close()
            self._reporter.summarize()
            await self._stop.wait()

    async def _start_daemon(self) -> None:
        """Start the daemon last, as it competes with the locations for the processors."""
        with contextlib.suppress(TimeoutError):
            async with self._parts.clock.timeout(LONGEST_WAIT_SECONDS):
                await self._until_settled()
        await self._end_lost_runs()
        self._daemon.start()

    async def _until_settled(self) -> None:
        while any(location.state not in SETTLED for location in self.locations.values()):
            await self._parts.clock.sleep(POLL_SECONDS)

    async def _report_when_answering(self) -> None:
        while not self._webserver.failed:
            if await self._parts.webserver.is_up():
                self._reporter.report_timed("webserver", f"ready: {self.url}")
                self._answering.set()
                return
            await self._parts.clock.sleep(POLL_SECONDS)

    async def _end_lost_runs(self) -> None:
        """Mark runs as failed whose code server ended, in this session or an earlier one."""
        with contextlib.suppress(NoAnswerError):  # then ask the databases
            if not await self._parts.webserver.unfinished_runs():
                return
        try:
            for run_id in await self._parts.instance.end_lost_runs():
                self._reporter.report(
                    "dev", f"run {run_id} is marked as failed: its code server ended"
                )
        except (DevkitError, OSError) as error:
            self._reporter.report("dev", f"runs whose code server ended: {error}")

    async def _apply_registry(self) -> None:
        """Apply each change of the registry; runs until it is cancelled."""
        while True:
            await self._registry_saved.wait()
            self._registry_saved.clear()
            await self._reload_registry()

    def saved(self, file: Path, affected: Mapping[str, ChangeKind]) -> None:
        """Record that a file was saved, and the locations that it affects."""
        if file == REGISTRY:
            self._registry_saved.set()
        for name in affected.keys() & self.locations.keys():
            self.locations[name].notify(affected[name], file)

    async def _reload_registry(self) -> None:
        """Add and remove locations as in the registry; an invalid registry changes nothing."""
        try:
            chosen = await in_thread(self._choose)
            teams = {team.location: team for team in chosen}
        except (DevkitError, OSError) as error:
            self._reporter.report("dev", f"workspace.yaml not reloaded:\n{error}")
            return
        old = {name: location.team for name, location in self.locations.items()}
        removed = [name for name, team in old.items() if teams.get(name) != team]
        added = [team for name, team in teams.items() if old.get(name) != team]
        if not removed and not added:
            return
        if self._options.reload:
            await self._watcher.watch(chosen)
        for name in removed:
            self._tasks[name].cancel()
            await asyncio.gather(self._tasks.pop(name), return_exceptions=True)
            location = self.locations.pop(name)
            self._retired.append(location)
            await location.retire()
            self._reporter.report(name, "removed")
        self._add(added)
        self._write_workspace()
        # They read the workspace file only when they start. Code servers and runs are not affected.
        await asyncio.gather(self._webserver.restart(), self._daemon.restart())
        self._run_locations()

    def _add(self, teams: Sequence[Team]) -> None:
        for team in teams:
            location = Location(team, self._context)
            self.locations[team.location] = location
            self._reporter.add(location)

    def _run_locations(self) -> None:
        for name, location in self.locations.items():
            if name not in self._tasks:
                self._tasks[name] = task = asyncio.create_task(location.run(), name=name)
                task.add_done_callback(self._on_location_end)

    def _write_workspace(self) -> None:
        sockets = {name: location.socket for name, location in self.locations.items()}
        self._launcher.write_workspace(sockets)

    async def _stop_services(self) -> None:
        """Stop the daemon first, so that no new run starts, then all the others."""
        output.info("stopping ...")
        await self._daemon.stop()
        await asyncio.gather(
            self._parts.environments.stop(),
            self._webserver.stop(),
            *(location.stop() for location in self._all_locations()),
        )

    def _on_signal(self, sign: int) -> None:
        self._signals.append(sign)
        self._stop.set()
        if len(self._signals) > 1:
            services: list[SupervisedProcess | Location] = [self._daemon, self._webserver]
            for service in [*services, *self._all_locations()]:
                service.kill()

    def _all_locations(self) -> list[Location]:
        return [*self.locations.values(), *self._retired]

    def _on_location_end(self, task: asyncio.Task[None]) -> None:
        """End the platform if a location's task failed instead of being cancelled."""
        if not task.cancelled() and task.exception():
            self._stop.set()
