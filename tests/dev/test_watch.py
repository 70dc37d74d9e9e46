"""What a saved file means, and that no save is missed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from devkit.core.paths import SHARED
from devkit.dev import watch
from devkit.dev.location import ChangeKind
from devkit.dev.watch import Watcher
from devkit.registry.workspace import Team


def affected_locations(team: Team, *parts: str) -> ChangeKind | None:
    return watch.affected_locations(team.directory.joinpath(*parts), [team]).get(team.location)


def test_code_and_data_of_the_package_touch_its_team_alone(teams: dict[str, Team]) -> None:
    ml, analytics = teams["ml"], teams["analytics"]
    saved = ml.directory / ml.package / "defs" / "data.csv"
    assert watch.affected_locations(saved, teams.values()) == {ml.location: ChangeKind.CODE}
    assert affected_locations(analytics, analytics.package, "definitions.py") == ChangeKind.CODE


def test_the_environments_files_touch_more_than_the_code(teams: dict[str, Team]) -> None:
    for name in ("pyproject.toml", "local_requirements.txt", ".env"):
        assert affected_locations(teams["ml"], name) == ChangeKind.ENVIRONMENT, name


def test_utils_touches_everybody(teams: dict[str, Team]) -> None:
    everybody = {team.location for team in teams.values()}
    assert watch.affected_locations(SHARED / "utils" / "store.py", teams.values()) == dict.fromkeys(
        everybody, ChangeKind.CODE
    )
    assert watch.affected_locations(SHARED / "pyproject.toml", teams.values()) == dict.fromkeys(
        everybody, ChangeKind.ENVIRONMENT
    )


def test_tests_and_the_registry_touch_nobody(teams: dict[str, Team]) -> None:
    assert affected_locations(teams["ml"], "ml_project_tests", "test_assets.py") is None
    assert watch.affected_locations(watch.REGISTRY, teams.values()) == {}


@pytest.mark.parametrize(
    "name", [".assets.py.swp", "4913", "assets.py~", "#assets.py#", "test_it.py", "assets.py.tmp"]
)
def test_what_editors_and_tests_leave_is_no_save(name: str) -> None:
    assert not watch.CodeFilter()(watchfiles.Change.modified, f"/anywhere/{name}")


@pytest.mark.parametrize("name", ["assets.py", "penguins.csv", "query.sql", "testing.py"])
def test_code_and_data_are_saves(name: str) -> None:
    assert watch.CodeFilter()(watchfiles.Change.modified, f"/anywhere/{name}")


def some_team(like: Team, folder: Path, name: str) -> Team:
    (folder / name / name).mkdir(parents=True)
    return dataclasses.replace(
        like, directory=folder / name, location=name, module=f"{name}.definitions"
    )


def following(
    use: Callable[[Watcher, set[str], list[str]], Coroutine[Any, Any, None]],
) -> None:
    """Use a watcher, the names of the files that it told of, and its complaints."""
    seen: set[str] = set()
    complaints: list[str] = []

    async def go() -> None:
        watcher = Watcher(lambda files: seen.update(f.name for f in files), complaints.append)
        try:
            await use(watcher, seen, complaints)
        finally:
            await watcher.stop()

    asyncio.run(go())


async def seen_all(seen: set[str], names: set[str]) -> None:
    async with asyncio.timeout(30):
        while not names <= seen:
            await asyncio.sleep(0.02)


def test_no_save_is_missed_while_the_teams_change(teams: dict[str, Team], tmp_path: Path) -> None:
    first = some_team(teams["ml"], tmp_path, "first")
    second = some_team(teams["ml"], tmp_path, "second")
    names = {f"save{number}.py" for number in range(20)}

    async def use(watcher: Watcher, seen: set[str], complaints: list[str]) -> None:
        await watcher.watch([first])

        async def save() -> None:
            for name in sorted(names):
                (first.directory / "first" / name).write_text("")
                await asyncio.sleep(0.1)

        saving = asyncio.create_task(save())
        while not saving.done():
            await watcher.watch([first, second])
            await watcher.watch([first])
        await watcher.watch([first, second])
        (second.directory / "second" / "last.py").write_text("")
        await seen_all(seen, names | {"last.py"})
        assert complaints == []

    following(use)


def test_where_the_system_cannot_watch_the_files_are_looked_at(
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

    async def use(watcher: Watcher, seen: set[str], complaints: list[str]) -> None:
        await watcher.watch([team])
        await asyncio.sleep(1)
        (team.directory / "polled" / "seen.py").write_text("")
        await seen_all(seen, {"seen.py"})
        assert "no more watches" in complaints[0]

    following(use)
