"""`invoke dev` with a real Dagster: three stories, each with one platform (or two).

Everything that needs no Dagster to be shown is in `test_platform.py`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devkit.core.paths import ROOT
from testing.platform import (
    ALL_LOADED,
    LONG_JOB,
    TERMINATE,
    Dev,
    descriptions,
    dev,
    existing,
    launch,
    load_errors,
    prepared_home,
    status,
    until,
)
from testing.support import Checkout, run, small_disk

NEW_ASSET = "\n\n@dg.asset(description=%r)\ndef brand_new() -> None:\n    pass\n"
NO_PROXY_HERE = "http://127.0.0.1:9"  # nothing listens there

# An asset, in a team's own module, that tells which variables its definitions and its run see.
WHOSE = """
import os
from pathlib import Path

import dagster as dg

VALUE = os.environ["SHARED_NAME"]
SEEN = sorted(name for name in os.environ if name.startswith("ONLY_"))


@dg.asset(key="of_TEAM", description=f"{VALUE[4:6]} {SEEN}")
def of_team(context) -> None:
    print("this is", VALUE)
    found = f"{os.environ['SHARED_NAME']} {SEEN}"
    Path(os.environ["TEST_FOLDER"], "run-of-TEAM").write_text(found)


job = dg.define_asset_job("job_of_TEAM", selection=[of_team])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in the variable TEST_FOLDER of the platform's processes."""
    monkeypatch.setenv("TEST_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def _restored(copy: Checkout) -> Iterator[None]:
    """Undo what a test, or one that failed, has changed in the copy."""
    yield
    for arguments in (["checkout", "-q", "."], ["clean", "-fdq"]):
        assert run(["git", *arguments], copy.root).returncode == 0
    for env in copy.root.glob("*/.env"):
        env.unlink()


def printed_after(platform: Dev, act: Callable[[], object], *texts: str) -> str:
    """Do something, and wait until these texts are printed; returns all that was printed since."""
    before = len(platform.text)
    act()
    for text in texts:
        platform.wait_for(text, since=before)
    return platform.text[before:]


def test_from_the_first_line_to_the_last(copy: Checkout, folder: Path) -> None:
    """Two teams with their own variables, behind a shell's proxy; a second platform; Ctrl-C."""
    for team in ("analytics", "ml"):
        directory = copy.root / f"{team}_project"
        (directory / ".env").write_text(
            f"SHARED_NAME=the {team} secret\nONLY_{team.upper()}=yes\n", encoding="utf-8"
        )
        code = WHOSE.replace("TEAM", team)
        (directory / f"{team}_project/defs/whose.py").write_text(code, encoding="utf-8")
    proxied = {**os.environ, "http_proxy": NO_PROXY_HERE, "ALL_PROXY": NO_PROXY_HERE}
    home = prepared_home(copy, folder / "home")
    with dev(home, root=copy.root, environ=proxied) as running:
        running.wait_for(ALL_LOADED)
        seen = descriptions(running)
        assert seen["analytics_project/of_analytics"] == "an ['ONLY_ANALYTICS']"
        assert seen["ml_project/of_ml"] == "ml ['ONLY_ML']"
        for team in ("analytics", "ml"):
            launch(running, f"job_of_{team}", f"{team}_project")
            result = folder / f"run-of-{team}"
            until(lambda result=result: existing(result), 60, f"the run of {team}")  # type: ignore[misc]
            expected = f"the {team} secret ['ONLY_{team.upper()}']"
            until(lambda e=expected, r=result: r.read_text() == e, 10, "its variables")  # type: ignore[misc]

        second = copy.tasks("dev", env={"DAGSTER_HOME": str(running.home)})
        assert second.returncode == 1
        assert re.findall(r"pid (\d+)", second.stderr) == [str(running.process.pid)]
        assert running.url in second.stderr
        other = {"DAGSTER_HOME": str(folder / "other")}
        taken = copy.tasks("dev", "--port", str(running.port), env=other)
        assert taken.returncode == 1
        first, *_ = taken.stderr.splitlines()
        assert first.startswith(f"port {running.port} on 127.0.0.1 can't be used")

        assert running.stop(signal.SIGINT) == 130
        assert running.left_over() == []
        logs = home / ".dagteam/logs"
        assert "secret" not in running.text
        assert not [log for log in logs.iterdir() if "secret" in log.read_text(encoding="utf-8")]


def test_what_is_saved_is_loaded_and_runs_go_on(copy: Checkout, folder: Path) -> None:
    """Code, `utils`, `.env` and the registry are saved while runs are in flight."""
    assets = copy.root / "ml_project/ml_project/defs/assets.py"
    registry = copy.root / "workspace.yaml"
    original, entries = assets.read_text(encoding="utf-8"), registry.read_text(encoding="utf-8")
    began, go = folder / "began", folder / "go"

    def save(text: str) -> Callable[[], object]:
        return lambda: assets.write_text(text, encoding="utf-8")

    def in_flight() -> str:
        began.unlink(missing_ok=True)
        run_id = launch(running, "long_job", "ml_project")
        try:
            until(began.exists, 60, "the run has begun")
        except AssertionError as error:
            raise AssertionError(f"{error}: {status(running, run_id)}\n{running.text}") from None
        return run_id

    with dev(prepared_home(copy, folder / "home"), root=copy.root) as running:
        running.wait_for(ALL_LOADED)
        new = original + LONG_JOB + NEW_ASSET % "first"
        printed = printed_after(running, save(new), "ml_project        | reloaded")
        assert descriptions(running)["ml_project/brand_new"] == "first"
        assert "analytics_project | reload" not in printed

        line = len(original.splitlines()) + 2
        printed = printed_after(running, save(original + "\n1 / 0\n"), "does not load")
        assert f"ml_project/ml_project/defs/assets.py:{line}: ZeroDivisionError" in printed
        errors = load_errors(running)
        assert errors["ml_project"] and errors["analytics_project"] is None
        printed_after(running, save(new), "ml_project        | reloaded")

        finished, ended = in_flight(), in_flight()
        tables = copy.root / "utils/utils/tables.py"
        printed_after(
            running,
            lambda: tables.write_text(tables.read_text(encoding="utf-8") + "\n# a comment\n"),
            "ml_project        | reloaded",
            "analytics_project | reloaded",
        )
        env = copy.root / "ml_project/.env"
        printed_after(
            running,
            lambda: env.write_text("SETTING=new\n", encoding="utf-8"),
            "2 runs in flight: going on in the old server",
            "ml_project        | loaded",
        )
        assert status(running, finished) == status(running, ended) == "STARTED"
        later = in_flight()
        answer = running.ask(TERMINATE, id=ended)["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess"
        until(lambda: status(running, ended) == "CANCELED", 30, "the run is cancelled")

        one = entries[: entries.index("  - python_module", entries.index("python_module"))]
        printed_after(
            running,
            lambda: registry.write_text(one, encoding="utf-8"),
            "ml_project",
            "removed",
        )
        until(lambda: set(load_errors(running)) == {"analytics_project"}, 60, "the UI has one")
        printed_after(
            running,
            lambda: registry.write_text(entries, encoding="utf-8"),
            "ml_project        | loaded",
        )
        go.touch()
        for run_id in (finished, later):
            until(lambda run_id=run_id: status(running, run_id) == "SUCCESS", 60, "it succeeds")  # type: ignore[misc]
        assert "Traceback" not in running.text
        assert running.stop(signal.SIGTERM) == 143
        assert running.left_over() == []


def test_whatever_is_killed_heals(copy: Checkout, folder: Path) -> None:
    """A code server, the webserver and the daemon; then the supervisor itself, with runs."""
    home = prepared_home(copy, folder / "home")
    long = copy.root / "ml_project/ml_project/defs/long.py"
    long.write_text("import dagster as dg\n" + LONG_JOB, encoding="utf-8")
    marks = {
        "webserver": "dagster_webserver",
        "daemon": "dagster-daemon",
        "ml_project": "ml_project",
    }
    with dev(home, "--no-reload", root=copy.root) as running:
        running.wait_for(ALL_LOADED)
        lost = launch(running, "long_job", "ml_project")
        until((folder / "began").exists, 60, "the run has begun")
        for name, mark in marks.items():
            (leader, *_) = [
                process
                for process in running.left_over()
                if mark in " ".join(process.cmdline()) and os.getpgid(process.pid) == process.pid
            ]
            printed_after(running, leader.kill, f"{name:17} | killed by SIGKILL; restarting in 1 s")
        running.wait_for("ml_project        | loaded again")
        until(lambda: status(running, lost) == "FAILURE", 60, "the run of the killed server")
        until(lambda: not any(load_errors(running).values()), 60, "all are loaded")

        path = copy.root / "ml_project/ml_project/defs/assets.py"
        before = len(running.text)
        path.write_text(path.read_text(encoding="utf-8") + "\n")
        (folder / "began").unlink()
        lost = launch(running, "long_job", "ml_project")
        until((folder / "began").exists, 60, "the run has begun")
        assert "reload" not in running.text[before:]  # it has had the time to start a run
        running.process.kill()
        until(lambda: not running.left_over(), 20, "no process is left")
    shutil.rmtree(folder / "began", ignore_errors=True)
    with dev(home, "--team", "ml", "--upstream", root=copy.root) as running:
        running.wait_for(ALL_LOADED)
        until(lambda: status(running, lost) == "FAILURE", 60, "the run has failed")


def test_runs_of_another_machine_are_not_judged(copy: Checkout, folder: Path) -> None:
    """Two DAGSTER_HOMEs share their databases; one's sockets mean nothing to the other."""
    home = prepared_home(copy, folder / "home")
    (home / ".dagteam/sockets").write_text("/run/dagteam-ours\n", encoding="utf-8")
    script = """
import json, sys
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test
with DagsterInstance.get() as instance:
    for folder in ("ours", "theirs"):
        tag = {".dagster/grpc_info": json.dumps({"socket": f"/run/dagteam-{folder}/0"})}
        run = create_run_for_test(instance, status=DagsterRunStatus.STARTED, tags=tag)
        print(folder, run.run_id)
"""
    python = copy.root / ".venv-dagit/bin/python"
    environ = {"DAGSTER_HOME": str(home)}
    made = run([python, "-c", script], copy.root, environ)
    runs = dict(line.split() for line in made.stdout.splitlines())
    assert runs.keys() == {"ours", "theirs"}, made.stderr
    code = (
        "import asyncio, json, pathlib\nfrom devkit.dev.instance import Instance\n"
        f"home = pathlib.Path({str(home)!r})\n"
        "print(json.dumps(asyncio.run(Instance(home).end_lost_runs())))"
    )
    done = copy.devkit(code)
    assert json.loads(done.stdout) == [runs["ours"]], done.stderr


@pytest.mark.parametrize("state", ["full", "read-only"])
def test_a_dagster_home_that_is_not_writable_is_one_message(
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


def test_ctrl_c_ends_a_platform_that_a_script_started_in_the_background_and_that_builds(
    copy: Checkout, tmp_path: Path
) -> None:
    """A shell ignores Ctrl-C for such a program; and another process holds the build's lock."""
    home, log = tmp_path / "home", tmp_path / "log"
    lock = copy.root / "ml_project/.venv-mlproject.lock"
    stamp = copy.root / "ml_project/.venv-mlproject/.stamp"
    kept = stamp.read_bytes()
    stamp.unlink()
    hold = f"flock {lock} sleep 60 & echo $!; "
    start = (
        f"DAGSTER_HOME={home} {sys.executable} tasks.py dev --port 0 > {log} 2>&1 & echo $!; wait"
    )
    with subprocess.Popen(
        ["/bin/sh", "-c", hold + start], cwd=copy.root, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout
        pids = [int(shell.stdout.readline()) for _ in range(2)]
        try:
            until(lambda: "builds the environment of ml" in log.read_text(), 60, "it waits")
            os.kill(pids[1], signal.SIGINT)
            began = time.monotonic()
            until(lambda: not Path(f"/proc/{pids[1]}/cwd").exists(), 30, "it has ended")
            assert time.monotonic() - began < 30
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            stamp.write_bytes(kept)
