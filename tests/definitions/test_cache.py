"""Manifests are cached for as long as nothing that they depend on has changed."""

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.definitions import cache, loading
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.registry.team import Team

CODE = (
    "import dagster as dg\n\n@dg.asset\ndef tea() -> None: ...\n\n"
    "defs = dg.Definitions(assets=[tea])\n"
)


@pytest.fixture
def team(teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team with a dummy environment of its own, and a copy of utils."""
    project = tmp_path / "tea_project"
    package = project / "tea_project"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "definitions.py").write_text(CODE, encoding="utf-8")
    (project / "local_requirements.txt").write_text("dagster==1\n", encoding="utf-8")
    environment = project / ".venv-tea"
    (environment / "lib/python3.11/site-packages/dagster-1.0.dist-info").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("version = 3.11.7\n", encoding="utf-8")
    (tmp_path / "utils/utils").mkdir(parents=True)
    (tmp_path / "utils/utils/__init__.py").write_text("", encoding="utf-8")
    text = '[project]\nname = "utils"\n[tool.dagteam]\nshared = true\n'
    (tmp_path / "utils/pyproject.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("devkit.registry.shared.ROOT", tmp_path)
    python = environment / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {teams["ml"].python} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return replace(
        teams["ml"],
        location="tea_project",
        module="tea_project.definitions",
        directory=project,
        python=python,
        root=tmp_path,
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
    "a deleted file": lambda team: (team.directory / "local_requirements.txt").unlink(),
    "a renamed file": lambda team: (team.directory / "local_requirements.txt").rename(
        team.directory / "requirements.txt"
    ),
    "utils": lambda team: (team.directory.parent / "utils/utils/__init__.py").write_text(
        "x = 1\n", encoding="utf-8"
    ),
    "its Python": lambda team: (team.environment / "pyvenv.cfg").write_text(
        "version = 3.12.1\n", encoding="utf-8"
    ),
    "an installed package": lambda team: (
        team.environment / "lib/python3.11/site-packages/six-1.0.dist-info"
    ).mkdir(),
}


def made(name: str) -> Callable[[Team], object]:
    """A new file in a new folder."""

    def make(team: Team) -> None:
        (team.directory / name).parent.mkdir(parents=True)
        (team.directory / name).write_text("x", encoding="utf-8")

    return make


OTHERS: dict[str, Callable[[Team], object]] = {
    "bytecode": lambda team: (team.directory / "tea_project/__pycache__").mkdir(),
    "a cache of a tool": lambda team: (team.directory / ".pytest_cache").mkdir(),
    "a modification time": lambda team: os.utime(
        team.directory / "tea_project/definitions.py", (1, 1)
    ),
    "the lock file of its environment": write(".venv-tea.lock"),
    "an environment of another name": made("venv/pyvenv.cfg"),
    "packages of Node.js": made("node_modules/some/index.js"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_digest_changes_with(team: Team, change: str) -> None:
    before = cache.digest(team)
    CHANGES[change](team)
    assert cache.digest(team) != before


@pytest.mark.parametrize("change", OTHERS)
def test_digest_does_not_change_with(team: Team, change: str) -> None:
    before = cache.digest(team)
    OTHERS[change](team)
    assert cache.digest(team) == before


def test_digest_changes_with_the_registry_entry_and_the_probe(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cache.digest(team)
    assert cache.digest(replace(team, module="tea_project.other")) != before
    assert cache.digest(replace(team, line=99)) == before
    new_probe = tmp_path / "probe.py"
    new_probe.write_text("# another\n", encoding="utf-8")
    monkeypatch.setattr(loading, "PARTS", (new_probe, *loading.PARTS[1:]))
    assert cache.digest(team) != before


def test_digest_of_a_large_file_is_its_size_and_modification_time(team: Team) -> None:
    large = team.directory / "large.parquet"
    large.write_bytes(bytes(cache.LARGEST_READ_BYTES + 1))
    before = cache.digest(team)
    os.utime(large, (1, 1))
    assert cache.digest(team) != before


def test_digest_changes_with_a_file_behind_a_linked_folder(team: Team, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere/settings.py"
    file.write_text("A = 1\n", encoding="utf-8")
    (team.directory / "tea_project/linked").symlink_to(tmp_path / "elsewhere")
    before = cache.digest(team)
    file.write_text("A = 2\n", encoding="utf-8")
    assert cache.digest(team) != before


def test_digest_follows_links_in_a_circle_once(team: Team) -> None:
    for name in ("tea_project/up", "tea_project/self"):
        (team.directory / name).symlink_to(".." if name.endswith("up") else ".")
    (team.directory / "a").mkdir()
    (team.directory / "b").mkdir()
    (team.directory / "a/to_b").symlink_to("../b")
    (team.directory / "b/to_a").symlink_to("../a")
    before = cache.digest(team)
    assert cache.digest(team) == before
    write("b/new.py")(team)
    assert cache.digest(team) != before


def test_digest_reads_only_regular_files(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read a pipe would wait for ever, and a socket can't be opened."""
    before = cache.digest(team)
    os.mkfifo(team.directory / ".env")
    (team.directory / "null").symlink_to("/dev/zero")
    (team.directory / "gone").symlink_to("nowhere")
    monkeypatch.chdir(team.directory)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert cache.digest(team) != before


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_digest_survives_what_can_not_be_read(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    (team.directory / os.fsdecode(b"caf\xe9.txt")).write_text("x", encoding="utf-8")
    monkeypatch.setattr(loading, "PARTS", ())
    before = cache.digest(replace(team, python=Path("/none/bin/python")))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert cache.digest(replace(team, python=Path("/none/bin/python"))) != before


def test_digest_reads_a_limited_amount(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_READ_BYTES", 10)
    for name in "abc":
        write(name, "12345678")(team)
    before = cache.digest(team)
    os.utime(team.directory / "c", (1, 1))
    assert cache.digest(team) != before


def test_a_folder_of_too_many_files_is_never_cached(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_FILES", 2)
    assert cache.digest(team) != cache.digest(team)


def test_another_users_manifests_are_used(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of root or of a container: readable, but neither touched nor deleted."""
    key = cache.digest(team)
    loaded = cache.load(team, key)
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert cache.get(team, key) == loaded
    monkeypatch.setattr(cache, "MAX_PER_TEAM", 0)
    assert cache.load(team, key) == loaded
    cache.clear(team)
    monkeypatch.setattr(Path, "read_text", refuse)
    assert cache.get(team, key) is None


def test_get_returns_what_was_loaded(team: Team) -> None:
    key = cache.digest(team)
    assert cache.get(team, key) is None
    loaded = cache.load(team, key)
    assert isinstance(loaded, Manifest), loaded
    assert cache.get(team, key) == loaded
    assert cache.get(team, "0" * 64) is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"manifest": 1}'])
def test_get_ignores_a_damaged_manifest(team: Team, text: str) -> None:
    key = cache.digest(team)
    cache.load(team, key)
    (file,) = cache.FOLDER.iterdir()
    file.write_text(text, encoding="utf-8")
    assert cache.get(team, key) is None


def test_load_does_not_cache_a_failure(team: Team) -> None:
    (team.directory / "tea_project/definitions.py").write_text("1 / 0\n", encoding="utf-8")
    assert isinstance(cache.load(team, cache.digest(team)), Failure)
    assert not cache.FOLDER.exists()


def test_load_does_not_cache_if_a_file_was_saved_meanwhile(team: Team) -> None:
    key = cache.digest(team)
    (team.directory / "tea_project/definitions.py").write_text(
        CODE.replace("tea", "cup"), encoding="utf-8"
    )
    loaded = cache.load(team, key)
    assert isinstance(loaded, Manifest)
    assert cache.get(team, key) is None


def test_load_prints_a_note_if_the_cache_is_not_writable(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.FOLDER.write_text("in the way", encoding="utf-8")
    assert isinstance(cache.load(team, cache.digest(team)), Manifest)
    assert "note: the next check will load tea again" in capsys.readouterr().err


def test_load_deletes_only_this_teams_oldest_manifests(team: Team) -> None:
    other = replace(team, location="tea_project_two")
    cache.load(other, cache.digest(other))
    for number in range(cache.MAX_PER_TEAM + 3):
        shutil.copy(
            next(cache.FOLDER.glob("tea_project_two-*")), cache.FOLDER / cached_name(team, number)
        )
        os.utime(cache.FOLDER / cached_name(team, number), (number, number))
    cache.load(team, cache.digest(team))
    left = {file.name for file in cache.FOLDER.glob("tea_project-*")}
    assert len(left) == cache.MAX_PER_TEAM
    assert cached_name(team, cache.MAX_PER_TEAM + 2) in left
    assert cached_name(team, 0) not in left
    assert len([*cache.FOLDER.glob("tea_project_two-*")]) == 1


def cached_name(team: Team, number: int) -> str:
    return f"{team.location}-{number:032x}.json"
