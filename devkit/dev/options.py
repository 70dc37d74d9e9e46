"""The options of `invoke dev`."""

from dataclasses import dataclass

from devkit.registry.team import Team


@dataclass(frozen=True)
class Options:
    """How the platform runs.

    `host` and `port` are the UI's address; port 0 stands for the first free one from 3000 on.
    `reload` is whether code is reloaded when a file is saved. `debug` is the team whose code
    server a debugger can attach to.
    """

    host: str = "127.0.0.1"
    port: int = 0
    reload: bool = True
    debug: Team | None = None
