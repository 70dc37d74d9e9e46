"""Environments: rebuilt or synced when they are stale, otherwise left alone."""

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

from devkit.core import parallel, uv
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.environments import installed, venvs
from devkit.environments.venvs import Environment, build, build_stale, stale
from devkit.registry.team import Team
from testing.support import (
    NO_NETWORK,
    as_another_user,
    devkit_script,
    environment,
    eventually,
    find_python,
    output_until_end,
    run,
    small_disk,
    started,
    wheel,
    written,
)

# A package whose build writes a file when it begins, and waits for another file.
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
def tiny(tmp_path: Path) -> Environment:
    """An environment with one tiny package in its lock."""
    return environment(tmp_path / "project", wheel(tmp_path / "wheels", "tiny"))


def holds(target: Environment) -> dict[str, str]:
    """The packages in an environment, as its own Python reports them."""
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.name: d.version for d in m.distributions()}))"
    )
    done = run([target.python, "-P", "-c", code], target.path)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_an_environment_that_was_never_built_is_built_from_its_lock(tiny: Environment) -> None:
    assert stale(tiny) == "not built yet"
    assert build(tiny) == "built: not built yet"
    assert holds(tiny) == {"tiny": "1.0"}
    assert stale(tiny) is None


def test_nothing_to_do_starts_no_process(
    tiny: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tiny)

    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert build(tiny) == "up to date"
    assert build_stale([tiny]) == []


def test_a_changed_lock_is_synced_into_the_existing_environment(
    tiny: Environment, tmp_path: Path
) -> None:
    build(tiny)
    before = (tiny.path / "pyvenv.cfg").stat()
    lock = wheel(tmp_path / "wheels", "other") + wheel(tmp_path / "wheels", "tiny", "2.0")
    tiny.lock.write_text(lock.replace("--no-index\n", "", 1), encoding="utf-8")
    assert build(tiny) == "built: its lock changed"
    assert holds(tiny) == {"tiny": "2.0", "other": "1.0"}
    assert (tiny.path / "pyvenv.cfg").stat().st_ino == before.st_ino, "it was built again"


def test_a_changed_pyproject_is_noticed(tiny: Environment) -> None:
    build(tiny)
    (tiny.projects[0] / "pyproject.toml").write_text(
        "[project]\nname = 'project'\n", encoding="utf-8"
    )
    assert build(tiny) == "built: a pyproject.toml changed"
    assert stale(tiny) is None


def test_a_package_installed_by_hand_is_removed_when_the_lock_changes(
    tiny: Environment, tmp_path: Path
) -> None:
    build(tiny)
    by_hand = tiny.projects[0] / "by-hand.txt"
    by_hand.write_text(wheel(tmp_path / "wheels", "extra"), encoding="utf-8")
    venvs.run_uv(
        tiny, "pip", "install", "--quiet", "--python", str(tiny.python), "-r", str(by_hand)
    )
    assert "extra" in holds(tiny)
    tiny.lock.write_text(tiny.lock.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    build(tiny)
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_of_another_python_is_built_again(tiny: Environment) -> None:
    other = find_python("3.12", "3.13", "3.10")
    build(tiny)
    stamp = (tiny.path / venvs.STAMP).read_text(encoding="utf-8")
    shutil.rmtree(tiny.path)
    subprocess.run([other, "-m", "venv", "--without-pip", tiny.path], check=True)
    (tiny.path / venvs.STAMP).write_text(stamp, encoding="utf-8")
    assert build(tiny) == "built: pyvenv.cfg was changed by another tool"
    ours = run([tiny.python, "-c", "import sys; print(sys.base_prefix)"], tiny.path)
    assert ours.stdout.strip() == sys.base_prefix
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_that_venv_has_overwritten_is_built_again(tiny: Environment) -> None:
    build(tiny)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tiny.path], check=True)
    assert stale(tiny) == "pyvenv.cfg was changed by another tool"
    build(tiny)
    assert stale(tiny) is None


