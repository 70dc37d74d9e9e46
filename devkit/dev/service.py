"""Supervises long-lived programs: starts them, restarts them after a crash, ends their groups."""

import asyncio
import contextlib
import os
import re
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from devkit.core import processes
from devkit.core.masking import mask
from devkit.core.threads import in_thread
from devkit.dev.clock import Clock
from devkit.dev.logs import Log
from devkit.dev.reaper import Reaper

# A service that crashes is restarted after 1, 2, 4 ... seconds. It has failed when it crashes this
# often without ever running for HEALTHY_AFTER_SECONDS.
MAX_CONSECUTIVE_FAILURES = 5
LONGEST_DELAY_SECONDS = 16.0
HEALTHY_AFTER_SECONDS = 60.0
LAST_LINES = 10
LONGEST_LINE_BYTES = 1 << 20

# The escape sequences of colors (ECMA-48, "select graphic rendition").
ANSI_SGR = re.compile(r"\x1b\[[\d;]*m")

# How long after TERM a service gets KILL.
GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Service:
    """A program to run."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    log: Log = field(repr=False)


OnEvent = Callable[[str, str], None]  # receives a service's name and what happened to it
OnLine = Callable[[str, str], None]  # receives a service's name and a line that it printed
OnExit = Callable[[], Awaitable[None]]  # awaited after a crash, before the restart


class SupervisedProcess:
    """One service, with all its restarts."""

    def __init__(
        self,
        service: Service,
        reaper: Reaper,
        clock: Clock,
        *,
        on_event: OnEvent,
        on_line: OnLine,
        on_exit: OnExit | None = None,
    ) -> None:
        """Nothing runs until `start`."""
        self.service = service
        self.failed = False
        self._reaper = reaper
        self._clock = clock
        self._on_event = on_event
        self._on_line = on_line
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._wake = asyncio.Event()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, and of its group; None if it does not run."""
        running = self._process and self._process.returncode is None
        return self._process.pid if self._process and running else None

    def start(self) -> None:
        """Start it, unless it is running."""
        if self._task and not self._task.done():
            return
        self._task = asyncio.create_task(self._supervise(), name=self.service.name)

    async def restart(self) -> None:
        """Stop it and start it again, without delay."""
        await self.stop()
        self._stopping, self.failed = False, False
        self.start()

    def retire(self) -> None:
        """From now on, it is not started again when it ends."""
        self._stopping = True
        self._wake.set()

    async def stop(self) -> None:
        """End its process group: TERM, up to GRACE_SECONDS, KILL."""
        self.retire()
        if self.pid:
            await in_thread(processes.end_group, self.pid, self._grace)
        if self._task:  # whoever waits for it here may be cancelled; it is not
            await asyncio.shield(self._task)

    def kill(self) -> None:
        """End its process group at once: KILL."""
        self.retire()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    @property
    def _grace(self) -> float:
        return self._clock.real(GRACE_SECONDS)

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping:
            started = self._clock.monotonic()
            reason = await self._run_once()
            if self._stopping:
                return
            await self._report_exit()
            healthy = self._clock.monotonic() - started > HEALTHY_AFTER_SECONDS
            failures = 1 if healthy else failures + 1
            last = "".join(f"\n    {line}" for line in self._last)
            if failures >= MAX_CONSECUTIVE_FAILURES:
                self.failed = True
                text = (
                    f"{reason}; crashed {failures} times, giving up; log: {self.service.log.path}"
                )
                self._on_event(self.service.name, text + last)
                return
            delay = min(2.0 ** (failures - 1), LONGEST_DELAY_SECONDS)
            self._on_event(self.service.name, f"{reason}; restarting in {delay:.0f} s{last}")
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(delay):
                    await self._wake.wait()

    async def _report_exit(self) -> None:
        """Await `on_exit`; whatever goes wrong there, the service is restarted."""
        try:
            if self._on_exit:
                await self._on_exit()
        except Exception as error:  # noqa: BLE001 (not this service's fault)
            text = f"after its end: {type(error).__name__}: {error}"
            self._on_event(self.service.name, text)

    async def _run_once(self) -> str:
        """Run the program until it ends; returns the reason."""
        self._wake.clear()
        self._last.clear()
        # Not a pipe of asyncio's: then waiting for the program would also wait for its children
        # that hold the pipe.
        read, write = os.pipe()
        output = os.fdopen(read, "rb", buffering=0)
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self.service.argv,
                cwd=self.service.cwd,
                env=dict(self.service.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                start_new_session=True,
            )
        except OSError as error:
            output.close()
            return f"could not be started: {error}"
        finally:
            os.close(write)
        self._reaper.watch(process.pid)
        try:
            if self._stopping:  # `stop` was called while it started
                os.killpg(process.pid, signal.SIGKILL)
            reader = asyncio.create_task(self._read(output))
            code = await process.wait()
            # Its children may outlive it, and hold its output open.
            await in_thread(processes.end_group, process.pid, self._grace)
            await reader
        finally:
            self._reaper.forget(process.pid)
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exited with status {code}"

    async def _read(self, output: IO[bytes]) -> None:
        """Log and show each line until the last process that holds the pipe has ended."""
        stream = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), output
        )
        with contextlib.closing(transport):
            while True:
                try:
                    raw = await stream.readline()
                except ValueError:  # longer than LONGEST_LINE_BYTES: dropped
                    continue
                if not raw:
                    return
                line = mask(raw.decode(errors="replace").rstrip())
                plain = ANSI_SGR.sub("", line)
                self.service.log.write(plain)
                self._last.append(plain)
                self._on_line(self.service.name, line)
