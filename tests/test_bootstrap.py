"""Bootstrap: builds the tools' environment with Python and Git only, and enters it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from devkit import bootstrap
from devkit.core import pythons, stamps
from devkit.core.paths import TOOLS
from testing.support import (
    NO_NETWORK,
    Checkout,
    base_python,
    copy_repository,
    eventually,
    find_python,
    output_until_end,
    run,
    runs,
    small_disk,
    started,
)

PREPARING = "Preparing .venv-tools"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A fresh clone, in which nothing is built."""
    return copy_repository(tmp_path_factory.mktemp("fresh") / "clone")


@pytest.fixture(scope="module")
def first_calls(clone: Checkout) -> list[subprocess.CompletedProcess[str]]:
    """The results of two calls in a clone where an earlier call was killed half-way."""
    tools = clone.root / ".venv-tools"
    with started([base_python(), "tasks.py", "teams"], clone.root) as first:
        eventually((tools / "bin/python").exists, "the environment is half built")
        first.kill()  # only this process: its children go on for a while
        first.wait()
    assert not (tools / ".stamp").exists()
    return [clone.tasks("teams"), clone.tasks("teams")]


@pytest.fixture
def built(clone: Checkout, first_calls: list[subprocess.CompletedProcess[str]]) -> Checkout:
    """A clone whose tools are built."""
    assert first_calls[-1].returncode == 0
    return clone


@pytest.fixture(scope="module")
def other_invoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of invoke elsewhere, as pipx makes one."""
    folder = tmp_path_factory.mktemp("other")
    uv = TOOLS / "bin/uv"
    (folder / "invoke.txt").write_text(bootstrap.pins_of("invoke"), encoding="utf-8")
    for arguments in (
        ["venv", "--quiet", "--no-project", "--python", base_python(), "venv"],
        ["pip", "sync", "--quiet", "--python", "venv/bin/python", "invoke.txt"],
    ):
        done = run([uv, *arguments], folder)
        assert done.returncode == 0, done.stderr
    return folder / "venv/bin/invoke"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Checkout]:
    """A clone for one test whose tools can't be built; afterwards there must be no stamp."""
    copy = copy_repository(tmp_path / "clone")
    yield copy
    assert not (copy.root / ".venv-tools/.stamp").exists()


def test_the_call_after_a_killed_one_finishes_the_build(
    first_calls: list[subprocess.CompletedProcess[str]],
) -> None:
    second, _ = first_calls
    assert second.returncode == 0, second.stderr
    assert PREPARING in second.stderr
    assert "analytics_project" in second.stdout


def test_tools_that_are_built_are_not_built_again(
    first_calls: list[subprocess.CompletedProcess[str]],
) -> None:
    second, third = first_calls
    assert (third.stdout, third.stderr) == (second.stdout, "")


