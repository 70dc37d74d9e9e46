"""Checks for leftovers of a dead `invoke dev`, as distinct from what a running one uses."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from devkit.core.paths import ROOT
from devkit.dev import dagster_cli, home, session
from devkit.dev.builds import Builds
from devkit.dev.clock import Clock
from devkit.dev.instance import Instance
from devkit.dev.launcher import Launcher
from devkit.dev.options import Options
from devkit.dev.parts import Parts
from devkit.dev.webserver import Client
from devkit.doctor import leftovers
from devkit.environments import variables
from devkit.registry.team import Team
from testing.doctor import codes, context, only
from testing.support import devkit_script, eventually, run, runs, started, written

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def mark_of_the_dead() -> str:
    """The mark of a process that has ended."""
    done = run(devkit_script("from devkit.dev import session\nprint(session.mark())"), Path.cwd())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def service(where: Path, mark: str) -> Iterator[psutil.Process]:
    """A process with the variables that `invoke dev` sets."""
    environ = {"DAGSTER_HOME": str(where), session.MARK: mark}
    with started(SLEEP, where, environ) as process:
        yield psutil.Process(process.pid)


def test_a_service_of_a_dead_platform_is_found_and_ended(tmp_path: Path) -> None:
    with service(tmp_path, mark_of_the_dead()) as process:
        one = only(leftovers.processes, context(tmp_path))
        assert (one.code, one.fix) == ("left-over-processes", f"`kill {process.pid}`")
        assert one.repair
        one.repair()
        assert not runs(process.pid)
    assert codes(leftovers.processes, context(tmp_path)) == []


def test_a_process_that_ignores_term_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "GRACE_SECONDS", 0.2)
    code = (
        "import pathlib, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path('deaf').write_text('yes\\n')\ntime.sleep(600)"
    )
    environ = {"DAGSTER_HOME": str(tmp_path), session.MARK: mark_of_the_dead()}
    with started([sys.executable, "-c", code], tmp_path, environ) as process:
        eventually(lambda: written(tmp_path / "deaf"), "it ignores SIGTERM")
        leftovers.end(leftovers.left_over(tmp_path))
        assert not runs(process.pid)


def test_services_of_running_and_of_other_platforms_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    dead = mark_of_the_dead()
    with service(tmp_path, session.mark()) as alive, service(other, dead) as elsewhere:
        environ = {"DAGSTER_HOME": str(tmp_path)}
        with started(SLEEP, tmp_path, environ) as by_hand:  # a person's own `dagster dev`
            assert codes(leftovers.processes, context(tmp_path)) == []
            assert all(map(runs, (alive.pid, elsewhere.pid, by_hand.pid)))


def test_a_reused_process_id_is_not_mistaken_for_the_owner() -> None:
    assert session.is_owner_alive(session.mark())
    created = psutil.Process().create_time()
    assert not session.is_owner_alive(f"{os.getpid()} {created - 1000}")


def test_sockets_of_a_dead_platform_are_found_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(session, "SHORT_TMP", str(tmp_path))
    folder = tmp_path / f"{session.SOCKETS}dead"
    folder.mkdir()
    (folder / session.OWNER).write_text(str(ROOT), encoding="utf-8")
    stranger = tmp_path / f"{session.SOCKETS}stranger"
    stranger.mkdir()
    (stranger / session.OWNER).write_text("/another/checkout", encoding="utf-8")
    unknown = tmp_path / f"{session.SOCKETS}lock-unknown"
    unknown.mkdir()
    one = only(leftovers.sockets, context(tmp_path))
    assert (one.code, one.fix) == ("left-over-sockets", f"`rm -r {folder}`")
    assert one.repair
    one.repair()
    assert not folder.exists()
    assert stranger.exists()
    assert unknown.exists()


def test_a_socket_folder_is_stale_once_its_lock_is_released(tmp_path: Path) -> None:
    code = (
        "from devkit.dev import session\nimport time\nfrom pathlib import Path\n"
        "home = Path('home')\n(home / '.dagteam').mkdir(parents=True)\n"
        "with session.socket_folder(home) as folder:\n"
        "    Path('folder').write_text(f'{folder}\\n')\n    time.sleep(600)"
    )
    environ = {"TMPDIR": str(tmp_path)} if len(str(tmp_path)) < 40 else {}
    with started(devkit_script(code), tmp_path, environ) as process:
        eventually(lambda: written(tmp_path / "folder"), "it has its folder")
        folder = Path((tmp_path / "folder").read_text(encoding="utf-8").strip())
        assert folder in session.find_socket_folders(stale=False)
        assert folder not in session.find_socket_folders(stale=True)
        process.kill()
        process.wait()
        assert folder in session.find_socket_folders(stale=True)
        assert folder not in session.find_socket_folders(stale=False)
    leftovers.remove(folder)


def test_the_session_of_a_dagster_home_is_known(tmp_path: Path) -> None:
    home.state_folder(tmp_path).mkdir()
    assert session.current(tmp_path) is None
    with session.exclusive_home(tmp_path) as record:
        record("http://127.0.0.1:3000")
        held = session.current(tmp_path)
        assert held == session.SessionInfo(str(os.getpid()), "http://127.0.0.1:3000")
    assert session.current(tmp_path) is None


def test_a_port_in_use_by_another_program_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind((leftovers.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(session, "FIRST_PORT", port)
        one = only(leftovers.port, context(tmp_path))
        assert (one.code, one.severity == "error") == ("port-taken", False)
        assert str(port) in one.what
        # The platform of this very DAGSTER_HOME is no finding.
        home.state_folder(tmp_path).mkdir()
        with session.exclusive_home(tmp_path) as record:
            record(session.url(leftovers.HOST, port))
            assert codes(leftovers.port, context(tmp_path)) == []
    assert codes(leftovers.port, context(tmp_path)) == []


def test_services_carry_the_mark_of_their_platform(tmp_path: Path, teams: dict[str, Team]) -> None:
    home.state_folder(tmp_path).mkdir()
    options, clock = Options(port=1), Clock()
    client = Client("http://127.0.0.1:1", clock)
    parts = Parts(dagster_cli, client, Instance(tmp_path), Builds(), clock)
    launcher = Launcher(tmp_path, lambda *_: None, options, parts)
    env = variables.of_team(teams["ml"])

    async def on_exit() -> None: ...

    services = [
        launcher.webserver(),
        launcher.daemon(),
        launcher.code_server(teams["ml"], tmp_path / "socket", env, on_exit),
    ]
    assert {one.service.env[session.MARK] for one in services} == {session.mark()}
