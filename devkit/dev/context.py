"""What the locations of a platform share."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from devkit.dev.parts import Parts
from devkit.dev.servers import Sockets
from devkit.dev.service import OnExit, SupervisedProcess
from devkit.dev.states import Reported
from devkit.registry.team import Team


@dataclass(frozen=True)
class PlatformContext:
    """What the locations of a platform share.

    `launch` creates a code server from a team, its socket, its variables and a function that is
    awaited after a crash. `start_slots` limits how many locations start at the same time.
    `on_event` receives a location and what happened to it. `on_crash` is awaited when a code
    server has crashed, before its restart. `exclusive` are teams of whose code servers only one
    can run at a time.
    """

    parts: Parts
    sockets: Sockets
    launch: Callable[[Team, Path, dict[str, str], OnExit], SupervisedProcess]
    start_slots: asyncio.Semaphore
    on_event: Callable[[Reported, str], None]
    on_crash: OnExit
    exclusive: Collection[Team] = ()