@pytest.mark.parametrize("folder", [".", "analytics_project"])
def test_any_invoke_from_any_folder_does_the_same_as_the_script(
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


def test_an_error_of_the_user_is_the_same_message_through_another_invoke(
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
    assert done.stdout.startswith("Every day:\n")
    assert "\n  check   Load all definitions and check the contracts between teams." in done.stdout


def test_the_callers_python_settings_do_not_leak_in(built: Checkout, tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text(
        "raise RuntimeError('imported from PYTHONPATH')\n", encoding="utf-8"
    )
    done = built.tasks("teams", env={"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", [".", "elsewhere"])
def test_nothing_is_imported_from_the_current_folder(
    built: Checkout, other_invoke: Path, folder: str
) -> None:
    here = built.root / folder
    here.mkdir(exist_ok=True)
    traps = [here / f"{name}.py" for name in ("yaml", "queue", "rich", "hashlib", "platform")]
    for trap in traps:
        trap.write_text("raise RuntimeError('imported from the current folder')\n", "utf-8")
    tasks = os.path.relpath(built.root / "tasks.py", here)
    try:
        for program in ([base_python(), tasks], [built.root / ".venv-tools/bin/python", tasks]):
            done = run([*program, "teams"], here)
            assert done.returncode == 0, done.stderr
        if folder != ".":  # another invoke imports what it needs before it comes to tasks.py
            done = run([other_invoke, "teams"], here)
            assert done.returncode == 0, done.stderr
    finally:
        for trap in traps:
            trap.unlink()


def test_the_users_settings_of_invoke_change_nothing(built: Checkout, tmp_path: Path) -> None:
    settings = "tasks:\n  collection_name: other\n  auto_dash_names: false\nrun:\n  dry: true\n"
    (tmp_path / ".invoke.yaml").write_text(settings, encoding="utf-8")
    env = {"HOME": str(tmp_path), "INVOKE_TASKS_COLLECTION_NAME": "other", "INVOKE_RUN_ECHO": "1"}
    done = built.tasks("new-team", "--help", env=env)
    assert done.returncode == 0, done.stderr
    assert built.tasks("teams", env=env).stdout == built.tasks("teams").stdout


def test_who_imports_tasks_py_goes_on(built: Checkout) -> None:
    code = "import sys; sys.path.insert(0, '.'); import devkit.bootstrap as b; b.enter(False)"
    done = run([base_python(), "-c", f"{code}; print('went on')"], built.root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")


def test_tools_whose_python_is_another_one_are_built_again(built: Checkout) -> None:
    stamp = built.root / ".venv-tools/.stamp"
    parts = stamps.read(stamp)
    stamps.write(stamp, {**parts, "python": "/usr/bin/python3.1"})
    done = built.tasks("teams")
    assert (done.returncode, PREPARING in done.stderr) == (0, True)
    assert stamps.read(stamp) == parts


def test_a_changed_lock_is_synced_once_by_calls_at_the_same_time(built: Checkout) -> None:
    config = built.root / ".venv-tools/pyvenv.cfg"
    before = config.stat().st_ino
    with built.tools_lock.open("a", encoding="utf-8") as lock:
        lock.write("# a comment\n")
    with ThreadPoolExecutor() as pool:
        calls = list(pool.map(lambda _: built.tasks("teams"), range(3)))
    assert [call.returncode for call in calls] == [0, 0, 0]
    assert sum(PREPARING in call.stderr for call in calls) == 1
    assert config.stat().st_ino == before, "it was built again"


def test_tools_in_a_moved_folder_are_built_again(built: Checkout) -> None:
    moved = built.root.with_name("moved")
    built.root.rename(moved)
    try:
        done = Checkout(moved).tasks("teams")
        assert (PREPARING in done.stderr, done.returncode) == (True, 0), done.stderr
        mypy = run([moved / ".venv-tools/bin/mypy", "--version"], moved)
        assert mypy.stdout.startswith("mypy")
    finally:
        moved.rename(built.root)


def message_of(done: subprocess.CompletedProcess[str]) -> str:
    """What is printed when the tools can't be built: one line, perhaps with pip's own cause."""
    assert done.returncode == 1
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if PREPARING not in line]
    assert all(line.startswith("  found:    ") for line in lines[1:2])
    assert len(lines) in (1, 2), lines
    return lines[0]


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.10"])
def test_too_old_a_python_is_one_line(bare: Checkout, version: str) -> None:
    old = find_python(version)
    message = message_of(run([old, "tasks.py", "dev"], bare.root))
    oldest, newest = pythons.OLDEST, pythons.NEWEST
    assert message.startswith(f"DagTeam needs Python {oldest} to {newest} and this is {version}.")
    assert f"`python{oldest} tasks.py setup`" in message
    assert not (bare.root / ".venv-tools").exists()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_an_error_that_names_its_package(
    bare: Checkout, module: str
) -> None:
    # As Debian's Python without python3-venv: the module is hidden from this machine's Python.
    code = (
        f"import runpy, sys; sys.modules[{module!r}] = None; sys.argv = ['tasks.py', 'dev']; "
        "runpy.run_path('tasks.py', run_name='__main__')"
    )
    done = run([base_python(), "-c", code], bare.root)
    first, second = done.stderr.splitlines()
    assert first.startswith("This Python has no venv module: install it")
    assert second.startswith("Python: 3.")
    assert done.returncode == 1


def test_no_network_is_one_line(bare: Checkout) -> None:
    message = message_of(bare.tasks("dev", env=NO_NETWORK))
    assert message.startswith("No network: the package index can't be reached.")


def test_a_full_disk_is_one_line(bare: Checkout) -> None:
    (bare.root / ".venv-tools").mkdir()
    with small_disk(bare.root / ".venv-tools"):
        assert message_of(bare.tasks("dev")).startswith("The disk is full")


def test_a_folder_that_cannot_be_written_is_one_line(bare: Checkout) -> None:
    (bare.root / ".venv-tools.lock").mkdir()  # not even root can write to it
    assert message_of(bare.tasks("dev")).startswith("Can't build .venv-tools: ")


def test_settings_of_pip_and_uv_that_install_elsewhere_do_not_count(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folders = {name: str(elsewhere) for name in ("target", "prefix", "root")}
    lines = ["[install]", "user = true", *(f"{name} = {path}" for name, path in folders.items())]
    (tmp_path / "pip.conf").write_text("\n".join(lines), encoding="utf-8")
    env = {f"PIP_{name.upper()}": path for name, path in folders.items()}
    env |= {"PIP_USER": "1", "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    env |= {"UV_RESOLUTION": "lowest", "UV_CONSTRAINT": "/no/such", "UV_REQUIRE_HASHES": "x"}
    done = copy_repository(tmp_path / "clone").tasks("teams", env=env)
    assert done.returncode == 0, done.stderr
    assert not elsewhere.exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_build_and_what_it_runs(bare: Checkout, sign: signal.Signals) -> None:
    with started([base_python(), "tasks.py", "teams"], bare.root) as process:
        eventually((bare.root / ".venv-tools/bin/python").exists, "the build has begun")
        eventually(psutil.Process(process.pid).children, "a program runs")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sign)  # to this process alone
        printed = output_until_end(process)
    assert process.returncode == 128 + sign, printed
    assert "Traceback" not in printed
    eventually(lambda: not any(runs(child.pid) for child in children), "they have ended")


def test_the_lock_pins_uv_with_hashes() -> None:
    lines = bootstrap.pins_of("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert len(lines) > 1


def test_the_tools_of_this_repository_are_fresh() -> None:
    assert bootstrap.is_fresh()
    assert shutil.which("uv", path=str(TOOLS / "bin"))


def test_the_python_of_this_machine_is_supported() -> None:
    bootstrap.check_python()


@pytest.mark.parametrize("version", [(3, 10, 9), (3, pythons.as_tuple(pythons.NEWEST)[1] + 1, 0)])
def test_a_python_outside_the_supported_ones_is_one_line(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr("sys.version_info", version)
    with pytest.raises(SystemExit) as raised:
        bootstrap.check_python()
    message = str(raised.value)
    shown = ".".join(map(str, version))
    assert message.startswith(
        f"DagTeam needs Python {pythons.OLDEST} to {pythons.NEWEST} and this is {shown} ("
    )
    assert len(message.splitlines()) == 1
