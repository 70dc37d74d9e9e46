"""One code location of a running platform: its environment, its code server, its reloads.

A location reports every change of its state. A problem, such as an environment that can't be built
or code that does not load, is a state too: the other locations keep running, and the next change
can fix it.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.tracebacks import frames_in
from devkit.dev import dagster_cli, session, webserver
from devkit.dev.service import OnExit, SupervisedProcess
from devkit.dev.webserver import Webserver
from devkit.environments import variables, venvs
from devkit.registry.workspace import Team

# How often to check whether a code server accepts connections.
SERVER_POLL_SECONDS = 0.03
# After a failed build, or if the webserver still has an old state.
RETRY_SECONDS = 30.0
# The webserver checks once a second whether an unreachable code server is up. If it has not noticed
# after this time, it is asked to reload.
RECHECK_AFTER_SECONDS = 4.0
# A location that takes longer than this to load lets the next one start.
START_SLOT_SECONDS = 20.0


class State(enum.StrEnum):
    """What a location is doing."""

    WAITING = "waiting"
    BUILDING = "building its environment"
    STARTING = "starting"
    RELOADING = "reloading"
    LOADED = "loaded"
    BROKEN = "does not load"
    DOWN = "down"


SETTLED = {State.LOADED, State.BROKEN, State.DOWN}


class ChangeKind(enum.IntEnum):
    """What happened to a location; handling a greater kind covers the lesser ones too."""

    SERVER_RESTARTED = 1  # its code server crashed and was restarted
    CODE = 2
    ENVIRONMENT = 3  # its lock, its pyproject.toml, its .env


@dataclass(frozen=True)
class PlatformContext:
    """What the locations of a platform share.

    `supervise` creates a code server from a team, its command, its variables and a function that
    is awaited after a crash. `start_slots` limits how many locations start at the same time.
    `on_event` receives a location and what happened to it. `on_crash` is awaited when a code
    server has crashed, before its restart.
    """

    webserver: Webserver
    supervise: Callable[[Team, tuple[str, ...], dict[str, str], OnExit], SupervisedProcess]
    start_slots: asyncio.Semaphore
    on_event: Callable[["Location", str], None]
    on_crash: OnExit


class Location:
    """A team's code location while the platform runs."""

    def __init__(self, team: Team, socket: Path, context: PlatformContext) -> None:
        self.team = team
        self.socket = socket
        self.state = State.WAITING
        self._platform = context
        self._server: SupervisedProcess | None = None
        self._change: ChangeKind | None = None
        self._saved: set[Path] = set()
        self._changed = asyncio.Event()

    def notify(self, change: ChangeKind, file: Path | None = None) -> None:
        """Record a change; `run` applies it, after the one that it is applying."""
        if file:
            self._saved.add(file)
        self._change = max(change, self._change or change)
        self._changed.set()

    async def run(self) -> None:
        """Start the location and apply its changes until cancelled."""
        self.notify(ChangeKind.ENVIRONMENT)
        while True:
            await self._changed.wait()
            self._changed.clear()
            change, self._change = self._change, None
            try:
                await self._apply(change or ChangeKind.SERVER_RESTARTED)
            except (OSError, ValueError) as error:  # for example, an unreadable .env
                self._set(State.DOWN, f"down: {error}")

    async def _apply(self, change: ChangeKind) -> None:
        self._remove_bytecode()
        restart = not self._serving or self.state == State.STARTING
        if change == ChangeKind.ENVIRONMENT or (change == ChangeKind.CODE and restart):
            await self._rebuild_and_start()
        elif change == ChangeKind.CODE:
            await self._reload()
        else:
            await self._wait_until_loaded("loaded again", since=time.time())

    def _remove_bytecode(self) -> None:
        """Remove the cached bytecode of the saved files.

        Python compares a source's size and time in whole seconds: after two saves within a second,
        it could load the bytecode of the first.
        """
        while self._saved:
            file = self._saved.pop()
            for cached in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
                cached.unlink(missing_ok=True)

    async def stop(self) -> None:
        """End the code server."""
        if self._server:
            await self._server.stop()

    def kill(self) -> None:
        """End the code server at once."""
        if self._server:
            self._server.kill()

    @property
    def _serving(self) -> bool:
        return self._server is not None and not self._server.failed

    @property
    def _superseded(self) -> bool:
        """Whether a newer change makes it pointless to wait for the current one."""
        return self._change is not None and self._change >= ChangeKind.CODE

    async def _rebuild_and_start(self) -> None:
        """Build the environment if it is stale, and start the code server again."""
        async with self._platform.start_slots:
            began = time.time()
            if built := await self._build():
                await self._start()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(START_SLOT_SECONDS):
                        await self._wait_until_serving()
        if built:
            await self._wait_until_loaded("loaded", since=began)

    async def _start(self) -> None:
        self._set(State.STARTING)
        await self.stop()
        argv = dagster_cli.code_server(self.team, self.socket)
        env = variables.of_team(self.team)
        self._server = self._platform.supervise(self.team, argv, env, self._on_exit)
        self._server.start()

    async def _build(self) -> bool:
        """Build a stale environment; returns whether it is up to date, or schedules a retry."""
        environment = venvs.team_environment(self.team)
        if venvs.stale(environment):
            self._set(State.BUILDING)
            try:
                await asyncio.to_thread(venvs.build, environment)
            except DevkitError as error:
                self._set(State.DOWN, str(error))
                loop = asyncio.get_running_loop()
                loop.call_later(RETRY_SECONDS, self.notify, ChangeKind.ENVIRONMENT)
                return False
        return True

    async def _reload(self) -> None:
        self._set(State.RELOADING)
        began = time.time()
        try:
            await asyncio.to_thread(
                webserver.reload, self._platform.webserver.url, self.team.location
            )
        except (OSError, RuntimeError) as error:
            # For example, the webserver is down: the code server does not know of the change.
            self._platform.on_event(self, f"not reloaded yet: {error}")
            await asyncio.sleep(1)
            self.notify(ChangeKind.CODE)
            return
        await self._wait_until_loaded("reloaded", since=began)

    async def _wait_until_serving(self) -> None:
        while (
            self._serving and not self._superseded and not session.accepts_connections(self.socket)
        ):
            await asyncio.sleep(SERVER_POLL_SECONDS)

    async def _wait_until_loaded(self, done: str, since: float) -> None:
        """Wait until the webserver has loaded the location after `since`; report the result."""
        await self._wait_until_serving()
        name, url = self.team.location, self._platform.webserver.url
        recheck = time.time() + RECHECK_AFTER_SECONDS
        while self._serving and not self._superseded:
            updated = (await self._platform.webserver.updates()).get(name)
            with contextlib.suppress(OSError, RuntimeError):
                if updated and updated >= since:
                    entry = await asyncio.to_thread(webserver.location, url, name)
                    if entry and not entry.unreachable:
                        self._record_load_result(entry, done)
                        return
                if updated and time.time() > recheck:
                    # It checked just before the server was up; a reload makes it check again.
                    recheck += RETRY_SECONDS
                    await asyncio.to_thread(webserver.reload, url, name)
        if not self._serving:
            self._set(State.DOWN, "code server keeps crashing; will retry on the next change")

    def _record_load_result(self, entry: webserver.LocationEntry, done: str) -> None:
        if entry.error is None:
            self._set(State.LOADED, done)
        else:
            self._set(State.BROKEN, f"does not load: {self._summarize(entry.error)}")

    async def _on_exit(self) -> None:
        """Handle a crash of the code server, before its restart."""
        await self._platform.on_crash()
        self.notify(ChangeKind.SERVER_RESTARTED)

    def _summarize(self, error: str) -> str:
        """The message of a traceback, after the line of the team's own code that it comes from."""
        frames = frames_in(error, self.team.directory)
        message = next((line for line in reversed(error.splitlines()) if line.strip()), error)
        return f"{frames[-1].relative_to(ROOT)}: {message}" if frames else message

    def _set(self, state: State, text: str = "") -> None:
        self.state = state
        self._platform.on_event(self, text or state)
