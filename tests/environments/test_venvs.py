"""Environments: noticed when they are not what their lock says, and mended; else untouched."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.environments import venvs
from devkit.environments.venvs import Environment, build, ensure, stale
from devkit.registry.workspace import Team
from testing.support import (
    NO_NETWORK,
    as_somebody_else,
    devkit_script,
    environment,
    eventually,
    find_python,
    run,
    said_until_its_end,
    small_disk,
    started,
    wheel,
    written,
)

# A package whose build says that it began and goes on when it may.
SLOW_BACKEND = """
import pathlib, time

here = pathlib.Path(__file__).parent

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    (here / "began").write_text("yes\\n")
    while not (here / "may-end").exists():
        time.sleep(0.02)
    raise SystemExit("this build ends badly")
"""
SLOW_PROJECT = """
[project]
name = "slow"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
UNREACHABLE = f"iniconfig==2.3.0 --hash=sha256:{'0' * 64}\n"


@pytest.fixture
def room(tmp_path: Path) -> Environment:
    """An environment that holds one tiny package."""
    return environment(tmp_path / "room", wheel(tmp_path / "wheels", "tiny"))


def holds(made: Environment) -> dict[str, str]:
    """The packages in an environment, asked of its own Python."""
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.name: d.version for d in m.distributions()}))"
    )
    done = run([made.python, "-P", "-c", code], made.path)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_one_that_was_never_built_is_built_from_its_lock(room: Environment) -> None:
    assert stale(room) == "it was not there"
    assert build(room) == "built: it was not there"
    assert holds(room) == {"tiny": "1.0"}
    assert stale(room) is None


