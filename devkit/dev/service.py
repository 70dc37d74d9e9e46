"""Supervises long-lived programs: starts them, restarts them after a crash, ends their groups."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from devkit.core import processes
from devkit.core.paths import PROGRAMS, ROOT

REAPER = PROGRAMS / "reaper.py"

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
    """A program to run; `secrets` are masked in everything that it prints."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    log: Path
    secrets: Sequence[str] = field(default=(), repr=False)


OnEvent = Callable[[str, str], None]  # receives a service's name and what happened to it
OnLine = Callable[[str, str], None]  # receives a service's name and a line that it printed
OnExit = Callable[[], Awaitable[None]]  # awaited after a crash, before the restart


class Reaper:
    """A child process that ends the services if this process is killed before it can do so."""

    def __init__(self) -> None:
        self._pipe: IO[bytes] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it. It reads from a pipe, whose end tells it that this process has ended."""
        read, write = os.pipe()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(REAPER), stdin=read, cwd=ROOT, start_new_session=True
        )
        os.close(read)
        self._pipe = os.fdopen(write, "wb", buffering=0)

    def watch(self, group: int) -> None:
        """Add a process group, which ends with this process from now on."""
        self._write(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Remove a process group that has ended."""
        self._write(f"-{group}\n")

    async def stop(self) -> None:
        """End it; it ends the groups that it still watches, of which there should be none."""
        if self._pipe and self._process:
            self._pipe.close()
            await self._process.wait()

    def _write(self, line: str) -> None:
        if self._pipe:
            with contextlib.suppress(BrokenPipeError):
                self._pipe.write(line.encode())


class SupervisedProcess:
    """One service, with all its restarts."""

    def __init__(
        self,
        service: Service,
        reaper: Reaper,
        *,
        on_event: OnEvent,
        on_line: OnLine,
        on_exit: OnExit | None = None,
    ) -> None:
        """Nothing runs until `start`."""
        self.service = service
        self.failed = False
        self._reaper = reaper
        self._on_event = on_event
        self._on_line = on_line
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._log_failed = False
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

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """End its process group: TERM, up to `grace` seconds, KILL."""
        self._stopping = True
        self._wake.set()
        if self.pid:
            await asyncio.to_thread(processes.end_group, self.pid, grace)
        if self._task:
            await self._task

    def kill(self) -> None:
        """End its process group at once: KILL."""
        self._stopping = True
        self._wake.set()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping:
            started = time.monotonic()
            reason = await self._run_once()
            if self._stopping:
                return
            if self._on_exit:
                await self._on_exit()
            failures = 1 if time.monotonic() - started > HEALTHY_AFTER_SECONDS else failures + 1
            last = "".join(f"\n    {line}" for line in self._last)
            if failures >= MAX_CONSECUTIVE_FAILURES:
                self.failed = True
                text = f"{reason}; crashed {failures} times, giving up; log: {self.service.log}"
                self._on_event(self.service.name, text + last)
                return
            delay = min(2.0 ** (failures - 1), LONGEST_DELAY_SECONDS)
            self._on_event(self.service.name, f"{reason}; restarting in {delay:.0f} s{last}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), delay)

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
            await asyncio.to_thread(processes.end_group, process.pid, GRACE_SECONDS)
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
                line = raw.decode(errors="replace").rstrip()
                for secret in self.service.secrets:
                    line = line.replace(secret, "***")
                plain = ANSI_SGR.sub("", line)
                self._write_log(plain)
                self._last.append(plain)
                self._on_line(self.service.name, line)

    def _write_log(self, line: str) -> None:
        """Append a line to the log; only the first failure is reported."""
        try:
            with self.service.log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")
        except OSError as error:
            if not self._log_failed:
                self._log_failed = True
                self._on_event(self.service.name, f"{self.service.log} can't be written: {error}")
