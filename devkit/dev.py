"""`invoke dev`: the whole platform on this machine, until it is asked to stop."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from devkit import dagster_cli, environments, graphql, home, output, parallel, settings
from devkit.bootstrap import ROOT, clean_environment
from devkit.errors import DevkitError
from devkit.services import Guard, Service, Supervised
from devkit.tracebacks import own_places
from devkit.workspace import Team

FIRST_PORT = 3000
PORTS_TO_TRY = 50
POLL_SECONDS = 0.2
LONGEST_SOCKET_FOLDER = 40  # of the 107 bytes that a Unix socket's path may have


@dataclass(frozen=True)
class Options:
    """What the developer asked for; `port` None means the next free one from 3000."""

    host: str = "127.0.0.1"
    port: int | None = None


def run(teams: Sequence[Team], options: Options) -> int:
    """Run webserver, daemon and the teams' code servers until a signal; return the exit code.

    A team whose environment can't be built is named and left out; the others run.

    Raises:
        DevkitError: if another `invoke dev` has this DAGSTER_HOME, or the port is taken.
    """
    where = home.locate()
    outcomes = environments.ensure(environments.every_environment(teams))
    failed = {outcome.name for outcome in outcomes if not outcome.ok}
    if "orchestrator" in failed:
        parallel.require(outcomes)
    home.prepare(where)
    with _sole_user(where) as record, _socket_folder() as sockets:
        port = _free_port(options)
        platform = Platform(
            [team for team in teams if team.name not in failed], where, sockets, options.host, port
        )
        record(platform.url)
        return asyncio.run(platform.run())


class Platform:
    """Everything that `invoke dev` has running."""

    def __init__(
        self, teams: Sequence[Team], where: Path, sockets: Path, host: str, port: int
    ) -> None:
        self.url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
        self._started = time.monotonic()
        self._home = where
        self._teams = {team.location: team for team in teams}
        self._sockets = {team.location: sockets / f"{n}.sock" for n, team in enumerate(teams)}
        self._guard = Guard()
        self._signals: list[int] = []
        self._stop = asyncio.Event()
        self._logs = home.state_folder(where) / "logs"
        self._logs.mkdir(exist_ok=True)
        file = home.state_folder(where) / "workspace.yaml"
        file.write_text(dagster_cli.workspace(self._sockets))
        hosts = {**clean_environment(), **self._common()}
        self._webserver = self._supervise(
            "webserver", dagster_cli.webserver(file, host, port), ROOT, hosts
        )
        self._daemon = self._supervise("daemon", dagster_cli.daemon(file), ROOT, hosts)
        self._code_servers = {team.location: self._code_server(team) for team in teams}

    async def run(self) -> int:
        """Start everything, wait for a signal, stop everything."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._on_signal, sign)
        await self._guard.start()
        output.say(f"DAGSTER_HOME {self._home}; logs in {self._logs}")
        starting = asyncio.create_task(self._start())
        try:
            await self._stop.wait()
        finally:
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            await self._end()
            await self._guard.stop()
        return 128 + self._signals[0]

    async def _start(self) -> None:
        """Webserver first, then as many code servers at a time as there are cores, then daemon."""
        self._webserver.start()
        await self._until_answering()
        self._tell("webserver", f"ready: {self.url}  ({self._seconds()})")
        reporting = asyncio.create_task(self._report())
        turns = asyncio.Semaphore(parallel.cores())

        async def start(location: str) -> None:
            async with turns:
                server = self._code_servers[location]
                server.start()
                while not (_listens(self._sockets[location]) or server.given_up):
                    await asyncio.sleep(POLL_SECONDS)

        try:
            await asyncio.gather(*map(start, self._code_servers))
            self._daemon.start()
            await reporting
        finally:
            reporting.cancel()

    async def _until_answering(self) -> None:
        while not self._webserver.given_up:
            with suppress(OSError):
                await asyncio.to_thread(graphql.locations, self.url)
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _report(self) -> None:
        """Say of each location, once, that it is loaded or why it is not."""
        waiting = set(self._teams)
        broken = []
        while waiting:
            await asyncio.sleep(POLL_SECONDS)
            with suppress(OSError):
                for found in await asyncio.to_thread(graphql.locations, self.url):
                    up = self._sockets.get(found.name, Path()).exists()
                    if found.name not in waiting or (found.error and not up):
                        continue
                    if found.error and "DagsterUserCodeUnreachableError" in found.error:
                        continue  # the webserver has not noticed yet that it is up
                    waiting.discard(found.name)
                    if found.error:
                        broken.append(found.name)
                        self._tell(found.name, self._explain(found))
                    else:
                        self._tell(found.name, f"loaded  ({self._seconds()})")
        good = len(self._teams) - len(broken)
        self._tell("dev", f"{good} of {len(self._teams)} locations loaded in {self._seconds()}")

    def _explain(self, location: graphql.Location) -> str:
        """A location's error in a line, at the team's own file and line."""
        error = location.error or ""
        places = own_places(error, self._teams[location.name].directory)
        message = error.strip().splitlines()[-1]
        where = f"{places[-1].relative_to(ROOT)}: " if places else ""
        return f"does not load: {where}{message}"

    async def _end(self) -> None:
        """The daemon first, so that nothing new begins; then whatever it used."""
        output.say("stopping ...")
        await self._daemon.stop()
        servers = [self._webserver, *self._code_servers.values()]
        await asyncio.gather(*(server.stop() for server in servers))

    def _on_signal(self, sign: int) -> None:
        self._signals.append(sign)
        self._stop.set()
        if len(self._signals) > 1:
            for service in (self._daemon, self._webserver, *self._code_servers.values()):
                service.kill()

    def _code_server(self, team: Team) -> Supervised:
        argv = dagster_cli.code_server(team, self._sockets[team.location])
        env = {**settings.of_team(team), **self._common()}
        return self._supervise(team.location, argv, team.directory, env, settings.secrets_of(team))

    def _common(self) -> dict[str, str]:
        return {"DAGSTER_HOME": str(self._home), "PYTHONUNBUFFERED": "1"}

    def _supervise(
        self,
        name: str,
        argv: Sequence[str],
        cwd: Path,
        env: dict[str, str],
        secrets: Sequence[str] = (),
    ) -> Supervised:
        log = self._logs / f"{name}.log"
        log.write_text("")
        service = Service(name, argv, cwd, env, log, secrets)
        return Supervised(service, self._guard, tell=self._tell, show=self._show)

    def _show(self, name: str, line: str) -> None:
        """A line of a service itself: what it logs for debugging is in its file only."""
        if " - DEBUG - " not in line:
            self._tell(name, line)

    def _tell(self, name: str, text: str) -> None:
        output.line(name, text, width=max(map(len, ["webserver", *self._teams])))

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:.1f} s"


