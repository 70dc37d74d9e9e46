"""File locks: held by one process, waited for by others, released by its end."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devkit.core import filelocks
from testing.support import devkit_script, eventually, output_until_end, run, started, written

HOLD = """
import sys, time
from pathlib import Path
from devkit.core import filelocks
with filelocks.hold(Path("lock"), lambda: None):
    Path("held").write_text("yes\\n", encoding="utf-8")
    while not Path("may-end").exists():
        time.sleep(0.02)
"""
WAIT = """
from pathlib import Path
from devkit.core import filelocks
with filelocks.hold(Path("lock"), lambda: Path("waits").write_text("yes\\n", encoding="utf-8")):
    print("got it")
"""


def unexpected_wait() -> None:
    pytest.fail("the lock was held")


def test_a_second_process_reports_that_it_waits_and_gets_the_lock_afterwards(
    tmp_path: Path,
) -> None:
    with started(devkit_script(HOLD), tmp_path) as holder:
        eventually(lambda: written(tmp_path / "held"), "the lock is held")
        assert filelocks.is_locked(tmp_path / "lock")
        with started(devkit_script(WAIT), tmp_path) as waiter:
            eventually(lambda: written(tmp_path / "waits"), "it waits")
            with pytest.raises(subprocess.TimeoutExpired):
                waiter.wait(timeout=0.5)
            (tmp_path / "may-end").touch()
            assert output_until_end(waiter) == "got it\n"
        holder.wait()
    assert not filelocks.is_locked(tmp_path / "lock")


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    with started(devkit_script(HOLD), tmp_path) as holder:
        eventually(lambda: written(tmp_path / "held"), "the lock is held")
        holder.kill()
        holder.wait()
    with filelocks.hold(tmp_path / "lock", unexpected_wait):
        pass


def test_a_child_that_inherits_the_descriptor_holds_the_lock_too(tmp_path: Path) -> None:
    code = "import time\nprint('ready', flush=True)\ntime.sleep(600)"
    with filelocks.hold(tmp_path / "lock", unexpected_wait) as lock:
        child = subprocess.Popen(
            [sys.executable, "-c", code], pass_fds=[lock.fileno()], stdout=subprocess.PIPE
        )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert filelocks.is_locked(tmp_path / "lock")
    finally:
        child.kill()
        child.communicate()
    assert not filelocks.is_locked(tmp_path / "lock")


def test_abandoned_ends_the_wait_of_other_threads(tmp_path: Path) -> None:
    waits = threading.Event()
    ends: list[type[BaseException]] = []

    def wait() -> None:
        try:
            with filelocks.hold(tmp_path / "lock", waits.set):
                pass
        except filelocks.AbandonedError as error:
            ends.append(type(error))

    with filelocks.hold(tmp_path / "lock", unexpected_wait):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(60)
        with filelocks.abandoned():
            thread.join(60)
        assert ends == [filelocks.AbandonedError]
    with filelocks.hold(tmp_path / "lock", unexpected_wait):  # a later one waits as usual
        pass


def test_the_text_of_a_locked_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1234\n", encoding="utf-8")
    with filelocks.hold(tmp_path / "lock", unexpected_wait) as file:
        file.seek(0)
        assert file.read() == "1234\n"


def test_a_missing_file_is_not_locked_and_not_created(tmp_path: Path) -> None:
    assert not filelocks.is_locked(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


def test_shared_locks_exclude_only_exclusive_ones(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with path.open(encoding="utf-8") as one, path.open(encoding="utf-8") as other:
        assert filelocks.try_lock(one, shared=True)
        assert filelocks.try_lock(other, shared=True)
        assert not filelocks.try_lock(other)


def test_bootstrap_can_import_it_without_any_package(tmp_path: Path) -> None:
    done = run([sys.executable, "-S", *devkit_script("import devkit.core.filelocks")[1:]], tmp_path)
    assert done.returncode == 0, done.stderr
