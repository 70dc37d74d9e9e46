"""One code location of a running platform: its environment, its server, its reloads.

A location is always in one state, and says so when it changes. What may be wrong with it
(an environment that can't be built, code that does not load) is a state like any other: it
keeps nobody else from running, and the next change that mends it brings the location up.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from devkit import claims, dagster_cli, environments, graphql, settings
from devkit.bootstrap import ROOT
from devkit.errors import DevkitError
from devkit.services import Supervised
from devkit.tracebacks import own_places
from devkit.webserver import Webserver
from devkit.workspace import Team

# How often is looked whether a code server is up.
SERVER_POLL_SECONDS = 0.03
RETRY_SECONDS = 30.0
# The webserver looks once a second for a server that was not up.
OVERLOOKED_SECONDS = 4.0
# A location that loads for longer than this lets the next one begin.
TURN_SECONDS = 20.0


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


class Change(enum.IntEnum):
    """What has happened to a location; the greater includes the less."""

    REVIVED = 1  # its code server died and has been started again
    CODE = 2
    ENVIRONMENT = 3  # its lock, its pyproject.toml, its .env


@dataclass(frozen=True)
class Surroundings:
    """What a location needs of the platform that it is part of.

    `webserver` tells what it sees; `supervise` makes a code server's service of a team, a command
    and variables, and calls its last argument when it has died; `turns` limits how many
    locations start at a time; `say` is told each change of state, in words; `died` is
    awaited when a code server has died, before it is started again.
    """

    webserver: Webserver
    supervise: Callable[
        [Team, tuple[str, ...], dict[str, str], Callable[[], Awaitable[None]]], Supervised
    ]
    turns: asyncio.Semaphore
    say: Callable[["Location", str], None]
    died: Callable[[], Awaitable[None]]


class Location:
    """One team's code location while the platform runs."""

    def __init__(self, team: Team, socket: Path, surroundings: Surroundings) -> None:
        self.team = team
        self.socket = socket
        self.state = State.WAITING
        self._at = surroundings
        self._server: Supervised | None = None
        self._change: Change | None = None
        self._saved: set[Path] = set()
        self._changed = asyncio.Event()

    def touch(self, change: Change, file: Path | None = None) -> None:
        """Note that something happened, also while an earlier change is being taken in."""
        if file:
            self._saved.add(file)
        self._change = max(change, self._change or change)
        self._changed.set()

    async def run(self) -> None:
        """Bring the location up and take in its changes until this is cancelled."""
        self.touch(Change.ENVIRONMENT)
        while True:
            await self._changed.wait()
            self._changed.clear()
            change, self._change = self._change, None
            try:
                await self._take_in(change or Change.REVIVED)
            except (OSError, ValueError) as error:  # a .env that can't be read, say
                self._set(State.DOWN, f"down: {error}")

    async def _take_in(self, change: Change) -> None:
        self._forget_bytecode()
        begin_again = not self._serving or self.state == State.STARTING
        if change == Change.ENVIRONMENT or (change == Change.CODE and begin_again):
            await self._begin()
        elif change == Change.CODE:
            await self._reload()
        else:
            await self._until_seen("loaded again", since=time.time())

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
        return self._server is not None and not self._server.given_up

    @property
    def _overtaken(self) -> bool:
        """Whether something was saved that makes it pointless to wait for what is under way."""
        return self._change is not None and self._change >= Change.CODE

    async def _begin(self) -> None:
        """Build the environment if it is stale, and start the code server anew."""
        async with self._at.turns:
            began = time.time()
            if built := await self._build():
                await self._start()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TURN_SECONDS):
                        await self._until_serving()
        if built:
            await self._until_seen("loaded", since=began)

    async def _start(self) -> None:
        self._set(State.STARTING)
        await self.stop()
        argv = dagster_cli.code_server(self.team, self.socket)
        env = settings.of_team(self.team)
        self._server = self._at.supervise(self.team, argv, env, self._mourn)
        self._server.start()

    async def _build(self) -> bool:
        """Whether the environment is up to date now; if not, why, and another try later."""
        environment = environments.team_environment(self.team)
        if environments.stale(environment):
            self._set(State.BUILDING)
            try:
                await asyncio.to_thread(environments.build, environment)
            except DevkitError as error:
                self._set(State.DOWN, str(error.message))
                loop = asyncio.get_running_loop()
                loop.call_later(RETRY_SECONDS, self.touch, Change.ENVIRONMENT)
                return False
        return True

    async def _reload(self) -> None:
        self._set(State.RELOADING)
        began = time.time()
        try:
            await asyncio.to_thread(graphql.reload, self._at.webserver.url, self.team.location)
        except (OSError, RuntimeError) as error:
            # The webserver is down, say: the code server has not heard of the change.
            self._at.say(self, f"not reloaded yet: {error}")
            await asyncio.sleep(1)
            self.touch(Change.CODE)
            return
        await self._until_seen("reloaded", since=began)

    async def _until_serving(self) -> None:
        while self._serving and not self._overtaken and not claims.listens(self.socket):
            await asyncio.sleep(SERVER_POLL_SECONDS)

    async def _until_seen(self, done: str, since: float) -> None:
        """Wait until the webserver has looked at the location since then; say what it found."""
        await self._until_serving()
        name, url = self.team.location, self._at.webserver.url
        overlooked = time.time() + OVERLOOKED_SECONDS
        while self._serving and not self._overtaken:
            updated = (await self._at.webserver.updates()).get(name)
            with contextlib.suppress(OSError, RuntimeError):
                if updated and updated >= since:
                    found = await asyncio.to_thread(graphql.location, url, name)
                    if found and not found.unreachable:
                        self._judge(found, done)
                        return
                if updated and time.time() > overlooked:
                    # It looked just before the server was up: a reload makes it look again.
                    overlooked += RETRY_SECONDS
                    await asyncio.to_thread(graphql.reload, url, name)
        if not self._serving:
            self._set(State.DOWN, "its code server keeps dying; the next save tries again")

    def _judge(self, found: graphql.Location, done: str) -> None:
        if found.error is None:
            self._set(State.LOADED, done)
        else:
            self._set(State.BROKEN, f"does not load: {self._explain(found.error)}")

    async def _mourn(self) -> None:
        """The code server has died and will be started again."""
        await self._at.died()
        self.touch(Change.REVIVED)

    def _explain(self, error: str) -> str:
        """An error's message, at the line of the team's own code that it comes from."""
        places = own_places(error, self.team.directory)
        message = next((line for line in reversed(error.splitlines()) if line.strip()), error)
        return f"{places[-1].relative_to(ROOT)}: {message}" if places else message

    def _set(self, state: State, text: str = "") -> None:
        self.state = state
        self._at.say(self, text or state)
