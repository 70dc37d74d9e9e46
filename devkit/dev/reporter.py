"""Reports what happens in a running platform: lines, and a table until all is up."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devkit.core import output
from devkit.dev.location import Location, State


class Reporter:
    """Prints what happens to a platform's services and locations, with the time since its start."""

    def __init__(self, locations: Callable[[], Sequence[Location]]) -> None:
        self._locations = locations
        self._started = time.monotonic()
        self._board = output.StatusTable()

    def open(self, home: Path, logs: Path, *, own_configuration: bool) -> None:
        """Print where things are, and show the table."""
        output.info(f"DAGSTER_HOME {home}; full logs in {logs}")
        if own_configuration:
            output.info(f"{home / 'dagster.yaml'} is your own: the repository's is not used")
        self._board.open()

    def close(self) -> None:
        """Take the table away."""
        self._board.close()

    def report(self, name: str, text: str) -> None:
        """Print one line or more of a service."""
        names = (location.team.location for location in self._locations())
        output.line(name, text, width=max(map(len, ["webserver", *names])))

    def report_timed(self, name: str, text: str) -> None:
        """Print a line with the time since the start."""
        self.report(name, f"{text}  ({self.passed})")

    def add(self, location: Location) -> None:
        """There is one more location."""
        self._board.set(location.team.location, location.state)

    def changed(self, location: Location, text: str) -> None:
        """Print a location's new state; passing states only if no table shows them."""
        self._board.set(location.team.location, location.state)
        passing = location.state in (State.STARTING, State.RELOADING)
        if not (passing and self._board.shown):
            self.report_timed(location.team.location, text)

    def summarize(self) -> None:
        """All locations have settled: how many are loaded, and which are not."""
        locations = self._locations()
        bad = [one.team.location for one in locations if one.state != State.LOADED]
        good = len(locations) - len(bad)
        text = f"{good} of {len(locations)} locations loaded in {self.passed}"
        self.report("dev", text + (f"; not: {', '.join(bad)}" if bad else ""))

    @property
    def passed(self) -> str:
        """The time since the start, for a person."""
        return f"{time.monotonic() - self._started:.1f} s"
