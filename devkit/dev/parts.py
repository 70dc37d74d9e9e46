"""What a platform is made of besides itself. These are its seams: tests pass stand-ins."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devkit.dev.clock import Clock
from devkit.dev.webserver import LocationEntry
from devkit.registry.team import Team


class Commands(Protocol):
    """The command lines of the services; `dagster_cli` has Dagster's."""

    def webserver(self, workspace: Path, host: str, port: int) -> tuple[str, ...]:
        """The UI's command."""

    def daemon(self, workspace: Path) -> tuple[str, ...]:
        """The daemon's command."""

    def code_server(self, team: Team, socket: Path) -> tuple[str, ...]:
        """The command that serves a team's code on a socket."""


class WebserverClient(Protocol):
    """Asks the webserver; `webserver.Client` does by GraphQL. All raise NoAnswerError only."""

    async def is_up(self) -> bool:
        """Whether it answers."""

    async def updates(self) -> dict[str, float]:
        """When it last checked each location, in seconds since the epoch."""

    async def location(self, name: str) -> LocationEntry | None:
        """Its entry of a location; None if it is unknown or loading."""

    async def reload(self, name: str) -> None:
        """Have a location's code reloaded; returns once it is. An error if its server is down."""

    async def unfinished_runs(self) -> set[str]:
        """The ids of the runs that have started and not ended."""


class Instance(Protocol):
    """Changes runs in the instance's storage; `instance.Instance` does in Dagster's."""

    async def end_lost_runs(self) -> list[str]:
        """Mark runs as failed whose code server has ended; returns their ids.

        Raises:
            DevkitError: if the instance can't be opened.
        """

    async def move_runs(self, link: Path, socket: Path, time: float) -> set[str]:
        """Record the own socket of the server that a link led to until a time.

        That is recorded of the unfinished runs that this server has; returns their ids. The time
        is in seconds since the epoch.

        Raises:
            DevkitError: if the instance can't be opened.
        """


class Environments(Protocol):
    """The teams' environments; `builds.Builds` has the real ones."""

    def stale(self, team: Team) -> bool:
        """Whether a team's environment has to be built."""

    async def build(self, team: Team) -> None:
        """Build a team's environment.

        Raises:
            DevkitError: if it can't be built.
        """

    async def stop(self) -> None:
        """End what is being built."""


@dataclass(frozen=True)
class Parts:
    """What a platform is made of besides itself."""

    commands: Commands
    webserver: WebserverClient
    instance: Instance
    environments: Environments
    clock: Clock = field(default_factory=Clock)
