"""From Python and git to the tools' environment, and from any invoke into it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devkit import bootstrap
from testing.support import (
    NO_NETWORK,
    Checkout,
    base_python,
    copy_repository,
    eventually,
    find_python,
    run,
    said_until_its_end,
    small_disk,
    started,
)

PREPARING = "Preparing .venv-tools"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A fresh clone: nothing is built."""
    return copy_repository(tmp_path_factory.mktemp("fresh") / "clone")


@pytest.fixture(scope="module")
def first_calls(clone: Checkout) -> list[subprocess.CompletedProcess[str]]:
    """The first call was killed half-way; the results of the two calls after it."""
    tools = clone.root / ".venv-tools"
    with started([base_python(), "tasks.py", "teams"], clone.root) as first:
        eventually((tools / "bin/python").exists, "the environment is half there")
        first.kill()  # without its children, which go on for a while
        first.wait()
    assert not (tools / ".stamp").exists()
    return [clone.tasks("teams"), clone.tasks("teams")]


@pytest.fixture
def built(clone: Checkout, first_calls: list[subprocess.CompletedProcess[str]]) -> Checkout:
    """A clone with its tools."""
    assert first_calls[-1].returncode == 0
    return clone


@pytest.fixture(scope="module")
def other_invoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of invoke that has nothing to do with this repository."""
    folder = tmp_path_factory.mktemp("other")
    uv = bootstrap.TOOLS / "bin/uv"
    (folder / "invoke.txt").write_text(bootstrap.pins_of("invoke"))
    for arguments in (
        ["venv", "--quiet", "--no-project", "--python", base_python(), "venv"],
        ["pip", "sync", "--quiet", "--python", "venv/bin/python", "invoke.txt"],
    ):
        done = run([uv, *arguments], folder)
        assert done.returncode == 0, done.stderr
    return folder / "venv/bin/invoke"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Checkout]:
    """A clone of its own whose tools can't be built: nothing may be taken for built."""
    copy = copy_repository(tmp_path / "clone")
    yield copy
    assert not (copy.root / ".venv-tools/.stamp").exists()


def test_a_call_that_was_killed_half_way_is_mended_by_the_next(
    first_calls: list[subprocess.CompletedProcess[str]],
) -> None:
    second, _ = first_calls
    assert second.returncode == 0, second.stderr
    assert PREPARING in second.stderr
    assert "analytics_project" in second.stdout


def test_tools_that_are_there_are_not_made_again(
    first_calls: list[subprocess.CompletedProcess[str]],
) -> None:
    second, third = first_calls
    assert (third.stdout, third.stderr) == (second.stdout, "")


@pytest.mark.parametrize("folder", [".", "analytics_project"])
def test_any_invoke_from_any_folder_behaves_as_the_script(
    built: Checkout, other_invoke: Path, folder: str
) -> None:
    wanted = built.tasks("teams")
    for invoke in (other_invoke, built.root / ".venv-tools/bin/invoke"):
        done = run([invoke, "teams"], built.root / folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, wanted.stdout, "")


def test_arguments_reach_the_command_unchanged_through_another_invoke(
    built: Checkout, other_invoke: Path
) -> None:
    built.empty_locks()
    code = "import sys; print(sys.argv[1:]); sys.exit(7)"
    arguments = ["a  b", "", "--team", "$HOME", "--", 'quo"te']
    done = run(
        [other_invoke, "exec", "--team", "ml", "--", "python", "-c", code, *arguments], built.root
    )
    assert done.stdout.splitlines()[-1] == str(arguments), done.stderr
    assert done.returncode == 7


def test_an_error_of_the_user_is_one_message_in_both_ways(
    built: Checkout, other_invoke: Path
) -> None:
    wanted = built.tasks("check", "--team", "mll")
    done = run([other_invoke, "check", "--team", "mll"], built.root)
    assert (done.returncode, done.stderr) == (wanted.returncode, wanted.stderr)
    assert wanted.returncode == 1
    assert "did you mean 'ml'?" in wanted.stderr
    assert "Traceback" not in wanted.stderr


