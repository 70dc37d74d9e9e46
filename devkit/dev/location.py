"""One code location of a running platform: its environment, its server, its reloads.

A location is always in one state, and reports when it changes. What may be wrong with it (an
environment that can't be built, code that does not load) is a state like any other: the other
locations run on, and the next change that fixes it brings the location up.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.core.tracebacks import frames_in
from devkit.dev import dagster_cli, session, webserver
from devkit.dev.service import SupervisedProcess
from devkit.dev.webserver import Webserver
from devkit.environments import variables, venvs
from devkit.registry.workspace import Team

# How often to check whether a code server is up.
SERVER_POLL_SECONDS = 0.03
RETRY_SECONDS = 30.0
# The webserver looks once a second for a server that was not up.
RECHECK_AFTER_SECONDS = 4.0
# A location that loads for longer than this lets the next one start.
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
    """What has happened to a location; the greater includes the less."""

    SERVER_RESTARTED = 1  # its code server crashed and was restarted
    CODE = 2
    ENVIRONMENT = 3  # its lock, its pyproject.toml, its .env


@dataclass(frozen=True)
class PlatformContext:
    """What a location needs of the platform that it is part of.

    `webserver` tells what it sees; `supervise` makes a code server's service of a team, a command
    and variables, and calls its last argument when it has died; `turns` limits how many
    locations start at a time; `say` is told each change of state, in words; `died` is
    awaited when a code server has died, before it is started again.
    """

    webserver: Webserver
    supervise: Callable[
        [Team, tuple[str, ...], dict[str, str], Callable[[], Awaitable[None]]], SupervisedProcess
    ]
    start_slots: asyncio.Semaphore
    on_event: Callable[["Location", str], None]
    on_crash: Callable[[], Awaitable[None]]


class Location:
    """One team's code location while the platform runs."""

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
        """Note a change, also while an earlier one is being applied."""
        if file:
            self._saved.add(file)
        self._change = max(change, self._change or change)
        self._changed.set()

    async def run(self) -> None:
        """Bring the location up and apply its changes until this is cancelled."""
        self.notify(ChangeKind.ENVIRONMENT)
        while True:
            await self._changed.wait()
            self._changed.clear()
            change, self._change = self._change, None
            try:
                await self._apply(change or ChangeKind.SERVER_RESTARTED)
            except (OSError, ValueError) as error:  # a .env that can't be read, say
                self._set(State.DOWN, f"down: {error}")

    async def _apply(self, change: ChangeKind) -> None:
        self._forget_bytecode()
        restart = not self._serving or self.state == State.STARTING
        if change == ChangeKind.ENVIRONMENT or (change == ChangeKind.CODE and restart):
            await self._rebuild_and_start()
        elif change == ChangeKind.CODE:
            await self._reload()
        else:
            await self._wait_until_loaded("loaded again", since=time.time())

    def _forget_bytecode(self) -> None:
        """Remove what Python has cached of the saved files.

        It takes a cached file for the source's if the time, in whole seconds, and the size
        agree: of two saves in one second it could load the first for the second.
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
        """Whether something was saved that makes it pointless to wait for what is under way."""
        return self._change is not None and self._change >= ChangeKind.CODE

    async def _rebuild_and_start(self) -> None:
        """Build the environment if it is stale, and start a new code server."""
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
        """Whether the environment is up to date now; if not, why, and another try later."""
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
            # The webserver is down, say: the code server has not heard of the change.
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
        """Wait until the webserver has loaded the location since then; report the result."""
        await self._wait_until_serving()
        name, url = self.team.location, self._platform.webserver.url
        overlooked = time.time() + RECHECK_AFTER_SECONDS
        while self._serving and not self._superseded:
            updated = (await self._platform.webserver.updates()).get(name)
            with contextlib.suppress(OSError, RuntimeError):
                if updated and updated >= since:
                    found = await asyncio.to_thread(webserver.location, url, name)
                    if found and not found.unreachable:
                        self._record_load_result(found, done)
                        return
                if updated and time.time() > overlooked:
                    # It looked just before the server was up: a reload makes it look again.
                    overlooked += RETRY_SECONDS
                    await asyncio.to_thread(webserver.reload, url, name)
        if not self._serving:
            self._set(State.DOWN, "code server keeps crashing; will retry on the next change")

    def _record_load_result(self, found: webserver.LocationEntry, done: str) -> None:
        if found.error is None:
            self._set(State.LOADED, done)
        else:
            self._set(State.BROKEN, f"does not load: {self._explain(found.error)}")

    async def _on_exit(self) -> None:
        """The code server has crashed and will be restarted."""
        await self._platform.on_crash()
        self.notify(ChangeKind.SERVER_RESTARTED)

    def _explain(self, error: str) -> str:
        """An error's message, at the line of the team's own code that it comes from."""
        places = frames_in(error, self.team.directory)
        message = next((line for line in reversed(error.splitlines()) if line.strip()), error)
        return f"{places[-1].relative_to(ROOT)}: {message}" if places else message

    def _set(self, state: State, text: str = "") -> None:
        self.state = state
        self._platform.on_event(self, text or state)
