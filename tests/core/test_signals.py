"""Signals that arrive at a bad moment wait until it is over."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.core import processes
from devkit.core.signals import Deferred
from testing.support import runs


class Arrived(Exception):  # noqa: N818 (what a handler raises)
    """A signal's handler was called."""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    def handle(*_: object) -> None:
        raise Arrived

    before = {sign: signal.signal(sign, handle) for sign in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for sign, handler in before.items():
        signal.signal(sign, handler)


def test_a_signal_waits_until_the_end() -> None:
    reached = False
    with pytest.raises(Arrived), Deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        reached = True
    assert reached


def test_a_signal_waits_until_it_is_resumed_and_only_once() -> None:
    with Deferred() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Arrived):
            signals.resume()
    with pytest.raises(Arrived):
        os.kill(os.getpid(), signal.SIGTERM)


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Deferred():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_another_thread_changes_no_handler() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def use() -> None:
        with Deferred():
            pass

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("run", [processes.run, processes.run_in_foreground])
def test_a_signal_while_a_program_is_started_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: object
) -> None:
    started: list[int] = []
    real = subprocess.Popen.__init__

    def start(self: subprocess.Popen[bytes], *arguments: object, **options: object) -> None:
        real(self, *arguments, **options)  # type: ignore[call-overload]
        started.append(self.pid)
        os.kill(os.getpid(), signal.SIGTERM)  # before the caller has it

    monkeypatch.setattr(subprocess.Popen, "__init__", start)
    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(Arrived):
        run(argv, cwd=tmp_path, env=dict(os.environ))  # type: ignore[operator]
    assert len(started) == 1
    assert not runs(started[0])
