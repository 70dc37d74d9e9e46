"""Parallel jobs: every result is printed, then there is one failure."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from devkit.core import cgroups, filelocks, parallel
from devkit.core.errors import DevkitError
from devkit.core.parallel import Outcome
from testing.support import devkit_script, eventually, output_until_end, runs, started, written


def fails() -> str:
    """A job that fails with an error of two lines."""
    raise DevkitError("no milk\nin the fridge")


def test_every_result_is_printed_then_one_failure_names_the_failed_jobs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes = parallel.run("brewing", {"a": fails, "b": lambda: "brewed", "c": fails})
    printed = capsys.readouterr().out
    assert "FAILED  a  no milk" in printed
    assert "ok      b  brewed" in printed
    assert printed.count("── c ──\nin the fridge") == 1
    with pytest.raises(DevkitError, match=r"^2 of 3 failed: a, c$"):
        parallel.require(outcomes)


def test_require_accepts_success() -> None:
    parallel.require(parallel.run("brewing", {"a": lambda: "brewed"}))


def test_require_fails_with_the_fix() -> None:
    with pytest.raises(DevkitError) as raised:
        parallel.require([Outcome("a", ok=False)], fix="invoke setup")
    assert str(raised.value).endswith("\n  fix:      invoke setup")


def test_one_job_takes_the_same_path_and_none_is_fine() -> None:
    (outcome,) = parallel.run("brewing", {"a": lambda: Outcome("a", ok=True, text="so so")})
    assert (outcome.ok, outcome.text) == (True, "so so")
    assert parallel.run("brewing", {}) == []


def test_results_come_in_the_order_of_the_jobs() -> None:
    second_is_done = threading.Event()

    def first() -> str:
        assert second_is_done.wait(60)
        return ""

    def second() -> str:
        second_is_done.set()
        return ""

    outcomes = parallel.run("brewing", {"first": first, "second": second}, at_a_time=2)
    assert [outcome.name for outcome in outcomes] == ["first", "second"]


@pytest.mark.parametrize("limit", ["at_a_time", "jobs"])
def test_no_more_jobs_than_the_limit_run_at_a_time(limit: str) -> None:
    guard, running, most = threading.Lock(), 0, 0

    def work() -> str:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with guard:
            running -= 1
        return ""

    if limit == "jobs":
        parallel.set_jobs(3)
    at_a_time = 3 if limit == "at_a_time" else None
    parallel.run("brewing", {str(n): work for n in range(8)}, at_a_time=at_a_time)
    assert most <= 3


@pytest.mark.parametrize(("share", "wanted"), [(None, 64), (2.5, 2), (0.3, 1), (99.0, 64)])
def test_cores_are_those_of_the_container(
    monkeypatch: pytest.MonkeyPatch, share: float | None, wanted: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    monkeypatch.setattr(cgroups, "processors", lambda: share)
    assert parallel.cores() == wanted


def test_jobs_are_as_many_as_cores_unless_set() -> None:
    assert parallel.jobs() == parallel.cores()
    parallel.set_jobs(7)
    assert parallel.jobs() == 7
    with pytest.raises(DevkitError, match="invalid number of jobs: -1"):
        parallel.set_jobs(-1)


def test_a_bug_is_raised_after_the_other_jobs_have_finished(
    capsys: pytest.CaptureFixture[str],
) -> None:
    second_is_done = threading.Event()

    def bug() -> str:
        raise ZeroDivisionError("no cups")

    def second() -> str:
        second_is_done.set()
        return "brewed"

    with pytest.raises(ZeroDivisionError):
        parallel.run("brewing", {"a": bug, "b": fails, "c": second}, at_a_time=1)
    printed = capsys.readouterr().out
    assert second_is_done.is_set()
    assert "FAILED  a  unexpected error: ZeroDivisionError: no cups" in printed
    assert "ok      c  brewed" in printed
    assert "── b ──\nin the fridge" in printed


def test_a_file_that_can_not_be_used_is_its_jobs_failure(tmp_path: Path) -> None:
    def reads() -> str:
        return (tmp_path / "cup").read_text(encoding="utf-8")

    (tmp_path / "cup").mkdir()
    broken, whole = parallel.run("brewing", {"a": reads, "b": lambda: "brewed"})
    assert (broken.ok, whole.ok) == (False, True)
    assert broken.text == f"{tmp_path}/cup can't be used: Is a directory"
    assert "fix:" in broken.details


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_program_and_starts_no_more(
    tmp_path: Path, sign: signal.Signals
) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from devkit import cli
from devkit.core import parallel
from devkit.core import processes
signal.signal(signal.SIGTERM, cli._terminate)
def work(name):
    def body():
        argv = ["sh", "-c", f"sleep 600 & echo $! > {{name}}; wait"]
        processes.run(argv, cwd=Path({str(tmp_path)!r}), env=os.environ)
        return "ended"
    return body
try:
    parallel.run("waiting", {{n: work(n) for n in "abcd"}}, at_a_time=2)
except cli.TerminatedError:
    sys.exit(143)
except KeyboardInterrupt:
    sys.exit(130)
"""
    with started(devkit_script(code), tmp_path) as process:
        files = [tmp_path / "a", tmp_path / "b"]
        eventually(lambda: all(map(written, files)), "two are running")
        process.send_signal(sign)
        output_until_end(process)
    assert process.returncode == 128 + sign
    assert not any(runs(int(file.read_text(encoding="utf-8"))) for file in files)
    assert not (tmp_path / "c").exists()
    assert not (tmp_path / "d").exists()


