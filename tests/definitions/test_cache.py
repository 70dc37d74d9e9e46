"""Manifests are kept for as long as nothing that can change them has changed."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.definitions import cache, loading
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.workspace import Team

CODE = (
    "import dagster as dg\n\n@dg.asset\ndef tea() -> None: ...\n\n"
    "defs = dg.Definitions(assets=[tea])\n"
)


@pytest.fixture
def team(teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team with an environment of its own, in name, and a copy of utils."""
    room = tmp_path / "tea_project"
    package = room / "tea_project"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "definitions.py").write_text(CODE, encoding="utf-8")
    (room / "local_requirements.txt").write_text("dagster==1\n", encoding="utf-8")
    environment = room / ".venv-tea"
    (environment / "lib/python3.11/site-packages/dagster-1.0.dist-info").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("version = 3.11.7\n", encoding="utf-8")
    (tmp_path / "utils/utils").mkdir(parents=True)
    (tmp_path / "utils/utils/__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr("devkit.definitions.cache.SHARED", tmp_path / "utils")
    python = environment / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {teams["ml"].python} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return replace(
        teams["ml"],
        location="tea_project",
        module="tea_project.definitions",
        directory=room,
        python=python,
    )


def write(name: str, text: str = "x") -> Callable[[Team], object]:
    return lambda team: (team.directory / name).write_text(text, encoding="utf-8")


CHANGES: dict[str, Callable[[Team], object]] = {
    "a file of the team's": write("tea_project/definitions.py", CODE + "\n"),
    "a new file": write("tea_project/more.py"),
    "a data file": write("tea_project/data.csv"),
    "a test, which may import another team's package": write("test_tea.py"),
    "its lock": write("local_requirements.txt", "dagster==2\n"),
    "its variables": write(".env", "A=1\n"),
    "a file that is gone": lambda team: (team.directory / "local_requirements.txt").unlink(),
    "a file that is renamed": lambda team: (team.directory / "local_requirements.txt").rename(
        team.directory / "requirements.txt"
    ),
    "utils": lambda team: (team.directory.parent / "utils/utils/__init__.py").write_text(
        "x = 1\n", encoding="utf-8"
    ),
    "its Python": lambda team: (team.environment / "pyvenv.cfg").write_text(
        "version = 3.12.1\n", encoding="utf-8"
    ),
    "what is installed": lambda team: (
        team.environment / "lib/python3.11/site-packages/six-1.0.dist-info"
    ).mkdir(),
}
OTHERS: dict[str, Callable[[Team], object]] = {
    "bytecode": lambda team: (team.directory / "tea_project/__pycache__").mkdir(),
    "what tools leave": lambda team: (team.directory / ".pytest_cache").mkdir(),
    "a date": lambda team: os.utime(team.directory / "tea_project/definitions.py", (1, 1)),
    "the lock of its environment": write(".venv-tea.lock"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_can_change_a_manifest_changes_the_digest(team: Team, change: str) -> None:
    before = cache.digest(team)
    CHANGES[change](team)
    assert cache.digest(team) != before


@pytest.mark.parametrize("change", OTHERS)
def test_nothing_else_does(team: Team, change: str) -> None:
    before = cache.digest(team)
    OTHERS[change](team)
    assert cache.digest(team) == before


def test_the_entry_and_the_probe_change_it_too(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cache.digest(team)
    assert cache.digest(replace(team, module="tea_project.other")) != before
    assert cache.digest(replace(team, line=99)) == before
    probe_of_tomorrow = tmp_path / "_probe.py"
    probe_of_tomorrow.write_text("# another\n", encoding="utf-8")
    monkeypatch.setattr(loading, "PARTS", (probe_of_tomorrow, *loading.PARTS[1:]))
    assert cache.digest(team) != before


def test_a_large_file_counts_by_size_and_date(team: Team) -> None:
    large = team.directory / "large.parquet"
    large.write_bytes(bytes(cache.LARGEST_READ_BYTES + 1))
    before = cache.digest(team)
    os.utime(large, (1, 1))
    assert cache.digest(team) != before


def test_what_was_loaded_is_recalled(team: Team) -> None:
    wanted = cache.digest(team)
    assert cache.get(team, wanted) is None
    loaded = cache.load(team, wanted)
    assert isinstance(loaded, Manifest), loaded
    assert cache.get(team, wanted) == loaded
    assert cache.get(team, "0" * 64) is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"manifest": 1}'])
def test_a_kept_manifest_that_is_damaged_is_none(team: Team, text: str) -> None:
    wanted = cache.digest(team)
    cache.load(team, wanted)
    (kept,) = cache.FOLDER.iterdir()
    kept.write_text(text, encoding="utf-8")
    assert cache.get(team, wanted) is None


def test_what_does_not_load_is_not_kept(team: Team) -> None:
    (team.directory / "tea_project/definitions.py").write_text("1 / 0\n", encoding="utf-8")
    assert isinstance(cache.load(team, cache.digest(team)), Failure)
    assert not cache.FOLDER.exists()


def test_what_was_saved_while_it_loaded_is_not_taken_for_it(team: Team) -> None:
    wanted = cache.digest(team)
    (team.directory / "tea_project/definitions.py").write_text(
        CODE.replace("tea", "cup"), encoding="utf-8"
    )
    loaded = cache.load(team, wanted)
    assert isinstance(loaded, Manifest)
    assert cache.get(team, wanted) is None


def test_where_nothing_can_be_kept_it_is_said_and_the_result_is_as_good(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.FOLDER.write_text("in the way", encoding="utf-8")
    assert isinstance(cache.load(team, cache.digest(team)), Manifest)
    assert "note: the next check will load tea again" in capsys.readouterr().err


def test_the_oldest_go_and_only_this_teams(team: Team) -> None:
    other = replace(team, location="tea_project_two")
    cache.load(other, cache.digest(other))
    for number in range(cache.MAX_PER_TEAM + 3):
        shutil.copy(next(cache.FOLDER.glob("tea_project_two-*")), cache.FOLDER / kept(team, number))
        os.utime(cache.FOLDER / kept(team, number), (number, number))
    cache.load(team, cache.digest(team))
    left = {file.name for file in cache.FOLDER.glob("tea_project-*")}
    assert len(left) == cache.MAX_PER_TEAM
    assert kept(team, cache.MAX_PER_TEAM + 2) in left
    assert kept(team, 0) not in left
    assert len([*cache.FOLDER.glob("tea_project_two-*")]) == 1


def kept(team: Team, number: int) -> str:
    return f"{team.location}-{number:032x}.json"
