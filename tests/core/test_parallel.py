"""Parallel jobs: every result is printed, then there is one failure."""

import os
import signal
import threading
from pathlib import Path

import pytest

from devkit.core import cgroups, parallel
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


def test_gather_keeps_the_order_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parallel.gather(str, range(20)) == [str(n) for n in range(20)]
    assert capsys.readouterr().out == ""
