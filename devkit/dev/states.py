"""What a location of a running platform is doing, and what can happen to it."""

import enum
from typing import Protocol

from devkit.registry.team import Team


class State(enum.StrEnum):
    """What a location is doing."""

    WAITING = "waiting"
    BUILDING = "building its environment"
    STARTING = "starting"
    RELOADING = "reloading"
    LOADED = "loaded"
    BROKEN = "does not load"
    DOWN = "down"


SETTLED = {State.LOADED, State.BROKEN, State.DOWN}


class ChangeKind(enum.Enum):
    """What happened to a location."""

    SERVER_RESTARTED = "its code server crashed and was restarted"
    CODE = "its code was saved"
    ENVIRONMENT = "its lock, its pyproject.toml or its .env was saved"


class Reported(Protocol):
    """A location, as far as it is reported."""

    team: Team
    state: State
