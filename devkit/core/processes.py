"""Runs programs to their end: captures their output and leaves no process of theirs behind."""

import contextlib
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from devkit.core import output
from devkit.core.signals import Deferred

# How long after TERM a process group gets KILL.
GRACE_SECONDS = 5.0
POLL_SECONDS = 0.5

_running: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()


@dataclass(frozen=True)
class Completed:
    """How a program ended, and what it printed."""

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False

    @property
    def combined(self) -> str:
        """All that it printed, standard output first."""
        return "\n".join(part.rstrip() for part in (self.stdout, self.stderr) if part.strip())


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str = "",
    timeout: float | None = None,
    pass_fds: Sequence[int] = (),
    grace: float = GRACE_SECONDS,
    exact: bool = False,
) -> Completed:
    """Run a program in its own process group and wait; end the group after `timeout` seconds.

    An exit code other than 0 is a result, not an exception. The program inherits the file
    descriptors `pass_fds`: it holds their locks even if this process is killed. `grace` is how many
    seconds the group has between TERM and KILL. Its output is read as text; `exact` keeps line ends
    and what is not UTF-8, so that names of files in it are those that Python uses (`os.fsdecode`).

    Raises:
        OSError: if the program can't be started.
    """
    command = tuple(str(part) for part in argv)
    output.program(command)
    with Deferred() as signals:
        with _guard:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=pass_fds,
            )
            _running.add(process)
        try:
            signals.resume()
            out, err, timed_out = _communicate(process, stdin.encode(), timeout, grace)
        finally:
            end_group(process.pid, grace)
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    with contextlib.suppress(BrokenPipeError):  # what it has not read
                        pipe.close()
            with _guard:
                _running.discard(process)
    decode = os.fsdecode if exact else _as_text
    return Completed(process.returncode, decode(out), decode(err), timed_out)


def _as_text(output: bytes) -> str:
    """Output with Python's line ends; what is not UTF-8 is replaced."""
    return output.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _communicate(
    process: subprocess.Popen[bytes], stdin: bytes, timeout: float | None, grace: float
) -> tuple[bytes, bytes, bool]:
    """The program's output and errors, and whether it timed out.

    Waits for the program only: a process that it leaves behind may keep its output open.
    """
    deadline = time.monotonic() + timeout if timeout is not None else math.inf
    rest_of_input: bytes | None = stdin
    while True:
        try:
            rest = max(deadline - time.monotonic(), 0)
            return *process.communicate(rest_of_input, timeout=min(POLL_SECONDS, rest)), False
        except subprocess.TimeoutExpired:
            rest_of_input = None  # it has been sent
            late = time.monotonic() >= deadline
            if process.poll() is None and not late:
                continue
        end_group(process.pid, grace)
        try:
            return *process.communicate(timeout=POLL_SECONDS), late
        except subprocess.TimeoutExpired as printed:  # held open from outside the group
            return printed.output or b"", printed.stderr or b"", late


class Ended(NamedTuple):
    """How a program on the terminal ended: its exit code, and whether Ctrl-C was pressed.

    A negative code is the signal that ended it, as in `subprocess`.
    """

    code: int
    interrupted: bool


def run_in_foreground(argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Ended:
    """Run a program interactively, on this terminal.

    It shares this process's group, so Ctrl-C reaches both. The program decides how to react, and
    this waits until it ends.
    """
    pressed: list[int] = []
    # KeyboardInterrupt while waiting could lose the exit code of a program that was just reaped.
    # Ignoring Ctrl-C would not do either: the program would inherit that.
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    before = signal.signal(
        signal.SIGINT, signal.SIG_IGN if ignored else lambda sign, _: pressed.append(sign)
    )
    try:
        command = [str(part) for part in argv]
        output.program(command)
        with Deferred() as signals:
            process = subprocess.Popen(command, cwd=cwd, env=env)
            try:
                signals.resume()
                process.wait()
            except BaseException:  # `cli` raises one for TERM
                process.terminate()
                try:
                    process.wait(GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                raise
    finally:
        signal.signal(signal.SIGINT, before)
    return Ended(process.returncode, interrupted=bool(pressed))


def end_all(grace: float = GRACE_SECONDS) -> None:
    """End every program that `run` has started in any thread."""
    with _guard:
        groups = [process.pid for process in _running]
    end_groups(groups, grace)


def end_group(group: int, grace: float = GRACE_SECONDS) -> None:
    """Send TERM to a process group, then KILL after `grace` seconds; it may have ended already."""
    end_groups([group], grace)


def end_groups(groups: Sequence[int], grace: float) -> None:
    """As `end_group`, for several at a time. Ctrl-C meanwhile: KILL at once."""
    left = [group for group in groups if _send(group, signal.SIGTERM)]
    try:
        left = _wait_for(left, grace)
    finally:
        for group in left:
            _send(group, signal.SIGKILL)
        _wait_for(left, GRACE_SECONDS)


def _wait_for(groups: Sequence[int], seconds: float) -> list[int]:
    """Wait until these process groups have ended; returns those that have not."""
    left = list(groups)
    deadline = time.monotonic() + seconds
    while left := [group for group in left if group_runs(group)]:
        if time.monotonic() >= deadline:
            break
        time.sleep(0.02)
    return left


def _send(group: int, sign: signal.Signals) -> bool:
    """Signal a process group; whether there is one."""
    try:
        os.killpg(group, sign)
    except (ProcessLookupError, PermissionError):  # macOS: a group of zombies only
        return False
    return True


def group_runs(group: int) -> bool:
    """Whether a process of the group still runs; zombies do not count."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False
