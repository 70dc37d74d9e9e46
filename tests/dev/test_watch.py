"""That no save is missed, and that what can't be seen is said."""

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from devkit.core import filesystems
from devkit.dev import watch
from devkit.dev.states import ChangeKind
from devkit.dev.watch import Watcher
from devkit.registry.team import Team


def some_team(like: Team, folder: Path, name: str) -> Team:
    (folder / name / name).mkdir(parents=True)
    return dataclasses.replace(
        like, directory=folder / name, location=name, module=f"{name}.definitions"
    )


def watching(
    use: Callable[[Watcher, set[str], list[str]], Coroutine[Any, Any, None]],
) -> None:
    """Call `use` with a watcher, the names of the files and the events that it has reported."""
    seen: set[str] = set()
    events: list[str] = []

    def on_save(file: Path, affected: Mapping[str, ChangeKind]) -> None:
        if affected:
            seen.add(file.name)

    def on_event(name: str, text: str) -> None:
        events.append(f"{name}: {text}")

    async def go() -> None:
        watcher = Watcher(on_save, on_event)
        try:
            await use(watcher, seen, events)
        finally:
            await watcher.stop()

    asyncio.run(go())


async def seen_all(seen: set[str], names: set[str]) -> None:
    async with asyncio.timeout(30):
        while not names <= seen:
            await asyncio.sleep(0.02)


def test_watcher_misses_no_save_while_the_teams_change(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    first = some_team(teams["ml"], tmp_path, "first")
    second = some_team(teams["ml"], tmp_path, "second")
    names = {f"save{number}.py" for number in range(20)}

    async def use(watcher: Watcher, seen: set[str], events: list[str]) -> None:
        await watcher.watch([first])

        async def save() -> None:
            for name in sorted(names):
                (first.directory / "first" / name).write_text("", encoding="utf-8")
                await asyncio.sleep(0.1)

        saving = asyncio.create_task(save())
        while not saving.done():
            await watcher.watch([first, second])
            await watcher.watch([first])
        await watcher.watch([first, second])
        (second.directory / "second" / "last.py").write_text("", encoding="utf-8")
        await seen_all(seen, names | {"last.py"})
        assert events == []

    watching(use)


def test_watcher_falls_back_to_polling(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = some_team(teams["ml"], tmp_path, "polled")
    real = watchfiles.awatch

    async def out_of_watches(*paths: Path, **options: Any) -> AsyncIterator[Any]:
        if not options["force_polling"]:
            raise OSError("no more watches")
        async for changes in real(*paths, **options):
            yield changes

    monkeypatch.setattr(watchfiles, "awatch", out_of_watches)
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.0)

    async def use(watcher: Watcher, seen: set[str], events: list[str]) -> None:
        await watcher.watch([team])
        await asyncio.sleep(1)
        (team.directory / "polled" / "seen.py").write_text("", encoding="utf-8")
        await seen_all(seen, {"seen.py"})
        assert events == ["dev: falling back to polling: no more watches"]

    watching(use)


def test_watcher_polls_where_changes_are_not_reported(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = some_team(teams["ml"], tmp_path, "polled")
    monkeypatch.setenv(watch.POLLING, "true")
    asked: list[object] = []
    real = watchfiles.awatch

    def recorded(*paths: Path, **options: Any) -> Any:
        asked.append(options["force_polling"])
        return real(*paths, **options)

    monkeypatch.setattr(watchfiles, "awatch", recorded)

    async def use(watcher: Watcher, seen: set[str], events: list[str]) -> None:
        await watcher.watch([team])
        (team.directory / "polled" / "seen.py").write_text("", encoding="utf-8")
        await seen_all(seen, {"seen.py"})
        expected = "looking at every file again and again: WATCHFILES_FORCE_POLLING is set"
        assert events == [f"dev: {expected}"]
        assert asked == [True, True]

    watching(use)


def test_needs_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "0", "false", "disable"):
        assert watch.needs_polling({watch.POLLING: value}) is None, value
    assert watch.needs_polling({watch.POLLING: "1"}) == "WATCHFILES_FORCE_POLLING is set"
    monkeypatch.setattr(filesystems, "unreported_changes", lambda _: "nfs4")
    expected = "changes on this file system (nfs4) may not be reported"
    assert watch.needs_polling({}) == expected


def test_watcher_sees_a_package_that_is_removed_and_comes_back(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    team = some_team(teams["ml"], tmp_path, "back")
    package = team.directory / "back"

    async def use(watcher: Watcher, seen: set[str], events: list[str]) -> None:
        await watcher.watch([team])
        shutil.rmtree(package)
        await seen_all(seen, {"back"})
        package.mkdir()
        async with asyncio.timeout(30):
            while "later.py" not in seen:  # a moment passes until it is watched again
                (package / "later.py").write_text("", encoding="utf-8")
                await asyncio.sleep(0.2)

    watching(use)


def test_watcher_says_which_location_has_no_package(teams: dict[str, Team], tmp_path: Path) -> None:
    team = some_team(teams["ml"], tmp_path, "missing")
    shutil.rmtree(team.directory / "missing")

    async def use(watcher: Watcher, seen: set[str], events: list[str]) -> None:
        await watcher.watch([team])
        folder = team.directory / "missing"
        assert events == [f"missing: no saves can be seen: there is no folder {folder}"]

    watching(use)