COMMAND = """
import os, sys
from pathlib import Path
sys.argv[0] = "invoke"
from devkit import cli
from devkit.core import filelocks, output, parallel, processes
from invoke.context import Context

def body(_):
    parallel.run("waiting", {{"a": work, "b": lambda: "done"}}, at_a_time=2)

def work():
    {work}

try:
    cli.command(help={{}})(body)(Context())
except BaseException as end:
    os._exit(end.code if parallel.left_running() else end.code + 64)
"""


def interrupted(
    folder: Path, work: str, ready: Path, *signals: signal.Signals
) -> tuple[int, str, bool]:
    """How a command ends that gets these signals while a job does some work.

    Its exit code, what it printed, and whether a thread of it was left running.
    """
    with started(devkit_script(COMMAND.format(work=work)), folder) as process:
        eventually(lambda: written(ready), "the job runs")
        for sign in signals:
            process.send_signal(sign)
            time.sleep(0.2)  # not so fast that the two are one
        printed = output_until_end(process)
    left = process.returncode < 192
    return process.returncode - (0 if left else 64), printed, left


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_the_wait_for_a_lock(tmp_path: Path, sign: signal.Signals) -> None:
    work = (
        'w = lambda: (output.warn("waiting for tea ..."), open("ready", "w").write("1\\n"))\n'
        '    with filelocks.hold(Path("lock"), w): pass'
    )
    with (tmp_path / "lock").open("w", encoding="utf-8") as lock:
        assert filelocks.try_lock(lock)
        code, printed, left = interrupted(tmp_path, work, tmp_path / "ready", sign)
    assert (code, left) == (128 + sign, False)
    assert "waiting for tea ..." in printed


def test_ctrl_c_ends_a_command_whose_job_reads_what_never_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    work = 'open("ready", "w").write("1\\n"); open("pipe").read()'
    work = f"processes.GRACE_SECONDS = 0.0; {work}"
    code, _, left = interrupted(tmp_path, work, tmp_path / "ready", signal.SIGINT)
    assert (code, left) == (130, True)


def test_a_second_ctrl_c_kills_what_ignores_the_first(tmp_path: Path) -> None:
    work = (
        'processes.run(["sh", "-c", "trap \'\' TERM; echo $$ > pid; sleep 600 & wait; sleep 600"], '
        "cwd=Path.cwd(), env=os.environ, grace=600.0)"
    )
    work = f"processes.GRACE_SECONDS = 600.0; {work}"
    pid = tmp_path / "pid"
    code, _, left = interrupted(tmp_path, work, pid, signal.SIGINT, signal.SIGINT)
    assert (code, left) == (130, False)
    assert not runs(int(pid.read_text(encoding="utf-8")))


def test_gather_keeps_the_order_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parallel.gather(str, range(20)) == [str(n) for n in range(20)]
    assert capsys.readouterr().out == ""
