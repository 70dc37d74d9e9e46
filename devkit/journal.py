"""What a running platform tells: a line for whatever happens, and a table until all is up."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devkit import output
from devkit.locations import Location, State


class Journal:
    """Tells of a platform's services and locations, with the time since its start."""

    def __init__(self, locations: Callable[[], Sequence[Location]]) -> None:
        self._locations = locations
        self._started = time.monotonic()
        self._board = output.Board()

    def open(self, home: Path, logs: Path, *, own_configuration: bool) -> None:
        """Say where things are, and show the table."""
        output.say(f"DAGSTER_HOME {home}; full logs in {logs}")
        if own_configuration:
            output.say(f"{home / 'dagster.yaml'} is used as it is: not the repository's")
        self._board.open()

    def close(self) -> None:
        """Take the table away."""
        self._board.close()

    def tell(self, name: str, text: str) -> None:
        """A line, or some, of a service."""
        names = (location.team.location for location in self._locations())
        output.line(name, text, width=max(map(len, ["webserver", *names])))

    def tell_timed(self, name: str, text: str) -> None:
        """A line with the time that has passed since the start."""
        self.tell(name, f"{text}  ({self.passed})")

    def add(self, location: Location) -> None:
        """There is one more location."""
        self._board.set(location.team.location, location.state)

    def changed(self, location: Location, text: str) -> None:
        """A location has changed its state; passing states are for the table, if there is one."""
        self._board.set(location.team.location, location.state)
        passing = location.state in (State.STARTING, State.RELOADING)
        if not (passing and self._board.shown):
            self.tell_timed(location.team.location, text)

    def sum_up(self) -> None:
        """All locations have settled: how many are loaded, and which are not."""
        locations = self._locations()
        bad = [one.team.location for one in locations if one.state != State.LOADED]
        good = len(locations) - len(bad)
        text = f"{good} of {len(locations)} locations loaded in {self.passed}"
        self.tell("dev", text + (f"; not: {', '.join(bad)}" if bad else ""))

    @property
    def passed(self) -> str:
        """The time since the start, for a person."""
        return f"{time.monotonic() - self._started:.1f} s"
