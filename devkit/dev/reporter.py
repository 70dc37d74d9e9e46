"""Reports what happens in a running platform: lines, and a table until all locations are loaded."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devkit.core import output
from devkit.dev.states import Reported, State


class Reporter:
    """Prints events of services and locations, with the time since the platform's start."""

    def __init__(self, locations: Callable[[], Sequence[Reported]]) -> None:
        """`locations` returns the platform's current locations."""
        self._locations = locations
        self._started = time.monotonic()
        self._table = output.StatusTable()

    def open(self, home: Path, logs: Path, *, own_configuration: bool) -> None:
        """Print where the platform keeps its data, and show the table."""
        output.info(f"DAGSTER_HOME {home}; full logs in {logs}")
        if own_configuration:
            output.info(f"using your own {home / 'dagster.yaml'}, not the repository's")
        self._table.open()

    def close(self) -> None:
        """Remove the table."""
        self._table.close()

    def report(self, name: str, text: str) -> None:
        """Print lines of a service or location."""
        names = (location.team.location for location in self._locations())
        output.line(name, text, width=max(map(len, ["webserver", *names])))

    def report_timed(self, name: str, text: str) -> None:
        """Print a line with the time since the start."""
        self.report(name, f"{text}  ({self.elapsed})")

    def add(self, location: Reported) -> None:
        """Add a location to the table."""
        self._table.set(location.team.location, location.state)

    def changed(self, location: Reported, text: str) -> None:
        """Print a location's new state; a transient one only if there is no table."""
        self._table.set(location.team.location, location.state)
        transient = location.state in (State.STARTING, State.RELOADING)
        if not (transient and self._table.shown):
            self.report_timed(location.team.location, text)

    def summarize(self) -> None:
        """Print how many locations are loaded, and which are not."""
        locations = self._locations()
        failed = [one.team.location for one in locations if one.state != State.LOADED]
        loaded = len(locations) - len(failed)
        text = f"{loaded} of {len(locations)} locations loaded in {self.elapsed}"
        self.report("dev", text + (f"; not loaded: {', '.join(failed)}" if failed else ""))

    @property
    def elapsed(self) -> str:
        """The time since the start, such as `7.2 s`."""
        return f"{time.monotonic() - self._started:.1f} s"