@contextmanager
def _sole_user(where: Path) -> Iterator[Callable[[str], None]]:
    """Hold this DAGSTER_HOME; yields a function that records the URL for who comes second."""
    with (home.state_folder(where) / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = json.loads(lock.read() or '{"pid": "?", "url": "no URL yet"}')
            raise DevkitError(
                f"another `invoke dev` uses this DAGSTER_HOME: "
                f"pid {holder['pid']}, {holder['url']}",
                mend=f"stop it (`kill {holder['pid']}`), or set DAGSTER_HOME to another folder",
            ) from None

        def record(url: str) -> None:
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "url": url}))
            lock.flush()

        yield record
        lock.truncate(0)


@contextmanager
def _socket_folder() -> Iterator[Path]:
    """A folder for Unix sockets whose path is short enough for them."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= LONGEST_SOCKET_FOLDER else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="dagteam-", dir=parent) as folder:
        yield Path(folder)


def _free_port(options: Options) -> int:
    """The port that was asked for, or the first free one from 3000 on."""
    if options.port is not None:
        if not _is_free(options.host, options.port):
            raise DevkitError(
                f"port {options.port} on {options.host} is taken by another program",
                mend="invoke dev, without --port: it takes the next free one",
            )
        return options.port
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY):
        if _is_free(options.host, port):
            if port != FIRST_PORT:
                output.say(f"port {FIRST_PORT} is taken: using {port}")
            return port
    raise DevkitError(
        f"all ports from {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} are taken",
        mend="invoke dev --port PORT",
    )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _listens(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