@pytest.mark.parametrize("beside", [None, "", "pid 1\n"])
def test_an_environment_that_somebody_else_created_is_kept(
    tiny: Environment, beside: str | None
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tiny.path], check=True)
    if beside is not None:
        Path(f"{tiny.path}.lock").write_text(beside, encoding="utf-8")
    (tiny.path / "precious").touch()
    assert stale(tiny) == "it was not built by `invoke setup`"
    for again in (False, True):
        with pytest.raises(DevkitError, match="which would delete what is in it") as raised:
            build(tiny, again=again)
    assert f"`rm -r {tiny.path}`, then `invoke setup`" in str(raised.value)
    assert (tiny.path / "precious").exists()
    shutil.rmtree(tiny.path)
    tiny.path.mkdir()  # the mount point of a volume
    assert build(tiny) == "built: its Python no longer exists"


@pytest.mark.parametrize("removed", [".stamp", "bin/python", "pyvenv.cfg", "lib"])
def test_an_environment_of_ours_is_built_again_whatever_it_lacks(
    tiny: Environment, removed: str
) -> None:
    build(tiny)
    (tiny.path / ".stamp").unlink()
    path = tiny.path / removed
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    assert build(tiny).startswith("built: ")
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_whose_python_became_another_version_is_built_again(
    tiny: Environment, tmp_path: Path
) -> None:
    build(tiny)
    upgraded = tmp_path / "python3.10"
    upgraded.symlink_to("/bin/true")
    link = tiny.path / "bin" / "python"
    link.unlink()
    link.symlink_to(tmp_path / "python3.10")
    assert stale(tiny) is None  # what is not named after a version tells nothing
    upgraded.unlink()
    upgraded.touch()
    assert build(tiny) == "built: its Python is another version now"
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_of_another_python_than_the_tools_is_stale(tiny: Environment) -> None:
    build(tiny)
    stamp = tiny.path / venvs.STAMP
    found = json.loads(stamp.read_text(encoding="utf-8")) | {"python": "3.10 /opt/python"}
    stamp.write_text(json.dumps(found), encoding="utf-8")
    assert stale(tiny) == "it was built with another Python"


def test_an_environment_whose_python_no_longer_exists_is_built_again(tiny: Environment) -> None:
    build(tiny)
    (tiny.path / "bin/python").unlink()
    (tiny.path / "bin/python").symlink_to(tiny.path / "no-such-python")
    assert build(tiny) == "built: its Python no longer exists"
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_in_a_moved_folder_is_built_again(tiny: Environment, tmp_path: Path) -> None:
    build(tiny)
    (tmp_path / "project").rename(tmp_path / "moved")
    moved = replace(
        tiny,
        path=tmp_path / "moved" / tiny.path.name,
        lock=tmp_path / "moved/lock.txt",
        projects=(tmp_path / "moved",),
    )
    assert build(moved) == "built: it was built in another folder"
    assert holds(moved) == {"tiny": "1.0"}


def test_an_environment_has_the_python_that_its_project_requires(
    tiny: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{find_python('3.12').parent}{os.pathsep}{os.environ['PATH']}")
    project = tiny.projects[0] / "pyproject.toml"
    project.write_text(
        '[project]\nname = "project"\nrequires-python = "==3.12.*"\n', encoding="utf-8"
    )
    build(tiny)
    asked = run([tiny.python, "-c", "import sys; print(sys.version_info[:2])"], tiny.path)
    assert asked.stdout.strip() == "(3, 12)"
    assert stale(tiny) is None


def test_an_environment_whose_project_requires_another_python_is_built_again(
    tiny: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tiny)
    monkeypatch.setenv("PATH", f"{find_python('3.12').parent}{os.pathsep}{os.environ['PATH']}")
    project = tiny.projects[0] / "pyproject.toml"
    project.write_text(
        '[project]\nname = "project"\nrequires-python = "==3.12.*"\n', encoding="utf-8"
    )
    assert build(tiny) == "built: a pyproject.toml changed"
    asked = run([tiny.python, "-c", "import sys; print(sys.version_info[:2])"], tiny.path)
    assert asked.stdout.strip() == "(3, 12)"


def slow_environment(tmp_path: Path) -> tuple[Environment, Path]:
    """An environment whose build waits for a file, and the folder of that file."""
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "pyproject.toml").write_text(SLOW_PROJECT, encoding="utf-8")
    (slow / "backend.py").write_text(SLOW_BACKEND, encoding="utf-8")
    return environment(tmp_path / "project", f"-e {slow}\n"), slow


