"""Changes runs in Dagster's storage, through the orchestrator's interpreter."""

from pathlib import Path

from devkit.core.threads import in_thread
from devkit.dev import home


class Instance:
    """The instance of a DAGSTER_HOME."""

    def __init__(self, dagster_home: Path) -> None:
        self._home = dagster_home

    async def end_lost_runs(self) -> list[str]:
        """Mark runs as failed whose code server has ended, as nothing else does.

        Only those that this DAGSTER_HOME has started: its database may be shared with others.

        Raises:
            DevkitError: if Dagster can't open DAGSTER_HOME.
        """
        folders = home.socket_folders(self._home)
        return (await in_thread(home.ask_instance, self._home, "end-lost-runs", *folders)).split()

    async def move_runs(self, link: Path, socket: Path, time: float) -> set[str]:
        """Record the own socket of the server that a link led to until a time.

        That is recorded of the unfinished runs that this server has; returns their ids. The time
        is in seconds since the epoch.

        Raises:
            DevkitError: if Dagster can't open DAGSTER_HOME.
        """
        arguments = "move-runs", str(link), str(socket), str(time)
        return set((await in_thread(home.ask_instance, self._home, *arguments)).split())
