"""Running programs: their results, and that no process of theirs is left."""

import os
import signal
import sys
from pathlib import Path

import pytest

from devkit.core import processes
from testing.support import (
    PATIENCE_SECONDS,
    devkit_script,
    eventually,
    output_until_end,
    runs,
    started,
    written,
)

# Starts a child that ignores TERM, then does `{then}`.
FAMILY = """
import subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ready}time.sleep(600)"
process = subprocess.Popen([sys.executable, "-c", child]{options})
{then}
"""


def family(pid_file: Path, then: str, options: str = "") -> list[str]:
    """The command of a program whose child ignores TERM and writes its id to a file."""
    ready = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()) + chr(10)); "
    code = FAMILY.replace("{ready}", ready).replace("{options}", options)
    until = f"import os\nwhile not os.path.exists({str(pid_file)!r}): time.sleep(0.01)\n{then}"
    return [sys.executable, "-c", code.replace("{then}", until)]


GRACE = 0.3  # seconds: what ignores TERM is killed soon


def run(argv: list[str], cwd: Path, timeout: float | None = None) -> processes.Completed:
    return processes.run(argv, cwd=cwd, env=os.environ, timeout=timeout, grace=GRACE)


def test_result_has_output_errors_and_exit_code(tmp_path: Path) -> None:
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"], tmp_path)
    assert (done.stdout, done.stderr, done.code) == ("out\n", "err\n", 3)
    assert done.combined == "out\nerr"
    assert not done.timed_out


def test_input_is_given_and_then_ends(tmp_path: Path) -> None:
    done = processes.run(["cat"], cwd=tmp_path, env=os.environ, stdin="a b\n")
    assert done.stdout == "a b\n"


def test_output_is_text_or_exact(tmp_path: Path) -> None:
    argv = ["printf", r"caf\351\r\nt\351\r\303\251"]
    assert run(argv, tmp_path).stdout == "caf\ufffd\nt\ufffd\né"
    exact = processes.run(argv, cwd=tmp_path, env=os.environ, exact=True).stdout
    assert exact == "caf\udce9\r\nt\udce9\ré"
    assert os.fsencode(exact) == b"caf\xe9\r\nt\xe9\r\xc3\xa9"


def test_the_folder_and_the_variables_are_the_given_ones(tmp_path: Path) -> None:
    done = processes.run(["/bin/sh", "-c", "pwd; echo $WORD"], cwd=tmp_path, env={"WORD": "tea"})
    assert done.stdout.splitlines() == [str(tmp_path.resolve()), "tea"]


def test_bytes_that_are_not_text_are_replaced(tmp_path: Path) -> None:
    assert "\ufffd" in run(["printf", "\\377"], tmp_path).stdout


def test_more_output_than_a_pipe_holds_is_kept(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", "print('x' * 1_000_000)"], tmp_path)
    assert len(done.stdout) == 1_000_001


def test_a_missing_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([str(tmp_path / "no-such-program")], tmp_path)


def test_a_time_limit_ends_grandchildren_that_ignore_term(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    done = run(family(pid, "print('started', flush=True); time.sleep(600)"), tmp_path, timeout=2)
    assert done.timed_out
    assert done.stdout == "started\n"
    assert not runs(int(pid.read_text(encoding="utf-8")))


def test_the_rest_of_a_programs_group_is_ended_when_it_ends(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    done = run(family(pid, "print('done')"), tmp_path)
    assert (done.code, done.stdout, done.timed_out) == (0, "done\n", False)
    assert not runs(int(pid.read_text(encoding="utf-8")))


def test_a_daemon_that_holds_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    done = run(family(pid, "print('done')", options=", start_new_session=True"), tmp_path)
    assert (done.code, done.stdout) == (0, "done\n")
    # It has its own group: it is still running.
    processes.end_group(int(pid.read_text(encoding="utf-8")), GRACE)


def test_passed_file_descriptors_are_open_in_the_program(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w", encoding="utf-8") as lock:
        argv = [sys.executable, "-c", f"import os; os.write({lock.fileno()}, b'held')"]
        processes.run(argv, cwd=tmp_path, env=os.environ, pass_fds=[lock.fileno()])
    assert (tmp_path / "lock").read_text(encoding="utf-8") == "held"


def test_ending_a_group_that_has_ended_is_no_error(tmp_path: Path) -> None:
    with started(["true"], tmp_path) as process:
        process.wait()
    processes.end_group(process.pid)
    assert not processes.group_runs(process.pid)


def test_a_zombie_does_not_count_as_running(tmp_path: Path) -> None:
    with started(["true"], tmp_path) as process:
        eventually(lambda: not runs(process.pid), "it is a zombie")
        assert not processes.group_runs(process.pid)


def test_ctrl_c_in_the_main_thread_ends_what_it_runs(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os\nfrom pathlib import Path\nfrom devkit.core import processes\n"
        f"processes.run({family(pid, 'time.sleep(600)')!r}, cwd=Path('.'), env=os.environ,"
        f" grace={GRACE})"
    )
    with started(devkit_script(code), tmp_path) as process:
        eventually(lambda: written(pid), "it is running")
        process.send_signal(signal.SIGINT)
        output_until_end(process)
    assert not runs(int(pid.read_text(encoding="utf-8")))


def test_in_the_foreground_the_program_handles_ctrl_c(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    # The trap ends the loop: with `wait`, a signal just before it would be waited for in vain.
    child = f"trap 'echo caught; exit 7' INT; echo > {ready}; while :; do sleep 0.05; done"
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom devkit.core import processes\n"
        f"argv = ['sh', '-c', {child!r}]\n"
        "done = processes.run_in_foreground(argv, cwd=Path('.'), env=os.environ)\n"
        "sys.exit(done.code if done.interrupted else 99)"
    )
    with started(devkit_script(code), tmp_path) as process:
        eventually(lambda: written(ready), "it is running")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        process.wait(PATIENCE_SECONDS)
        printed = process.stdout.read() if process.stdout else ""
    assert (printed, process.returncode) == ("caught\n", 7)


def test_in_the_foreground_the_exit_code_is_returned(tmp_path: Path) -> None:
    done = processes.run_in_foreground(["sh", "-c", "exit 9"], cwd=tmp_path, env=os.environ)
    assert done == (9, False)


def test_in_the_foreground_no_exit_code_is_lost_to_ctrl_c(tmp_path: Path) -> None:
    code = (
        "import os\nfrom pathlib import Path\nfrom devkit.core import processes\n"
        "for _ in range(300):\n"
        "    argv = ['sh', '-c', 'kill -INT 0']\n"
        "    done = processes.run_in_foreground(argv, cwd=Path('.'), env=os.environ)\n"
        "    print(*done)"
    )
    with started(devkit_script(code), tmp_path) as process:
        printed = output_until_end(process)
    assert set(printed.splitlines()) == {"-2 True"}


def test_in_the_foreground_term_ends_a_program_that_ignores_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom devkit.core import processes\n"
        "processes.GRACE_SECONDS = 0.2\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "argv = ['sh', '-c', \"trap '' TERM; echo $$ > pid; sleep 600; sleep 600\"]\n"
        "processes.run_in_foreground(argv, cwd=Path('.'), env=os.environ)\n"
    )
    with started(devkit_script(code), tmp_path) as process:
        eventually(lambda: written(tmp_path / "pid"), "it runs")
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert not runs(int((tmp_path / "pid").read_text(encoding="utf-8")))
    assert process.returncode == 143
