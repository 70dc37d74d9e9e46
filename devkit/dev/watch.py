"""Watches source files and maps each change to the locations to reload."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import watchfiles

from devkit.core.paths import REGISTRY, SHARED
from devkit.dev.location import ChangeKind
from devkit.environments import venvs
from devkit.registry.workspace import Team

# Saves are one burst until nothing is saved for QUIET_MS milliseconds.
QUIET_MS = 100
LONGEST_BURST_MS = 1000
RETRY_SECONDS = 1.0


class CodeFilter(watchfiles.DefaultFilter):
    """Accepts code and data of a team's package, not the files of editors, tools and tests."""

    ignore_dirs = (*watchfiles.DefaultFilter.ignore_dirs, "tests")
    ignore_entity_patterns = (
        *watchfiles.DefaultFilter.ignore_entity_patterns,
        r"^\.",
        r"~$",
        r"^#.*#$",
        r"^4913$",  # vim creates it to test whether the folder is writable
        r"\.(swp|swx|tmp|bak|orig)$",
        r"^(test_.*|.*_test|conftest)\.py$",
        r"_tests$",
    )


def affected_locations(path: Path, teams: Iterable[Team]) -> dict[str, ChangeKind]:
    """The locations that a saved file affects, and how. The registry affects none by itself."""
    affected = {}
    for team in teams:
        if path in _environment_files(team):
            affected[team.location] = ChangeKind.ENVIRONMENT
        elif path.is_relative_to(_package(team)) or path.is_relative_to(SHARED / "utils"):
            affected[team.location] = ChangeKind.CODE
    return affected


class Watcher:
    """Reports each burst of saves in the files of the current teams."""

    def __init__(
        self, on_save: Callable[[set[Path]], None], on_event: Callable[[str], None]
    ) -> None:
        """`on_save` receives the files of a burst, `on_event` the reason if watching fails."""
        self._on_save = on_save
        self._on_event = on_event
        self._polling = False  # compare every file again and again instead
        self._tasks: list[asyncio.Task[None]] = []

    async def watch(self, teams: Sequence[Team]) -> None:
        """Watch these teams' files from now on, without missing a save meanwhile.

        The previous watch continues for as long as a burst may take, since it may hold changes
        that it has not reported yet.
        """
        before = [task for task in self._tasks if not task.done()]
        ready = asyncio.Event()
        self._tasks = [*before, asyncio.create_task(self._watch_until_cancelled(teams, ready))]
        await ready.wait()
        for task in before:
            asyncio.get_running_loop().call_later(2 * LONGEST_BURST_MS / 1000, task.cancel)

    async def stop(self) -> None:
        """Stop watching.

        Raises:
            Exception: the error that a watch failed with.
        """
        for task in self._tasks:
            task.cancel()
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    async def _watch_until_cancelled(self, teams: Sequence[Team], ready: asyncio.Event) -> None:
        while True:
            try:
                await self._watch_once(teams, ready)
            except (OSError, RuntimeError) as error:  # for example, no inotify watch is left
                self._on_event(f"falling back to polling: {error}")
                self._polling = True
                ready.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _watch_once(self, teams: Sequence[Team], ready: asyncio.Event) -> None:
        """Watch whole packages, but only single files of the folders around them.

        Those contain environments with thousands of folders.
        """
        code = [path for path in {SHARED / "utils", *map(_package, teams)} if path.is_dir()]
        single = {REGISTRY, *(file for team in teams for file in _environment_files(team))}
        folders = [path for path in {file.parent for file in single} if path.is_dir()]
        code_ready, folders_ready = asyncio.Event(), asyncio.Event()

        async def report_saves(
            paths: Sequence[Path],
            accepts: Callable[[watchfiles.Change, str], bool],
            started: asyncio.Event,
            *,
            recursive: bool,
        ) -> None:
            async for changes in watchfiles.awatch(
                *paths,
                watch_filter=accepts,
                debounce=LONGEST_BURST_MS,
                step=QUIET_MS,
                rust_timeout=LONGEST_BURST_MS,
                yield_on_timeout=True,  # the first yield, even if empty, means that it is watching
                recursive=recursive,
                force_polling=self._polling,
                ignore_permission_denied=True,
            ):
                started.set()
                if code_ready.is_set() and folders_ready.is_set():
                    ready.set()
                if changes:
                    self._on_save({Path(path) for _, path in changes})

        await asyncio.gather(
            report_saves(code, CodeFilter(), code_ready, recursive=True),
            report_saves(
                folders, lambda _, path: Path(path) in single, folders_ready, recursive=False
            ),
        )


def _package(team: Team) -> Path:
    return team.directory / team.package


def _environment_files(team: Team) -> set[Path]:
    """The files that define the team's environment: its packages and its variables."""
    environment = venvs.team_environment(team)
    projects = {folder / "pyproject.toml" for folder in environment.projects}
    return {environment.lock, team.env_file, *projects}