def test_no_command_lists_the_commands(built: Checkout) -> None:
    done = built.tasks()
    assert done.returncode == 0
    assert "Load every team's definitions" in done.stdout


def test_what_the_callers_shell_points_to_does_not_leak_in(built: Checkout, tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise RuntimeError('this is not the tools yaml')\n")
    done = built.tasks("teams", env={"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path)})
    assert done.returncode == 0, done.stderr


def test_a_changed_lock_is_synced_once_however_many_ask(built: Checkout) -> None:
    config = built.root / ".venv-tools/pyvenv.cfg"
    born = config.stat().st_ino
    with (built.root / "local_requirements.txt").open("a") as lock:
        lock.write("# a comment\n")
    with ThreadPoolExecutor() as pool:
        calls = list(pool.map(lambda _: built.tasks("teams"), range(3)))
    assert [call.returncode for call in calls] == [0, 0, 0]
    assert sum(PREPARING in call.stderr for call in calls) == 1
    assert config.stat().st_ino == born, "it was made anew"


def test_tools_in_a_folder_that_moved_are_made_anew(built: Checkout) -> None:
    moved = built.root.with_name("moved")
    built.root.rename(moved)
    try:
        done = Checkout(moved).tasks("teams")
        assert (PREPARING in done.stderr, done.returncode) == (True, 0), done.stderr
        mypy = run([moved / ".venv-tools/bin/mypy", "--version"], moved)
        assert mypy.stdout.startswith("mypy")
    finally:
        moved.rename(built.root)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that is said when the tools can't be made."""
    assert done.returncode == 1
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if PREPARING not in line]
    assert len(said) == 1, said
    return said[0]


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.10"])
def test_too_old_a_python_is_one_sentence(bare: Checkout, version: str) -> None:
    old = find_python(version)
    said = sentence(run([old, "tasks.py", "dev"], bare.root))
    assert said.startswith(f"DagTeam needs Python 3.11 or newer and this is {version}.")
    assert "`python3.11 tasks.py setup`" in said
    assert not (bare.root / ".venv-tools").exists()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_with_what_to_install(bare: Checkout, module: str) -> None:
    # Debian's Python without python3-venv, had by hiding the module from this machine's.
    code = (
        f"import runpy, sys; sys.modules[{module!r}] = None; sys.argv = ['tasks.py', 'dev']; "
        "runpy.run_path('tasks.py', run_name='__main__')"
    )
    done = run([base_python(), "-c", code], bare.root)
    first, second = done.stderr.splitlines()
    assert first.startswith("This Python has no venv module: install it")
    assert second.startswith("Python: 3.")
    assert done.returncode == 1


def test_no_network_is_one_sentence(bare: Checkout) -> None:
    said = sentence(bare.tasks("dev", env=NO_NETWORK))
    assert said.startswith("No network: the package index can't be reached.")


def test_a_full_disk_is_one_sentence(bare: Checkout) -> None:
    (bare.root / ".venv-tools").mkdir()
    with small_disk(bare.root / ".venv-tools"):
        assert sentence(bare.tasks("dev")).startswith("The disk is full")


def test_a_folder_that_cannot_be_written_is_one_sentence(bare: Checkout) -> None:
    (bare.root / ".venv-tools.lock").mkdir()  # not even root can write to that
    assert sentence(bare.tasks("dev")).startswith("Can't make .venv-tools: ")


def test_ctrl_c_while_the_tools_are_made_leaves_nothing_running(bare: Checkout) -> None:
    with started([base_python(), "tasks.py", "teams"], bare.root) as process:
        eventually((bare.root / ".venv-tools/bin/python").exists, "it is half-way")
        os.killpg(process.pid, signal.SIGINT)
        said = said_until_its_end(process)
    assert process.returncode == 130, said
    assert "Traceback" not in said


def test_the_lock_pins_uv_with_hashes() -> None:
    lines = bootstrap.pins_of("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert len(lines) > 1


def test_the_tools_of_this_repository_are_fresh() -> None:
    assert bootstrap.is_fresh()
    assert shutil.which("uv", path=str(bootstrap.TOOLS / "bin"))
