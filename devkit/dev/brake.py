"""Slows down the loads of code that saves itself.

Code that writes into its own package while it loads would be loaded for ever.
"""

import asyncio
import contextlib
from pathlib import Path

from devkit.dev.clock import Clock

# After this many loads in a row with a save in the middle, a load is not interrupted, and the next
# one waits.
INTERRUPTED_LOADS = 3
LONGEST_PAUSE_SECONDS = 300.0
# A save is reported a moment later: one reported so soon after a load may be of the load's time.
REPORTED_WITHIN_SECONDS = 1.5


class Brake:
    """The saves of one location, during its loads and between them."""

    def __init__(self, clock: Clock) -> None:
        self.loading = False
        self._clock = clock
        self._rested_at = 0.0  # when the last load ended
        self._saved: set[Path] = set()  # in the last load
        self._saved_at_rest = asyncio.Event()
        self._interrupted = 0  # loads in a row during which a file was saved

    @property
    def is_on(self) -> bool:
        """Whether a save does not interrupt a load."""
        return self._interrupted >= INTERRUPTED_LOADS

    def save(self, file: Path) -> None:
        """Record that a file was saved."""
        rested = self._clock.monotonic() - self._rested_at
        if self.loading or rested < REPORTED_WITHIN_SECONDS:
            self._saved.add(file)
        else:
            self._saved_at_rest.set()

    def end_load(self) -> set[Path]:
        """Record that a load has ended; returns the files that turn the brake on now."""
        saved, self._saved = self._saved, set()
        self.loading, self._rested_at = False, self._clock.monotonic()
        self._interrupted = self._interrupted + 1 if saved else 0
        return saved if self._interrupted == INTERRUPTED_LOADS else set()

    async def pause(self) -> None:
        """If the brake is on, wait: each time longer, but no longer than for a save by hand."""
        if self.is_on:
            self._saved_at_rest.clear()
            seconds = min(2 ** (self._interrupted - INTERRUPTED_LOADS), LONGEST_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(seconds):
                    await self._saved_at_rest.wait()