def build_elsewhere(target: Environment) -> list[str]:
    """The command that builds this environment in another process."""
    return devkit_script(
        "from pathlib import Path, PosixPath\n"
        "from devkit.environments.venvs import Environment, build\n"
        f"print(build({target!r}))"
    )


def test_a_killed_build_is_repeated_once_its_programs_have_ended(
    tmp_path: Path,
) -> None:
    target, slow = slow_environment(tmp_path)
    with started(build_elsewhere(target), tmp_path) as builder:
        eventually(lambda: written(slow / "began"), "the build has begun")
        builder.send_signal(signal.SIGKILL)
        builder.wait()
    assert target.python.exists()
    assert stale(target) == "the last build did not finish"
    # uv outlives its killed parent and still fills the environment: the next build waits for it.
    target.lock.write_text(wheel(tmp_path / "wheels", "tiny"), encoding="utf-8")
    with (
        started(build_elsewhere(target), tmp_path) as builder,
        pytest.raises(subprocess.TimeoutExpired),
    ):
        builder.wait(timeout=1)
    (slow / "may-end").touch()
    assert build(target) == "built: the last build did not finish"
    assert holds(target) == {"tiny": "1.0"}


def test_two_builds_at_once_do_not_collide(tiny: Environment, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: run(build_elsewhere(tiny), tmp_path), range(2)))
    results = sorted(done.stdout.strip() for done in both)
    assert results == ["built: not built yet", "up to date"], [done.stderr for done in both]
    assert holds(tiny) == {"tiny": "1.0"}


