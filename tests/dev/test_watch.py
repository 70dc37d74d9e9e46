"""Which locations a saved file affects, and that no save is missed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from devkit.core.paths import REGISTRY, SHARED
from devkit.dev import watch
from devkit.dev.location import ChangeKind
from devkit.dev.watch import Watcher
from devkit.registry.workspace import Team


def affected_by(team: Team, *parts: str) -> ChangeKind | None:
    """How a file of a team affects the team."""
    return watch.affected_locations(team.directory.joinpath(*parts), [team]).get(team.location)


def test_code_and_data_of_a_package_affect_its_team_only(teams: dict[str, Team]) -> None:
    ml, analytics = teams["ml"], teams["analytics"]
    saved = ml.directory / ml.package / "defs" / "data.csv"
    assert watch.affected_locations(saved, teams.values()) == {ml.location: ChangeKind.CODE}
    assert affected_by(analytics, analytics.package, "definitions.py") == ChangeKind.CODE


def test_files_of_the_environment_affect_more_than_the_code(teams: dict[str, Team]) -> None:
    for name in ("pyproject.toml", "local_requirements.txt", ".env"):
        assert affected_by(teams["ml"], name) == ChangeKind.ENVIRONMENT, name


def test_utils_affects_every_team(teams: dict[str, Team]) -> None:
    locations = {team.location for team in teams.values()}
    code = watch.affected_locations(SHARED / "utils" / "store.py", teams.values())
    assert code == dict.fromkeys(locations, ChangeKind.CODE)
    project = watch.affected_locations(SHARED / "pyproject.toml", teams.values())
    assert project == dict.fromkeys(locations, ChangeKind.ENVIRONMENT)


def test_tests_and_the_registry_affect_no_location(teams: dict[str, Team]) -> None:
    assert affected_by(teams["ml"], "ml_project_tests", "test_assets.py") is None
    assert watch.affected_locations(REGISTRY, teams.values()) == {}


@pytest.mark.parametrize(
    "name", [".assets.py.swp", "4913", "assets.py~", "#assets.py#", "test_it.py", "assets.py.tmp"]
)
def test_code_filter_ignores_files_of_editors_and_tests(name: str) -> None:
    assert not watch.CodeFilter()(watchfiles.Change.modified, f"/anywhere/{name}")


@pytest.mark.parametrize("name", ["assets.py", "penguins.csv", "query.sql", "testing.py"])
def test_code_filter_accepts_code_and_data(name: str) -> None:
    assert watch.CodeFilter()(watchfiles.Change.modified, f"/anywhere/{name}")


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

    async def go() -> None:
        watcher = Watcher(lambda files: seen.update(f.name for f in files), events.append)
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
        assert events[0] == "falling back to polling: no more watches"

    watching(use)
