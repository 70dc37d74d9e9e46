"""The time of a platform: a seam, so that a test of its waits takes a moment."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVarTuple

Ts = TypeVarTuple("Ts")


class Clock:
    """Real time, `speed` times as fast; all durations are in its seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed

    def monotonic(self) -> float:
        """The time since an arbitrary moment."""
        return time.monotonic() * self._speed

    def real(self, seconds: float) -> float:
        """How long a duration is for whoever has no clock of a platform's."""
        return seconds / self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(self.real(seconds))

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """A context that raises TimeoutError after a duration."""
        return asyncio.timeout(self.real(seconds))

    def later(self, seconds: float, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Call a function of the event loop's thread after a duration."""
        asyncio.get_running_loop().call_later(self.real(seconds), function, *args)
