"""The same work for many units: every result is told, then there is one failure."""

import signal
import threading
from pathlib import Path

import pytest

from devkit.core import parallel
from devkit.core.errors import DevkitError
from devkit.core.parallel import Outcome
from testing.support import devkit_script, eventually, runs, said_until_its_end, started, written


def fails() -> str:
    """A unit's work that fails, in two lines."""
    raise DevkitError("no milk\nin the fridge")


def test_every_result_is_told_then_one_failure_names_those_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes = parallel.run("brewing", {"a": fails, "b": lambda: "brewed", "c": fails})
    said = capsys.readouterr().out
    assert "FAILED  a  no milk" in said
    assert "ok      b  brewed" in said
    assert said.count("── c ──\nin the fridge") == 1
    with pytest.raises(DevkitError, match=r"^2 of 3 failed: a, c$"):
        parallel.require(outcomes)


def test_success_is_quiet_about_failure() -> None:
    parallel.require(parallel.run("brewing", {"a": lambda: "brewed"}))


def test_the_command_that_mends_comes_with_the_failure() -> None:
    with pytest.raises(DevkitError) as raised:
        parallel.require([Outcome("a", ok=False)], fix="invoke setup")
    assert str(raised.value.message).endswith("to mend:  invoke setup")


def test_one_unit_takes_the_same_way_and_none_is_fine() -> None:
    (outcome,) = parallel.run("brewing", {"a": lambda: Outcome("a", ok=True, text="so so")})
    assert (outcome.ok, outcome.text) == (True, "so so")
    assert parallel.run("brewing", {}) == []


def test_results_come_in_the_units_order_whoever_is_first() -> None:
    second_is_done = threading.Event()

    def first() -> str:
        assert second_is_done.wait(60)
        return ""

    def second() -> str:
        second_is_done.set()
        return ""

    outcomes = parallel.run("brewing", {"first": first, "second": second}, at_a_time=2)
    assert [outcome.name for outcome in outcomes] == ["first", "second"]


def test_no_more_than_so_many_at_a_time() -> None:
    guard, under_way, most = threading.Lock(), 0, 0

    def work() -> str:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.02)
        with guard:
            under_way -= 1
        return ""

    parallel.run("brewing", {str(n): work for n in range(8)}, at_a_time=3)
    assert most <= 3


def test_a_bug_in_the_kit_is_not_taken_for_a_result() -> None:
    def bug() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        parallel.run("brewing", {"a": bug, "b": lambda: ""})


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_program_and_nothing_begins_after_it(
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
except cli.Terminated:
    sys.exit(143)
except KeyboardInterrupt:
    sys.exit(130)
"""
    with started(devkit_script(code), tmp_path) as process:
        files = [tmp_path / "a", tmp_path / "b"]
        eventually(lambda: all(map(written, files)), "two are under way")
        process.send_signal(sign)
        said_until_its_end(process)
    assert process.returncode == 128 + sign
    assert not any(runs(int(file.read_text())) for file in files)
    assert not (tmp_path / "c").exists()
    assert not (tmp_path / "d").exists()


def test_what_is_gathered_comes_in_order_and_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert parallel.gather(str, range(20)) == [str(n) for n in range(20)]
    assert capsys.readouterr().out == ""