def test_nothing_to_do_starts_no_process(
    room: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(room)

    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert build(room) == "up to date"
    assert ensure([room]) == []


def test_a_changed_lock_is_synced_into_the_environment_that_is_there(
    room: Environment, tmp_path: Path
) -> None:
    build(room)
    born = (room.path / "pyvenv.cfg").stat()
    lock = wheel(tmp_path / "wheels", "other") + wheel(tmp_path / "wheels", "tiny", "2.0")
    room.lock.write_text(lock.replace("--no-index\n", "", 1))
    assert build(room) == "built: its lock changed"
    assert holds(room) == {"tiny": "2.0", "other": "1.0"}
    assert (room.path / "pyvenv.cfg").stat().st_ino == born.st_ino, "it was made anew"


def test_a_changed_pyproject_is_noticed(room: Environment) -> None:
    build(room)
    (room.projects[0] / "pyproject.toml").write_text("[project]\nname = 'room'\n")
    assert build(room) == "built: a pyproject.toml changed"
    assert stale(room) is None


def test_what_somebody_installed_by_hand_goes_when_the_lock_changes(
    room: Environment, tmp_path: Path
) -> None:
    build(room)
    by_hand = room.projects[0] / "by-hand.txt"
    by_hand.write_text(wheel(tmp_path / "wheels", "extra"))
    venvs.uv(room, "pip", "install", "--quiet", "--python", str(room.python), "-r", str(by_hand))
    assert "extra" in holds(room)
    room.lock.write_text(room.lock.read_text() + "# a comment\n")
    build(room)
    assert holds(room) == {"tiny": "1.0"}


def test_one_that_another_python_made_is_made_anew(room: Environment) -> None:
    other = find_python("3.12", "3.13", "3.10")
    build(room)
    stamp = (room.path / venvs.STAMP).read_text()
    shutil.rmtree(room.path)
    subprocess.run([other, "-m", "venv", "--without-pip", room.path], check=True)
    (room.path / venvs.STAMP).write_text(stamp)
    assert build(room) == "built: it was made by something else"
    ours = run([room.python, "-c", "import sys; print(sys.base_prefix)"], room.path)
    assert ours.stdout.strip() == sys.base_prefix
    assert holds(room) == {"tiny": "1.0"}


def test_one_made_by_hand_over_it_is_made_anew(room: Environment) -> None:
    build(room)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", room.path], check=True)
    assert stale(room) == "it was made by something else"
    build(room)
    assert stale(room) is None


def test_one_made_by_hand_where_there_was_none_is_made_anew(room: Environment) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", room.path], check=True)
    assert build(room) == "built: it was never finished"
    assert holds(room) == {"tiny": "1.0"}


def test_one_whose_python_is_another_than_the_tools_is_noticed(room: Environment) -> None:
    build(room)
    stamp = room.path / venvs.STAMP
    found = json.loads(stamp.read_text()) | {"python": "3.10 /opt/python"}
    stamp.write_text(json.dumps(found))
    assert stale(room) == "it was made by another Python"


def test_one_whose_python_is_gone_is_made_anew(room: Environment) -> None:
    build(room)
    (room.path / "bin/python").unlink()
    (room.path / "bin/python").symlink_to(room.path / "no-such-python")
    assert build(room) == "built: its Python is gone"
    assert holds(room) == {"tiny": "1.0"}


def test_one_in_a_folder_that_moved_is_made_anew(room: Environment, tmp_path: Path) -> None:
    build(room)
    (tmp_path / "room").rename(tmp_path / "moved")
    moved = replace(
        room,
        path=tmp_path / "moved" / room.path.name,
        lock=tmp_path / "moved/lock.txt",
        projects=(tmp_path / "moved",),
    )
    assert build(moved) == "built: it was made in another folder"
    assert holds(moved) == {"tiny": "1.0"}


def test_a_room_whose_project_wants_another_python_gets_it(
    room: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{find_python('3.12').parent}{os.pathsep}{os.environ['PATH']}")
    project = room.projects[0] / "pyproject.toml"
    project.write_text('[project]\nname = "room"\nrequires-python = "==3.12.*"\n')
    build(room)
    asked = run([room.python, "-c", "import sys; print(sys.version_info[:2])"], room.path)
    assert asked.stdout.strip() == "(3, 12)"
    assert stale(room) is None


def test_a_room_whose_project_moves_to_another_python_is_made_anew(
    room: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(room)
    monkeypatch.setenv("PATH", f"{find_python('3.12').parent}{os.pathsep}{os.environ['PATH']}")
    project = room.projects[0] / "pyproject.toml"
    project.write_text('[project]\nname = "room"\nrequires-python = "==3.12.*"\n')
    assert build(room) == "built: a pyproject.toml changed"
    asked = run([room.python, "-c", "import sys; print(sys.version_info[:2])"], room.path)
    assert asked.stdout.strip() == "(3, 12)"


def slow_room(tmp_path: Path) -> tuple[Environment, Path]:
    """An environment whose build takes until a file is there, and the folder of that file."""
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "pyproject.toml").write_text(SLOW_PROJECT)
    (slow / "backend.py").write_text(SLOW_BACKEND)
    return environment(tmp_path / "room", f"-e {slow}\n"), slow


def build_elsewhere(room: Environment) -> list[str]:
    """The command that builds this environment in another process."""
    return devkit_script(
        "from pathlib import Path, PosixPath\n"
        "from devkit.environments.venvs import Environment, build\n"
        f"print(build({room!r}))"
    )


def test_a_build_that_was_killed_half_way_is_mended_once_nothing_of_it_runs(
    tmp_path: Path,
) -> None:
    room, slow = slow_room(tmp_path)
    with started(build_elsewhere(room), tmp_path) as builder:
        eventually(lambda: written(slow / "began"), "it is half-way")
        builder.send_signal(signal.SIGKILL)
        builder.wait()
    assert room.python.exists()
    assert stale(room) == "it was never finished"
    # uv outlives its starter and still fills the environment: the next build waits for it.
    room.lock.write_text(wheel(tmp_path / "wheels", "tiny"))
    with (
        started(build_elsewhere(room), tmp_path) as builder,
        pytest.raises(subprocess.TimeoutExpired),
    ):
        builder.wait(timeout=1)
    (slow / "may-end").touch()
    assert build(room) == "built: it was never finished"
    assert holds(room) == {"tiny": "1.0"}


def test_two_builds_at_once_do_not_collide(room: Environment, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: run(build_elsewhere(room), tmp_path), range(2)))
    said = sorted(done.stdout.strip() for done in both)
    assert said == ["built: it was not there", "up to date"], [done.stderr for done in both]
    assert holds(room) == {"tiny": "1.0"}


def test_one_that_fails_is_named_and_the_others_are_built(
    room: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad_lock = room.lock.read_text().replace("sha256:", "sha256:00", 1)[:-3] + "\n"
    bad = environment(tmp_path / "bad", bad_lock, name="bad")
    also = environment(tmp_path / "also", name="also")
    with pytest.raises(DevkitError, match=r"^1 of 3 failed: bad$"):
        parallel.require(ensure([bad, room, also]))
    assert stale(room) is None
    assert stale(also) is None
    assert stale(bad) == "it was never finished"
    said = capsys.readouterr().out
    assert "FAILED  bad   the environment of bad can't be built" in said
    assert "ok      also  built: it was not there" in said


def test_a_failed_refresh_is_tried_again_the_next_time(room: Environment) -> None:
    build(room)
    good = room.lock.read_text()
    room.lock.write_text(good.replace("tiny==1.0", "tiny==9.9"))
    with pytest.raises(DevkitError):
        build(room)
    room.lock.write_text(good)
    assert build(room) == "built: it was never finished"


def refusal(room: Environment) -> str:
    """What is said about an environment that can't be built: its name, then one line."""
    with pytest.raises(DevkitError) as raised:
        build(room)
    title, *sentence = str(raised.value.message).splitlines()
    assert title == f"the environment of {room.name} can't be built"
    assert len(sentence) == 1, sentence
    return sentence[0]


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    said = refusal(environment(tmp_path / "room", UNREACHABLE))
    assert said.startswith("No network: the package index can't be reached.")


def test_another_package_than_the_lock_names_is_one_sentence(room: Environment) -> None:
    head, _, digest = room.lock.read_text().partition("sha256:")
    room.lock.write_text(f"{head}sha256:{'0' * 64}\n")
    assert digest.strip() != "0" * 64
    assert "not the one that the lock names" in refusal(room)
    assert holds(room) == {}


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    lock = wheel(tmp_path / "wheels", "large", extra_bytes=4_000_000)
    room = replace(environment(tmp_path / "room", lock), path=disk / ".venv-room")
    with small_disk(disk):
        assert refusal(room).startswith("The disk is full")
        with (
            (disk / "filler").open("wb", buffering=0) as filler,
            pytest.raises(OSError, match="28"),
        ):
            while True:
                filler.write(b"x" * 4096)
        assert refusal(room).startswith("The disk is full")


@pytest.mark.parametrize("words", ["No space left on device (os error 28)", "os error 122"])
def test_what_uv_says_of_a_full_disk_is_understood_where_no_disk_can_be_filled(
    room: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    stub = tmp_path / "tools/bin/uv"
    stub.parent.mkdir(parents=True)
    stub.write_text(
        f"#!/bin/sh\necho 'error: failed to copy a file\n  cause: {words}' >&2\nexit 2\n"
    )
    stub.chmod(0o755)
    monkeypatch.setattr(venvs, "TOOLS", tmp_path / "tools")
    assert refusal(room).startswith("The disk is full")


def test_a_folder_of_somebody_else_is_one_sentence(room: Environment) -> None:
    room.path.parent.chmod(0o555)
    with as_somebody_else():
        assert refusal(room).startswith("This user may not write there")


def test_the_unexpected_is_told_in_uvs_words(tmp_path: Path) -> None:
    with pytest.raises(DevkitError) as raised:
        build(environment(tmp_path / "room", "tiny = = 1\n"))
    assert "lock.txt" in str(raised.value.message)


def test_no_lock_says_how_to_make_one(teams: dict[str, Team], tmp_path: Path) -> None:
    team = teams["ml"]
    missing = replace(
        venvs.team_environment(team),
        path=tmp_path / ".venv-room",
        lock=team.directory / "no_requirements.txt",
    )
    with pytest.raises(DevkitError, match="has no lock") as raised:
        build(missing)
    assert "invoke lock --team ml" in str(raised.value.message)


def test_the_callers_python_settings_do_not_reach_uv(
    room: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "another"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "another"))
    build(room)
    assert not (tmp_path / "another").exists()


def test_conflicts_are_told_in_uvs_words(room: Environment) -> None:
    build(room)
    assert venvs.conflicts(room) is None
    metadata = next(room.path.glob("lib/python*/site-packages/tiny-1.0.dist-info/METADATA"))
    text = metadata.read_text()
    metadata.unlink()  # it may be a link into uv's cache
    metadata.write_text(f"{text}Requires-Dist: sugar>=2\n")
    assert "sugar" in (venvs.conflicts(room) or "")


@pytest.mark.parametrize("missing", ["pandas", "scikit-learn", "numpy"])
def test_the_orchestrator_holds_nothing_of_a_team(missing: str) -> None:
    orchestrator = venvs.orchestrator_environment()
    names = {line.partition("==")[0] for line in orchestrator.lock.read_text().splitlines()}
    assert {"dagster", "dagster-webserver"} <= names
    assert missing not in names
    assert missing not in holds(orchestrator)
    assert "dagster" in holds(orchestrator)


def test_each_teams_environment_holds_that_teams_packages_and_the_shared_one(
    teams: dict[str, Team],
) -> None:
    for team in teams.values():
        held = holds(venvs.team_environment(team))
        assert {
            "dagteam-utils",
            "dagster-webserver",
            "pytest",
            f"{team.name}-project",
        } <= held.keys()
        others = {f"{other.name}-project" for other in teams.values() if other != team}
        assert not others & held.keys()


def test_every_environment_of_this_repository_is_up_to_date(teams: dict[str, Team]) -> None:
    for each in venvs.every_environment(teams.values()):
        assert stale(each) is None, each.name
        assert each.lock.is_relative_to(ROOT)


def test_a_build_that_is_stopped_leaves_nothing_running(tmp_path: Path) -> None:
    room, slow = slow_room(tmp_path)
    with started(build_elsewhere(room), tmp_path) as builder:
        eventually(lambda: written(slow / "began"), "it is half-way")
        builder.send_signal(signal.SIGINT)
        said_until_its_end(builder)
    for process in psutil.process_iter(["cmdline"]):
        assert str(tmp_path) not in str(process.info["cmdline"])
