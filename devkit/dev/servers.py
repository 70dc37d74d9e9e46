"""The code servers of one location: the current one, behind a link, and those that it replaced.

The webserver and the daemon know the link only. A new server has a socket of its own; the link is
pointed at it once it serves. The server before it goes on until the runs that it started have
ended: it gets no new ones, and they are tagged with its own socket, so that they can be cancelled.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.wording import counted
from devkit.dev import session
from devkit.dev.parts import Parts
from devkit.dev.service import SupervisedProcess
from devkit.dev.webserver import NoAnswerError

# How often to check whether a code server accepts connections.
SERVER_POLL_SECONDS = 0.03
# How often to check whether a server that was replaced still has runs.
DRAIN_POLL_SECONDS = 2.0


class Sockets:
    """Paths in a folder, none of which is given out twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def new(self) -> Path:
        """A path that nothing has had before."""
        return self._folder / str(next(self._numbers))


@dataclass(frozen=True)
class Server:
    """A code server and the socket that it listens on."""

    process: SupervisedProcess
    socket: Path

    @property
    def serving(self) -> bool:
        """Whether it accepts connections."""
        return session.accepts_connections(self.socket)


class Servers:
    """The code servers of one location."""

    def __init__(self, sockets: Sockets, parts: Parts, on_event: Callable[[str], None]) -> None:
        """`on_event` receives what happens to a server that was replaced."""
        self.link = sockets.new()
        self.linked_at = 0.0  # when the link was last changed, in seconds since the epoch
        self._sockets = sockets
        self._parts = parts
        self._on_event = on_event
        self._linked: Server | None = None  # where the link points
        self._newest: Server | None = None
        self._moving = asyncio.Lock()
        self._draining: dict[asyncio.Task[None], Server] = {}

    @property
    def running(self) -> bool:
        """Whether there is a newest server that has not given up."""
        return self._newest is not None and not self._newest.process.failed

    @property
    def switched(self) -> bool:
        """Whether the link points to the newest server."""
        return self._newest is self._linked

    async def start(
        self, launch: Callable[[Path], SupervisedProcess], *, exclusive: bool = False
    ) -> None:
        """Start a new server; `launch` creates it for a socket.

        If there is no server yet, or the new one needs something `exclusive`, such as a port, the
        link points to the new one at once; otherwise when `switch` finds that it serves.
        """
        if self._newest and not self.switched:
            await self._newest.process.stop()  # nobody has seen it
        old = self._linked
        if old and (exclusive or not old.process.pid):
            await old.process.stop()
            old = None
        socket = self._sockets.new()
        self._newest = Server(launch(socket), socket)
        self._newest.process.start()
        if old is None:
            self._point_to(self._newest)

    async def switch(self, is_pointless: Callable[[], bool]) -> None:
        """Wait until the newest server serves or has given up, and point the link at it.

        Returns before that if it `is_pointless` to wait.
        """
        new = self._newest
        while new and self.running and not new.serving:
            if is_pointless():
                return
            await self._parts.clock.sleep(SERVER_POLL_SECONDS)
        if new and not self.switched:
            old = self._linked
            self._point_to(new)
            if old:
                self._drain(old)

    async def retire(self) -> None:
        """End all servers once their runs have ended; there will be no new one."""
        if self._newest and not self.switched:
            await self._newest.process.stop()
        if self._linked:
            self._drain(self._linked)
        self._newest = self._linked = None

    async def stop(self) -> None:
        """End all servers, and their runs."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*(server.process.stop() for server in self._all()))

    def kill(self) -> None:
        """End all servers at once."""
        for server in self._all():
            server.process.kill()

    def _all(self) -> list[Server]:
        newest = {id(one): one for one in (self._linked, self._newest) if one}
        return [*newest.values(), *self._draining.values()]

    def _point_to(self, server: Server) -> None:
        """Replace the link in one step."""
        fresh = self._sockets.new()
        fresh.symlink_to(server.socket)
        fresh.replace(self.link)
        self._linked, self.linked_at = server, time.time()

    def _drain(self, old: Server) -> None:
        old.process.retire()
        task = asyncio.create_task(
            self._end_after_runs(old, time.time()), name=f"drain {old.socket.name}"
        )
        self._draining[task] = old
        task.add_done_callback(lambda task: self._draining.pop(task, None))

    async def _end_after_runs(self, old: Server, replaced: float) -> None:
        """End a server that was replaced, at a time, when the runs that it has have ended."""
        async with self._moving:  # those of the server before it first
            await self._parts.clock.sleep(DRAIN_POLL_SECONDS)  # what was being launched has begun
            runs = await self._move_runs(old, replaced) if await self._unfinished(old) else set()
        if runs:
            self._on_event(f"{counted(len(runs), 'run')} in flight: going on in the old server")
        while runs := runs & await self._unfinished(old):
            await self._parts.clock.sleep(DRAIN_POLL_SECONDS)
        crashed = not old.process.pid
        await old.process.stop()
        if crashed:
            with contextlib.suppress(DevkitError, OSError):  # the next start tries it again
                await self._parts.instance.end_lost_runs()

    async def _unfinished(self, old: Server) -> set[str]:
        """All unfinished runs, as soon as the webserver answers; none if the old server ended."""
        while old.process.pid:
            try:
                return await self._parts.webserver.unfinished_runs()
            except NoAnswerError:
                await self._parts.clock.sleep(DRAIN_POLL_SECONDS)
        return set()

    async def _move_runs(self, old: Server, replaced: float) -> set[str]:
        """Tag the old server's runs with its own socket; all unfinished runs if that fails."""
        try:
            return await self._parts.instance.move_runs(self.link, old.socket, replaced)
        except (DevkitError, OSError) as error:
            self._on_event(f"its runs in flight can't be cancelled from the UI: {error}")
            return await self._unfinished(old)
