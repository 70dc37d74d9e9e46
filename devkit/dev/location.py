"""One code location of a running platform: its environment, its code servers, its reloads.

A location reports every change of its state. A problem, such as an environment that can't be built
or code that does not load, is a state too: the other locations keep running, and the next change
can fix it.
"""

import asyncio
import contextlib
import time
from pathlib import Path

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, shown
from devkit.core.tracebacks import frames_in
from devkit.dev.brake import Brake
from devkit.dev.context import PlatformContext
from devkit.dev.servers import Servers
from devkit.dev.service import SupervisedProcess
from devkit.dev.states import ChangeKind, State
from devkit.dev.webserver import LocationEntry, NoAnswerError
from devkit.environments import variables
from devkit.registry.team import Team

# After a failed build, or if the webserver still has an old state.
RETRY_SECONDS = 30.0
# The webserver checks once a second whether an unreachable code server is up. If it has not noticed
# after this time, it is asked to reload.
RECHECK_AFTER_SECONDS = 4.0
# A location that takes longer than this to load lets the next one start.
START_SLOT_SECONDS = 20.0
CAN_RELOAD = {State.LOADED, State.BROKEN, State.RELOADING}


class Location:
    """A team's code location while the platform runs."""

    def __init__(self, team: Team, context: PlatformContext) -> None:
        self.team = team
        self.state = State.WAITING
        self._platform = context
        self._parts = context.parts
        self._servers = Servers(
            context.sockets, context.parts, lambda text: context.on_event(self, text)
        )
        self._variables: dict[str, str] = {}  # those of the newest server
        self._changes: set[ChangeKind] = set()
        self._saved: set[Path] = set()
        self._changed = asyncio.Event()
        self._brake = Brake(context.parts.clock)

    @property
    def socket(self) -> Path:
        """Where the webserver and the daemon find its code server."""
        return self._servers.link

    def notify(self, change: ChangeKind, file: Path | None = None) -> None:
        """Record a change; `run` applies it, after those that it is applying."""
        if file:
            self._saved.add(file)
            self._brake.save(file)
        self._changes.add(change)
        self._changed.set()

    async def run(self) -> None:
        """Start the location and apply its changes until cancelled.

        Whatever goes wrong here is the state of this location, and of no other.
        """
        self.notify(ChangeKind.ENVIRONMENT)
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._brake.loading = True
            changes, self._changes = self._changes, set()
            self._remove_bytecode()
            try:
                await self._apply(changes)
            except Exception as error:  # noqa: BLE001 (for example, an unreadable .env)
                kind = (
                    "" if isinstance(error, DevkitError | OSError) else f"{type(error).__name__}: "
                )
                self._set(State.DOWN, f"down: {kind}{error}")
            if files := self._brake.end_load():
                text = (
                    f"saved while it loads, again and again: {', '.join(sorted(map(shown, files)))}"
                )
                self._platform.on_event(self, f"{text}; loading it less and less often")
            await self._brake.pause()

    @property
    def idle(self) -> bool:
        """Whether there is nothing that it is doing or has to do."""
        return not self._brake.loading and not self.pending

    @property
    def pending(self) -> bool:
        """Whether there are changes that it has not begun to apply."""
        return self._changed.is_set()

    async def stop(self) -> None:
        """End the code servers."""
        await self._servers.stop()

    async def retire(self) -> None:
        """End the code servers when their runs have ended."""
        await self._servers.retire()

    def kill(self) -> None:
        """End the code servers at once."""
        self._servers.kill()

    @property
    def _superseded(self) -> bool:
        """Whether a newer change makes it pointless to wait for the current one."""
        newer = bool(self._changes & {ChangeKind.CODE, ChangeKind.ENVIRONMENT})
        return newer and not self._brake.is_on

    async def _apply(self, changes: set[ChangeKind]) -> None:
        # A server that is not linked yet (its environment broke meanwhile) has old code.
        up = self.state in CAN_RELOAD and self._servers.running and self._servers.switched
        if changes == {ChangeKind.SERVER_RESTARTED}:
            await self._wait_until_loaded("loaded again", since=time.time())
        elif not up or (ChangeKind.ENVIRONMENT in changes and self._is_outdated()):
            await self._renew()
        elif ChangeKind.CODE in changes:
            await self._reload()

    def _is_outdated(self) -> bool:
        """Whether the newest server has another environment or other variables than it should."""
        stale = self._parts.environments.stale(self.team)
        return stale or variables.of_team(self.team) != self._variables

    def _remove_bytecode(self) -> None:
        """Remove the cached bytecode of the saved files.

        Python compares a source's size and time in whole seconds: after two saves within a second,
        it could load the bytecode of the first.
        """
        while self._saved:
            file = self._saved.pop()
            for cached in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
                with contextlib.suppress(OSError):  # another user's: Python does not use it either
                    cached.unlink()

    async def _renew(self) -> None:
        """Build the environment if it is stale, and start a new code server."""
        async with self._platform.start_slots:
            if built := await self._build():
                self._set(State.STARTING)
                await self._start()
                with contextlib.suppress(TimeoutError):
                    async with self._parts.clock.timeout(START_SLOT_SECONDS):
                        await self._servers.switch(lambda: self._superseded)
        if built:
            await self._wait_until_loaded("loaded", since=self._servers.linked_at)

    async def _start(self) -> None:
        env = self._variables = variables.of_team(self.team)

        def launch(socket: Path) -> SupervisedProcess:
            return self._platform.launch(self.team, socket, env, self._on_exit)

        await self._servers.start(launch, exclusive=self.team in self._platform.exclusive)

    async def _build(self) -> bool:
        """Build a stale environment; returns whether it is up to date, or schedules a retry."""
        if self._parts.environments.stale(self.team):
            self._set(State.BUILDING)
            try:
                await self._parts.environments.build(self.team)
            except DevkitError as error:
                self._set(State.DOWN, str(error))
                self._parts.clock.later(RETRY_SECONDS, self.notify, ChangeKind.ENVIRONMENT)
                return False
        return True

    async def _reload(self) -> None:
        self._set(State.RELOADING)
        began = time.time()
        try:
            await self._parts.webserver.reload(self.team.location)
        except NoAnswerError as error:
            # For example, the webserver is down: the code server does not know of the change.
            self._platform.on_event(self, f"not reloaded yet: {error}")
            await self._parts.clock.sleep(1)
            self.notify(ChangeKind.CODE)
            return
        await self._wait_until_loaded("reloaded", since=began)

    async def _wait_until_loaded(self, done: str, since: float) -> None:
        """Wait until the webserver has loaded the location after `since`; report the result."""
        clock, webserver, name = self._parts.clock, self._parts.webserver, self.team.location
        await self._servers.switch(lambda: self._superseded)
        since = max(since, self._servers.linked_at)
        recheck = clock.monotonic() + RECHECK_AFTER_SECONDS
        while self._servers.running and not self._superseded:
            updated = (await webserver.updates()).get(name)
            with contextlib.suppress(NoAnswerError):
                if updated and updated >= since:
                    entry = await webserver.location(name)
                    if entry and not entry.unreachable:
                        self._record_load_result(entry, done)
                        return
                if updated and clock.monotonic() > recheck:
                    # It checked just before the server was up; a reload makes it check again.
                    recheck += RETRY_SECONDS
                    await webserver.reload(name)
        if not self._servers.running:
            self._set(State.DOWN, "code server keeps crashing; will retry on the next change")

    def _record_load_result(self, entry: LocationEntry, done: str) -> None:
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
        frames = frames_in(error, *self.team.own)
        message = next((line for line in reversed(error.splitlines()) if line.strip()), error)
        return f"{frames[-1].relative_to(ROOT)}: {message}" if frames else message

    def _set(self, state: State, text: str = "") -> None:
        self.state = state
        self._platform.on_event(self, text or state)
