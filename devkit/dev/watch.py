"""Watches source files and maps each change to the locations to reload."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path

import watchfiles

from devkit.core import filesystems
from devkit.core.paths import REGISTRY, ROOT
from devkit.dev import sources
from devkit.dev.sources import Sources
from devkit.dev.states import ChangeKind
from devkit.registry.team import Team

# Saves are one burst until nothing is saved for QUIET_MS milliseconds.
QUIET_MS = 100
LONGEST_BURST_MS = 1000
RETRY_SECONDS = 1.0
# The variable of watchfiles that asks for polling, where no changes are reported.
POLLING = "WATCHFILES_FORCE_POLLING"


def needs_polling(environ: Mapping[str, str] = os.environ) -> str | None:
    """Why every file has to be compared again and again; None if changes are reported."""
    if environ.get(POLLING, "").lower() not in ("", "0", "false", "no", "off", "disable"):
        return f"{POLLING} is set"
    if type_ := filesystems.unreported_changes(ROOT):
        return f"changes on this file system ({type_}) may not be reported"
    return None


class Watcher:
    """Reports each burst of saves in the files of the current teams."""

    def __init__(
        self,
        on_save: Callable[[Path, Mapping[str, ChangeKind]], None],
        on_event: Callable[[str, str], None],
    ) -> None:
        """`on_save` receives each file of a burst, and the locations that it affects.

        `on_event` receives a location, or `dev`, and why its saves can't be seen as usual.
        """
        self._on_save = on_save
        self._on_event = on_event
        self._polling: bool | None = None  # compare every file again and again instead
        self._tasks: list[asyncio.Task[None]] = []
        self._teams: Sequence[Team] = ()
        self._sources: dict[str, Sources] = {}
        self._again: set[asyncio.Task[None]] = set()

    async def watch(self, teams: Sequence[Team]) -> None:
        """Watch these teams' files from now on, without missing a save meanwhile.

        The previous watch continues for as long as a burst may take, since it may hold changes
        that it has not reported yet.
        """
        if self._polling is None:
            reason = needs_polling()
            self._polling = reason is not None
            if reason:
                self._on_event("dev", f"looking at every file again and again: {reason}")
        self._teams = teams
        self._sources = {team.location: sources.of(team) for team in teams}
        before = [task for task in self._tasks if not task.done()]
        ready = asyncio.Event()
        self._tasks = [*before, asyncio.create_task(self._watch_until_cancelled(ready))]
        await ready.wait()
        for task in before:
            asyncio.get_running_loop().call_later(2 * LONGEST_BURST_MS / 1000, task.cancel)

    async def stop(self) -> None:
        """Stop watching.

        Raises:
            Exception: the error that a watch failed with.
        """
        for task in (*self._tasks, *self._again):
            task.cancel()
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    async def _watch_until_cancelled(self, ready: asyncio.Event) -> None:
        found = self._sources
        while True:
            try:
                await self._watch_once(found, ready)
            except* (OSError, RuntimeError) as errors:  # for example, no inotify watch is left
                self._on_event("dev", f"falling back to polling: {errors.exceptions[0]}")
                self._polling = True
                await asyncio.sleep(RETRY_SECONDS)

    async def _watch_once(self, found: Mapping[str, Sources], ready: asyncio.Event) -> None:
        """Watch whole packages, but only single files of the folders around them.

        Those contain environments with thousands of folders.
        """
        for location, one in found.items():
            for folder in one.folders:
                if not folder.is_dir():
                    self._on_event(location, f"no saves can be seen: there is no folder {folder}")
        roots = {folder for one in found.values() for folder in one.folders}
        code = {folder for folder in roots if folder.is_dir()}
        single = {REGISTRY, *(file for one in found.values() for file in one.files)}
        folders = {file.parent for file in single | roots if file.parent.is_dir()}
        waiting = {"code", "files"} if code else {"files"}

        def started(name: str) -> None:
            waiting.discard(name)
            if not waiting:
                ready.set()

        async with asyncio.TaskGroup() as group:
            if code:
                group.create_task(self._report(code, sources.Filter(code), "code", started))
            only = sources.only(single, roots)
            group.create_task(self._report(folders, only, "files", started, recursive=False))

    async def _report(
        self,
        paths: Iterable[Path],
        accepts: Callable[[watchfiles.Change, str], bool],
        name: str,
        started: Callable[[str], None],
        *,
        recursive: bool = True,
    ) -> None:
        changes: AsyncIterator[set[tuple[watchfiles.Change, str]]] = watchfiles.awatch(
            *paths,
            watch_filter=accepts,
            debounce=LONGEST_BURST_MS,
            step=QUIET_MS,
            rust_timeout=LONGEST_BURST_MS,
            yield_on_timeout=True,  # the first yield, even if empty, means that it is watching
            recursive=recursive,
            force_polling=self._polling,
            ignore_permission_denied=True,
        )
        async with contextlib.aclosing(changes):  # type: ignore[type-var]
            async for burst in changes:
                started(name)
                for path in {Path(path) for _, path in burst}:
                    self._on_save(path, sources.affected_locations(path, self._sources))
                back = not recursive and sources.any_folder(path for _, path in burst)
                if back or self._imports_others([Path(path) for _, path in burst]):
                    task = asyncio.create_task(self.watch(self._teams))
                    self._again.add(task)
                    task.add_done_callback(self._again.discard)

    def _imports_others(self, saved: Sequence[Path]) -> bool:
        """Whether a location is made of other files since these were saved."""
        affected = {
            name for path in saved for name in sources.affected_locations(path, self._sources)
        }
        return any(
            sources.of(team) != self._sources[team.location]
            for team in self._teams
            if team.location in affected
        )
