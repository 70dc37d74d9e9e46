"""How `invoke dev` starts and ends, with a real platform for each test."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from devkit.core.paths import ROOT
from testing.platform import (
    ALL_LOADED,
    LONG_JOB,
    ONE_NOT_LOADED,
    dev,
    launch,
    load_errors,
    status,
    until,
)
from testing.support import Checkout, run, small_disk


@pytest.mark.parametrize("state", ["full", "read-only"])
def test_dev_reports_a_dagster_home_that_is_not_writable(
    copy: Checkout, tmp_path: Path, state: str
) -> None:
    with small_disk(tmp_path):
        if state == "full":
            with suppress(OSError), (tmp_path / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        else:
            run(["mount", "-o", "remount,ro", tmp_path], ROOT)
        done = copy.tasks("dev", env={"DAGSTER_HOME": str(tmp_path)})
    assert done.returncode == 1
    first, *_ = done.stderr.splitlines()
    assert "DAGSTER_HOME" in first
    assert ("disk is full" if state == "full" else "Read-only file system") in done.stderr
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_team_loads_one_team_and_upstream_its_producers_too(copy: Checkout, tmp_path: Path) -> None:
    with dev(tmp_path / "one", "--team", "ml", root=copy.root) as running:
        running.wait_for("1 of 1 locations loaded")
        assert set(load_errors(running)) == {"ml_project"}
    with dev(tmp_path / "two", "--team", "ml", "--upstream", root=copy.root) as running:
        running.wait_for("2 of 2 locations loaded")


def test_a_team_that_cannot_be_built_leaves_the_others_running_and_can_be_fixed(
    copy: Checkout, tmp_path: Path
) -> None:
    lock = copy.root / "ml_project" / "local_requirements.txt"
    text = lock.read_text(encoding="utf-8")
    try:
        lock.write_text(
            text + "no-such-package-of-dagteam==1.0 --hash=sha256:" + "0" * 64 + "\n",
            encoding="utf-8",
        )
        with dev(tmp_path / "home", root=copy.root) as running:
            running.wait_for(ONE_NOT_LOADED)
            assert re.search(r"ml_project +\| the environment of ml can't be built", running.text)
            assert "; not loaded: ml_project" in running.text
            lock.write_text(text, encoding="utf-8")
            running.wait_for("ml_project        | loaded")
            assert load_errors(running) == {"analytics_project": None, "ml_project": None}
    finally:
        lock.write_text(text, encoding="utf-8")
        assert copy.tasks("setup").returncode == 0


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_everything(
    copy: Checkout, tmp_path: Path, sign: signal.Signals, code: int
) -> None:
    with dev(tmp_path / "home", root=copy.root) as running:
        running.wait_for("ready: ")
        assert running.stop(sign, seconds=12) == code
        assert running.left_over() == []


def test_ctrl_c_ends_a_platform_that_a_script_started_in_the_background(
    copy: Checkout, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    script = (
        f"DAGSTER_HOME={home} {sys.executable} tasks.py dev > {tmp_path}/log 2>&1 & echo $!; wait"
    )
    with subprocess.Popen(
        ["/bin/sh", "-c", script], cwd=copy.root, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout
        pid = int(shell.stdout.readline())
        try:
            until(
                lambda: "ready: " in (tmp_path / "log").read_text(encoding="utf-8") or None,
                60,
                "it is ready",
            )
            os.kill(pid, signal.SIGINT)
            shell.wait(15)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_kill_ends_everything_and_the_next_start_fails_the_lost_run(
    copy: Checkout, tmp_path: Path
) -> None:
    assets = copy.root / "ml_project/ml_project/defs/long.py"
    assets.write_text(
        "import dagster as dg\n" + LONG_JOB.replace("TEST_FOLDER", "DAGSTER_HOME"), encoding="utf-8"
    )
    home = tmp_path / "home"
    try:
        with dev(home, root=copy.root) as running:
            running.wait_for(ALL_LOADED)
            lost = launch(running, "long_job", "ml_project")
            until(lambda: (home / "began").exists() or None, 60, "the run has begun")
            running.process.kill()
            until(lambda: not running.left_over() or None, 20, "no process is left")
        with dev(home, root=copy.root) as running:
            running.wait_for(ALL_LOADED)
            until(lambda: status(running, lost) == "FAILURE" or None, 30, "the run has failed")
    finally:
        assets.unlink()


def test_no_reload_ignores_saves(copy: Checkout, tmp_path: Path) -> None:
    path = copy.root / "ml_project/ml_project/defs/assets.py"
    with dev(tmp_path / "home", "--no-reload", "--team", "ml", root=copy.root) as running:
        running.wait_for("1 of 1 locations loaded")
        before = len(running.text)
        path.write_text(path.read_text(encoding="utf-8") + "\n")
        time.sleep(2)
        assert "reload" not in running.text[before:]
