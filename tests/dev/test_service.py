"""Supervised programs, with real ones: Python scripts that crash, linger or print secrets."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from devkit.core import masking
from devkit.core.paths import ROOT
from devkit.dev import service
from devkit.dev.clock import Clock
from devkit.dev.logs import Log
from devkit.dev.reaper import Reaper
from devkit.dev.service import Service, SupervisedProcess
from testing.platform import until
from testing.support import runs

STUBBORN = (
    "import signal, time;signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid); time.sleep(60)"
)


SPEED = 10.0  # as fast as real time is what a service waits for


def log_of(folder: Path) -> Log:
    """The log of the service in this folder."""
    return Log(folder / "it.log", print)


class Record:
    """The events of a service, and the lines that it printed."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.lines: list[str] = []

    def on_event(self, _name: str, text: str) -> None:
        self.events.append(text)

    def on_line(self, _name: str, line: str) -> None:
        self.lines.append(line)


def supervise(
    folder: Path,
    script: str,
    use: Callable[[SupervisedProcess, Record], Awaitable[None]],
) -> Record:
    """Run a script as a service, use it, and stop it; returns what was recorded."""
    record = Record()

    async def run() -> None:
        reaper = Reaper()
        await reaper.start()
        argv = (sys.executable, "-u", "-c", script)
        service = Service("it", argv, folder, dict(os.environ), log_of(folder))
        supervised = SupervisedProcess(
            service, reaper, Clock(SPEED), on_event=record.on_event, on_line=record.on_line
        )
        try:
            supervised.start()
            await use(supervised, record)
        finally:
            await supervised.stop()
            service.log.close()
            await reaper.stop()

    asyncio.run(run())
    return record


async def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def test_service_lines_are_shown_and_logged(tmp_path: Path) -> None:
    async def use(_: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: len(record.lines) == 2)

    record = supervise(tmp_path, "print('one'); print('two'); import time; time.sleep(60)", use)
    assert record.lines == ["one", "two"]
    assert (tmp_path / "it.log").read_text(encoding="utf-8") == "one\ntwo\n"


def test_service_secrets_are_neither_shown_nor_logged(tmp_path: Path) -> None:
    async def use(_: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: len(record.lines) == 3)

    script = "print('password=hunter22!\\nfirst line\\nsecond line'); import time; time.sleep(60)"
    masking.hide(["hunter22!", "first line\nsecond line"])
    record = supervise(tmp_path, script, use)
    assert record.lines == ["password=***", "***", "***"]
    assert "hunter22" not in (tmp_path / "it.log").read_text(encoding="utf-8")


def test_service_drops_a_line_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LONGEST_LINE_BYTES", 1000)

    async def use(_: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: "after" in record.lines)

    supervise(tmp_path, "print('x' * 100_000); print('after'); import time; time.sleep(60)", use)


def test_killed_service_is_restarted_and_its_last_lines_are_reported(tmp_path: Path) -> None:
    async def use(supervised: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: record.lines)
        first = supervised.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: len(record.lines) == 2)
        assert supervised.pid not in (None, first)

    record = supervise(tmp_path, "print('hello'); import time; time.sleep(60)", use)
    assert record.events == ["killed by SIGKILL; restarting in 1 s\n    hello"]


def test_service_that_keeps_crashing_fails_after_growing_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CONSECUTIVE_FAILURES", 3)

    async def use(supervised: SupervisedProcess, _: Record) -> None:
        await eventually(lambda: supervised.failed)

    record = supervise(tmp_path, "raise SystemExit('no database')", use)
    first, second, last = record.events
    assert "exited with status 1; restarting in 1 s" in first
    assert "restarting in 2 s" in second
    assert "exited with status 1; crashed 3 times, giving up; log: " in last
    assert str(tmp_path / "it.log") in last
    assert "no database" in last


def test_stop_ends_a_service_that_ignores_term_and_its_children(tmp_path: Path) -> None:
    pids: list[int] = []

    async def use(supervised: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: record.lines)
        pids.extend([supervised.pid or 0, int(record.lines[0])])

    supervise(tmp_path, PARENT, use)
    assert not any(map(runs, pids))

    async def note(supervised: SupervisedProcess, record: Record) -> None:
        await eventually(lambda: record.lines)
        pids[:] = [supervised.pid or 0]

    supervise(tmp_path, STUBBORN, note)
    assert not runs(pids[0])


def test_service_that_cannot_be_started_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CONSECUTIVE_FAILURES", 1)
    record = Record()

    async def run() -> None:
        reaper = Reaper()
        await reaper.start()
        service = Service("it", ("/no/such/program",), tmp_path, {}, log_of(tmp_path))
        supervised = SupervisedProcess(
            service, reaper, Clock(SPEED), on_event=record.on_event, on_line=record.on_line
        )
        supervised.start()
        await eventually(lambda: supervised.failed)
        await supervised.stop()
        await reaper.stop()

    asyncio.run(run())
    assert "could not be started" in record.events[0]


def test_reaper_ends_the_services_of_a_killed_supervisor(tmp_path: Path) -> None:
    script = f"""
import asyncio, os, sys
from pathlib import Path
from devkit.dev.clock import Clock
from devkit.dev.logs import Log
from devkit.dev.reaper import Reaper
from devkit.dev.service import Service, SupervisedProcess

async def run():
    reaper = Reaper()
    await reaper.start()
    argv = (sys.executable, "-u", "-c", {PARENT!r})
    log = Log(Path({str(tmp_path / "it.log")!r}), print)
    service = Service("it", argv, Path("."), dict(os.environ), log)
    show = lambda _name, text: print(text, flush=True)
    supervised = SupervisedProcess(service, reaper, Clock(), on_event=show, on_line=show)
    supervised.start()
    await asyncio.sleep(0.5)
    print(supervised.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(run())
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout
        pids = [int(supervisor.stdout.readline()), int(supervisor.stdout.readline())]
        assert all(map(runs, pids))
        supervisor.kill()
    until(lambda: not any(map(runs, pids)), 10, "the reaper ended both")
