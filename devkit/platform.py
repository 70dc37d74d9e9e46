"""Everything that a running `invoke dev` consists of: hosts, locations, what follows a save."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import claims, dagster_cli, graphql, home, output, parallel, watch
from devkit.errors import DevkitError
from devkit.journal import Journal
from devkit.launcher import Launcher
from devkit.locations import SETTLED, Location, Surroundings
from devkit.services import Supervised
from devkit.webserver import Webserver
from devkit.workspace import Team

POLL_SECONDS = 0.1
# The webserver has a turn to itself until it answers, but no longer than this for each location
# that has to wait for its turn. Those that need not wait start beside it: it looks again each
# second, and what is up when it first does is loaded a second sooner.
HEAD_START_SECONDS_A_LOCATION = 0.05
# Of the daemon for locations that take long, to build their environments say.
LONGEST_WAIT_SECONDS = 60.0


class Platform:
    """A webserver, a daemon and the teams' locations, until a signal."""

    def __init__(
        self,
        *,
        where: Path,
        sockets: Path,
        host: str,
        port: int,
        choose: Callable[[], Sequence[Team]],
        reload: bool,
        debug: Team | None = None,
    ) -> None:
        """`where` is DAGSTER_HOME, `sockets` the folder for the code servers' sockets.

        `choose` gives the teams, and is asked again when the registry changes. `debug` is the
        team whose code server a debugger can attach to.
        """
        self._choose = choose
        self._reload = reload
        self._home = where
        self._sockets = sockets
        self.url = claims.url(host, port)
        self._signals: list[int] = []
        self._stop = asyncio.Event()
        self._locations: dict[str, Location] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._journal = Journal(lambda: list(self._locations.values()))
        self._launcher = Launcher(where, self._journal.tell, debug)
        self._follower = watch.Follower(self._saved, lambda text: self._journal.tell("dev", text))
        self._registry_saved = asyncio.Event()
        self._webserver = self._launcher.webserver(host, port)
        self._daemon = self._launcher.daemon()
        self._turns = asyncio.Semaphore(parallel.cores())
        self._answering = asyncio.Event()
        self._surroundings = Surroundings(
            webserver=Webserver(self.url),
            supervise=self._launcher.code_server,
            turns=self._turns,
            say=self._journal.changed,
            died=self._end_lost_runs,
        )

    async def run(self, teams: Sequence[Team]) -> int:
        """Start everything, wait for a signal, stop everything."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._on_signal, sign)
        await self._launcher.guard.start()
        work = asyncio.create_task(self._work(teams))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._journal.close()
            for task in (work, stop, *self._tasks.values()):
                task.cancel()
            ended = asyncio.gather(
                work, self._follower.stop(), *self._tasks.values(), return_exceptions=True
            )
            await self._end()
            failures = [end for end in await ended if isinstance(end, Exception)]
            await self._launcher.guard.stop()
        if failures:
            raise failures[0]
        return 128 + self._signals[0]

    async def _work(self, teams: Sequence[Team]) -> None:
        """Webserver first, then the locations in turns, then the daemon; then take in changes."""
        self._add(teams)
        self._write_workspace()
        async with asyncio.TaskGroup() as group:
            self._webserver.start()
            await asyncio.sleep(0)  # it starts now, while this sees to the terminal
            own = home.own_configuration(self._home)
            self._journal.open(self._home, self._launcher.logs, own_configuration=own)
            if self._reload:
                group.create_task(self._follow())
            group.create_task(self._tell_when_answering())
            longest = (len(teams) - parallel.cores()) * HEAD_START_SECONDS_A_LOCATION
            async with self._turns:  # the fewer start beside it, the sooner there is a UI
                self._run_locations()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._answering.wait(), longest)
            group.create_task(self._start_daemon())
            await self._until_settled()
            self._journal.close()
            self._journal.sum_up()
            await self._stop.wait()

    async def _start_daemon(self) -> None:
        """Last, so that it does not stand in the locations' way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                await self._until_settled()
        await self._end_lost_runs()
        self._daemon.start()

    async def _until_settled(self) -> None:
        while any(one.state not in SETTLED for one in self._locations.values()):
            await asyncio.sleep(POLL_SECONDS)

    async def _tell_when_answering(self) -> None:
        while not self._webserver.given_up:
            if await asyncio.to_thread(graphql.answers, self.url):
                self._journal.tell_timed("webserver", f"ready: {self.url}")
                self._answering.set()
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _end_lost_runs(self) -> None:
        """Nothing stays STARTED whose code server has ended, in this session or an earlier one."""
        with contextlib.suppress(OSError, RuntimeError):  # then the databases have to be asked
            if not await asyncio.to_thread(graphql.has_unfinished_runs, self.url):
                return
        try:
            for run_id in await asyncio.to_thread(home.end_lost_runs, self._home):
                self._journal.tell(
                    "dev", f"run {run_id} is marked as failed: its code server ended"
                )
        except DevkitError as error:
            self._journal.tell("dev", str(error.message))

    async def _follow(self) -> None:
        """Take in what is saved, for as long as the platform runs."""
        await self._follower.follow([location.team for location in self._locations.values()])
        while True:
            await self._registry_saved.wait()
            self._registry_saved.clear()
            await self._take_in_registry()

    def _saved(self, files: set[Path]) -> None:
        if watch.REGISTRY in files:
            self._registry_saved.set()
        teams = [location.team for location in self._locations.values()]
        for file in files:
            for name, change in watch.touched(file, teams).items():
                self._locations[name].touch(change, file)

    async def _take_in_registry(self) -> None:
        """Add and drop locations as the registry now says; a faulty registry changes nothing."""
        try:
            chosen = await asyncio.to_thread(self._choose)
            teams = {team.location: team for team in chosen}
        except DevkitError as error:
            self._journal.tell("dev", f"the registry is not taken in:\n{error.message}")
            return
        old = {name: location.team for name, location in self._locations.items()}
        dropped = [name for name, team in old.items() if teams.get(name) != team]
        added = [team for name, team in teams.items() if old.get(name) != team]
        if not dropped and not added:
            return
        await self._follower.follow(chosen)
        for name in dropped:
            self._tasks[name].cancel()
            await asyncio.gather(self._tasks.pop(name), return_exceptions=True)
            location = self._locations.pop(name)
            await location.stop()
            self._journal.tell(name, "dropped")
        self._add(added)
        self._write_workspace()
        # They read the list of locations when they start. Code servers and runs go on.
        await asyncio.gather(self._webserver.restart(), self._daemon.restart())
        self._run_locations()

    def _add(self, teams: Sequence[Team]) -> None:
        for team in teams:
            socket = self._sockets / f"{team.line}-{len(self._locations)}.sock"
            location = Location(team, socket, self._surroundings)
            self._locations[team.location] = location
            self._journal.add(location)

    def _run_locations(self) -> None:
        for name, location in self._locations.items():
            if name not in self._tasks:
                self._tasks[name] = task = asyncio.create_task(location.run(), name=name)
                task.add_done_callback(self._on_end)

    def _write_workspace(self) -> None:
        sockets = {name: location.socket for name, location in self._locations.items()}
        self._launcher.workspace.write_text(dagster_cli.workspace(sockets))

    async def _end(self) -> None:
        """The daemon first, so that nothing new begins; then whatever it used."""
        output.say("stopping ...")
        await self._daemon.stop()
        servers: list[Supervised | Location] = [self._webserver, *self._locations.values()]
        await asyncio.gather(*(server.stop() for server in servers))

    def _on_signal(self, sign: int) -> None:
        self._signals.append(sign)
        self._stop.set()
        if len(self._signals) > 1:
            services: list[Supervised | Location] = [self._daemon, self._webserver]
            for service in [*services, *self._locations.values()]:
                service.kill()

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """A location's task ends when it is cancelled; with anything else the platform ends."""
        if not task.cancelled() and task.exception():
            self._stop.set()
