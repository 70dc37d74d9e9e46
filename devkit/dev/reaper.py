"""Starts the program that ends the services if this process is killed before it can do so."""

import asyncio
import contextlib
import os
import sys
from typing import IO

from devkit.core.paths import PROGRAMS, ROOT

REAPER = PROGRAMS / "reaper.py"


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
