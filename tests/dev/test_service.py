"""Long-lived programs, with real ones: small Python scripts that die, linger or say secrets."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from devkit.core.paths import ROOT
from devkit.dev import service
from devkit.dev.service import Reaper, Service, SupervisedProcess
from testing.platform import until

STUBBORN = (
    "import signal, time;signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid); time.sleep(60)"
)


class Heard:
    """What a service's supervisor has said, and what the service has."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.shown: list[str] = []

    def tell(self, _name: str, text: str) -> None:
        self.told.append(text)

    def show(self, _name: str, line: str) -> None:
        self.shown.append(line)


def supervise(
    folder: Path,
    script: str,
    use: Callable[[SupervisedProcess, Heard], Awaitable[None]],
    secrets: tuple[str, ...] = (),
) -> Heard:
    """Run a script as a service, do something with it, and stop it."""
    heard = Heard()

    async def run() -> None:
        reaper = Reaper()
        await reaper.start()
        argv = (sys.executable, "-u", "-c", script)
        service = Service("it", argv, folder, dict(os.environ), folder / "it.log", secrets)
        supervised = SupervisedProcess(service, reaper, tell=heard.tell, show=heard.show)
        try:
            supervised.start()
            await use(supervised, heard)
        finally:
            await supervised.stop(grace=0.5)
            await reaper.stop()

    asyncio.run(run())
    return heard


async def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_its_lines_are_shown_and_kept_in_its_log(tmp_path: Path) -> None:
    async def use(_: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: len(heard.shown) == 2)

    heard = supervise(tmp_path, "print('one'); print('two'); import time; time.sleep(60)", use)
    assert heard.shown == ["one", "two"]
    assert (tmp_path / "it.log").read_text() == "one\ntwo\n"


def test_a_secret_is_neither_shown_nor_logged(tmp_path: Path) -> None:
    async def use(_: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: heard.shown)

    script = "print('password=hunter22!'); import time; time.sleep(60)"
    heard = supervise(tmp_path, script, use, secrets=("hunter22!",))
    assert heard.shown == ["password=***"]
    assert "hunter22" not in (tmp_path / "it.log").read_text()


def test_a_line_that_is_too_long_does_not_stop_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LONGEST_LINE_BYTES", 1000)

    async def use(_: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: "after" in heard.shown)

    supervise(tmp_path, "print('x' * 100_000); print('after'); import time; time.sleep(60)", use)


def test_one_that_is_killed_starts_again_and_its_last_lines_are_told(tmp_path: Path) -> None:
    async def use(supervised: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: heard.shown)
        first = supervised.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: len(heard.shown) == 2)
        assert supervised.pid not in (None, first)

    heard = supervise(tmp_path, "print('hello'); import time; time.sleep(60)", use)
    assert heard.told == ["was ended by SIGKILL; starting again in 1 s\n    hello"]


def test_one_that_keeps_dying_is_given_up_after_growing_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CONSECUTIVE_FAILURES", 3)

    async def use(supervised: SupervisedProcess, _: Heard) -> None:
        await eventually(lambda: supervised.failed)

    heard = supervise(tmp_path, "raise SystemExit('no database')", use)
    first, second, last = heard.told
    assert "ended with 1; starting again in 1 s" in first
    assert "starting again in 2 s" in second
    assert "3 times: given up on" in last
    assert str(tmp_path / "it.log") in last
    assert "no database" in last


def test_stopping_ends_one_that_ignores_term_and_what_it_started(tmp_path: Path) -> None:
    pids: list[int] = []

    async def use(supervised: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: heard.shown)
        pids.extend([supervised.pid or 0, int(heard.shown[0])])

    supervise(tmp_path, PARENT, use)
    assert not any(map(runs, pids))

    async def note(supervised: SupervisedProcess, heard: Heard) -> None:
        await eventually(lambda: heard.shown)
        pids[:] = [supervised.pid or 0]

    supervise(tmp_path, STUBBORN, note)
    assert not runs(pids[0])


def test_one_that_can_not_be_started_is_told_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CONSECUTIVE_FAILURES", 1)
    heard = Heard()

    async def run() -> None:
        reaper = Reaper()
        await reaper.start()
        service = Service("it", ("/no/such/program",), tmp_path, {}, tmp_path / "it.log")
        supervised = SupervisedProcess(service, reaper, tell=heard.tell, show=heard.show)
        supervised.start()
        await eventually(lambda: supervised.failed)
        await supervised.stop()
        await reaper.stop()

    asyncio.run(run())
    assert "can't be started" in heard.told[0]


def test_what_a_killed_supervisor_leaves_behind_is_ended(tmp_path: Path) -> None:
    script = f"""
import asyncio, os, sys
from pathlib import Path
from devkit.dev.service import Reaper, Service, SupervisedProcess

async def run():
    reaper = Reaper()
    await reaper.start()
    argv = (sys.executable, "-u", "-c", {PARENT!r})
    service = Service("it", argv, Path("."), dict(os.environ), Path({str(tmp_path / "it.log")!r}))
    say = lambda _name, text: print(text, flush=True)
    supervised = SupervisedProcess(service, reaper, tell=say, show=say)
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