def test_an_environment_that_fails_is_named_and_the_others_are_built(
    tiny: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad_lock = tiny.lock.read_text(encoding="utf-8").replace("sha256:", "sha256:00", 1)[:-3] + "\n"
    bad = environment(tmp_path / "bad", bad_lock, name="bad")
    also = environment(tmp_path / "also", name="also")
    with pytest.raises(DevkitError, match=r"^1 of 3 failed: bad$"):
        parallel.require(build_stale([bad, tiny, also]))
    assert stale(tiny) is None
    assert stale(also) is None
    assert stale(bad) == "the last build did not finish"
    printed = capsys.readouterr().out
    assert "FAILED  bad      the environment of bad can't be built" in printed
    assert "ok      also     built: not built yet" in printed


def test_a_failed_sync_is_repeated_the_next_time(tiny: Environment) -> None:
    build(tiny)
    good = tiny.lock.read_text(encoding="utf-8")
    tiny.lock.write_text(good.replace("tiny==1.0", "tiny==9.9"), encoding="utf-8")
    with pytest.raises(DevkitError):
        build(tiny)
    tiny.lock.write_text(good, encoding="utf-8")
    assert build(tiny) == "built: the last build did not finish"


def refusal(target: Environment) -> str:
    """The hint in the error for an environment that can't be built, and no more than its cause."""
    with pytest.raises(DevkitError) as raised:
        build(target)
    title, *hint = str(raised.value).splitlines()
    assert title == f"the environment of {target.name} can't be built"
    assert len(hint) == 2, hint
    assert hint[1].startswith("  found:    ")
    return hint[0]


def test_no_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    hint = refusal(environment(tmp_path / "project", UNREACHABLE))
    assert hint.startswith("No network: the package index can't be reached.")


def test_another_package_than_the_lock_names_is_one_line(tiny: Environment) -> None:
    head, _, digest = tiny.lock.read_text(encoding="utf-8").partition("sha256:")
    tiny.lock.write_text(f"{head}sha256:{'0' * 64}\n", encoding="utf-8")
    assert digest.strip() != "0" * 64
    assert refusal(tiny).startswith(
        "Hash mismatch: a downloaded package is not the one in the lock"
    )
    assert holds(tiny) == {}


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    lock = wheel(tmp_path / "wheels", "large", extra_bytes=4_000_000)
    large = replace(environment(tmp_path / "project", lock), path=disk / ".venv-project")
    with small_disk(disk):
        assert refusal(large).startswith("The disk is full")
        with (
            (disk / "filler").open("wb", buffering=0) as filler,
            pytest.raises(OSError, match="28"),
        ):
            while True:
                filler.write(b"x" * 4096)
        assert refusal(large).startswith("The disk is full")


@pytest.mark.parametrize("words", ["No space left on device (os error 28)", "os error 122"])
def test_uvs_message_for_a_full_disk_is_recognized(
    tiny: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    stub = tmp_path / "tools/bin/uv"
    stub.parent.mkdir(parents=True)
    stub.write_text(
        f"#!/bin/sh\necho 'error: failed to copy a file\n  cause: {words}' >&2\nexit 2\n",
        encoding="utf-8",
    )
    stub.chmod(0o755)
    monkeypatch.setattr(uv, "PROGRAM", stub)
    assert refusal(tiny).startswith("The disk is full")


def test_a_folder_of_another_user_is_one_line(tiny: Environment) -> None:
    tiny.path.parent.chmod(0o555)
    with as_another_user():
        assert refusal(tiny).startswith("Permission denied: check who owns")


def test_an_unknown_failure_is_reported_as_uv_prints_it(tmp_path: Path) -> None:
    with pytest.raises(DevkitError) as raised:
        build(environment(tmp_path / "project", "tiny = = 1\n"))
    assert "lock.txt" in str(raised.value)


def test_a_missing_lock_is_an_error_with_the_command_that_creates_it(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    team = teams["ml"]
    missing = replace(
        venvs.team_environment(team),
        path=tmp_path / ".venv-project",
        lock=team.directory / "no_requirements.txt",
    )
    with pytest.raises(DevkitError, match="has no lock") as raised:
        build(missing)
    assert "invoke lock --team ml" in str(raised.value)


def test_the_callers_python_settings_do_not_reach_uv(
    tiny: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "another"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "another"))
    build(tiny)
    assert not (tmp_path / "another").exists()


def test_conflicts_are_reported_as_uv_prints_them(tiny: Environment) -> None:
    build(tiny)
    assert installed.conflicts(tiny.python) is None
    metadata = next(tiny.path.glob("lib/python*/site-packages/tiny-1.0.dist-info/METADATA"))
    text = metadata.read_text(encoding="utf-8")
    metadata.unlink()  # it may be a link into uv's cache
    metadata.write_text(f"{text}Requires-Dist: sugar>=2\n", encoding="utf-8")
    assert "sugar" in (installed.conflicts(tiny.python) or "")


@pytest.mark.parametrize("missing", ["pandas", "humanize", "numpy"])
def test_the_orchestrator_has_no_package_of_a_team(missing: str) -> None:
    orchestrator = venvs.orchestrator_environment()
    names = {
        line.partition("==")[0]
        for line in orchestrator.lock.read_text(encoding="utf-8").splitlines()
    }
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
    for target in venvs.every_environment(teams.values()):
        assert stale(target) is None, target.name
        assert target.lock.is_relative_to(ROOT)


def test_a_build_that_is_stopped_leaves_nothing_running(tmp_path: Path) -> None:
    target, slow = slow_environment(tmp_path)
    with started(build_elsewhere(target), tmp_path) as builder:
        eventually(lambda: written(slow / "began"), "the build has begun")
        builder.send_signal(signal.SIGINT)
        output_until_end(builder)
    for process in psutil.process_iter(["cmdline"]):
        assert str(tmp_path) not in str(process.info["cmdline"])
