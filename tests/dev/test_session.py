"""What one `invoke dev` reserves, as other processes see it."""

import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devkit.core import filelocks
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.dev import home, session
from devkit.dev.session import SessionInfo
from testing.platform import free_port

HOST = "127.0.0.1"


@pytest.fixture
def dagster_home(tmp_path: Path) -> Path:
    """A DAGSTER_HOME with the folder of the kit."""
    home.state_folder(tmp_path).mkdir()
    return tmp_path


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """Listen on a port; yields it."""
    with socket.socket() as server:
        server.bind((HOST, port))
        server.listen()
        yield server.getsockname()[1]


def test_exclusive_home_records_this_process_and_clears_the_record(dagster_home: Path) -> None:
    lock = home.state_folder(dagster_home) / session.LOCK
    with session.exclusive_home(dagster_home) as record:
        assert json.loads(lock.read_text(encoding="utf-8"))["pid"] == os.getpid()
        assert session.current(dagster_home) == SessionInfo(str(os.getpid()), "not up yet")
        record("http://127.0.0.1:3000")
        expected = SessionInfo(str(os.getpid()), "http://127.0.0.1:3000")
        assert session.current(dagster_home) == expected
    assert session.current(dagster_home) is None
    assert lock.read_text(encoding="utf-8") == ""


def test_current_is_none_without_a_session(dagster_home: Path, tmp_path: Path) -> None:
    assert session.current(dagster_home) is None
    assert session.current(tmp_path / "missing") is None


def test_exclusive_home_refuses_a_second_session(dagster_home: Path) -> None:
    with session.exclusive_home(dagster_home) as record:
        record("http://127.0.0.1:3000")
        with pytest.raises(DevkitError) as raised, session.exclusive_home(dagster_home):
            pass
    assert raised.value.what == (
        f"another `invoke dev` uses this DAGSTER_HOME: pid {os.getpid()}, http://127.0.0.1:3000"
    )
    assert f"`kill {os.getpid()}`" in (raised.value.fix or "")
    assert str(dagster_home) in str(raised.value)


def test_exclusive_home_refuses_without_a_pid_if_none_is_recorded(dagster_home: Path) -> None:
    lock = home.state_folder(dagster_home) / session.LOCK
    with lock.open("w", encoding="utf-8") as other:
        assert filelocks.try_lock(other)
        with pytest.raises(DevkitError) as raised, session.exclusive_home(dagster_home):
            pass
    assert "is starting or stopping on this DAGSTER_HOME" in raised.value.what
    assert "unknown" not in str(raised.value)
    assert "kill" not in str(raised.value)


def test_exclusive_home_outlasts_someone_who_looks_at_the_lock(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOCK_PATIENCE_SECONDS", 30.0)
    lock = home.state_folder(dagster_home) / session.LOCK
    looking = lock.open("w", encoding="utf-8")
    assert filelocks.try_lock(looking, shared=True)
    timer = threading.Timer(0.2, looking.close)
    timer.start()
    with session.exclusive_home(dagster_home):
        timer.join()
        assert session.current(dagster_home) is not None


def test_socket_folder_is_short_locked_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("x" * 40)))
    home.state_folder(tmp_path).mkdir()
    with session.socket_folder(tmp_path) as folder:
        assert home.socket_folders(tmp_path) == [str(folder)]
        assert folder.parent == Path(session.SHORT_TMP)
        assert (folder / session.OWNER).read_text(encoding="utf-8") == str(ROOT)
        assert folder in session.find_socket_folders(stale=False)
        assert folder not in session.find_socket_folders(stale=True)
        assert folder not in session.find_socket_folders(stale=False, root=tmp_path)
    assert not folder.exists()


def test_mark_is_alive_as_long_as_its_process() -> None:
    assert session.is_owner_alive(session.mark())
    pid, _, created = session.mark().partition(" ")
    assert not session.is_owner_alive(f"{pid} {float(created) - 1000}")


def test_free_port_is_the_wanted_one() -> None:
    port = free_port()
    assert session.free_port(HOST, port) == port


def test_free_port_reports_a_wanted_one_that_is_taken() -> None:
    with listening() as port, pytest.raises(DevkitError) as raised:
        session.free_port(HOST, port, fix="stop it")
    assert raised.value.what == f"port {port} on {HOST} can't be used: Address already in use"
    assert raised.value.fix == "stop it"


def test_free_port_takes_the_next_one_and_prints_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with listening() as port:
        monkeypatch.setattr(session, "FIRST_PORT", port)
        chosen = session.free_port(HOST)
    assert chosen > port
    assert capsys.readouterr().out == f"port {port} is taken: using {chosen}\n"


def test_free_port_reports_that_none_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FIRST_PORT", 3000)
    monkeypatch.setattr(session, "bind_error", lambda *_: "Permission denied")
    with pytest.raises(DevkitError) as raised:
        session.free_port(HOST)
    assert (
        raised.value.what == f"no port from 3000 to 3049 on {HOST} can be used: Permission denied"
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:3000"),
        ("0.0.0.0", "http://127.0.0.1:3000"),  # noqa: S104
        ("localhost", "http://localhost:3000"),
        ("::", "http://[::1]:3000"),
        ("::1", "http://[::1]:3000"),
    ],
)
def test_url_is_for_a_browser_on_this_machine(host: str, url: str) -> None:
    assert session.url(host, 3000) == url


def test_bind_error_reports_ports_and_hosts_that_do_not_exist() -> None:
    assert session.bind_error(HOST, 0) is None
    assert session.bind_error(HOST, 70_000) == "not a port from 0 to 65535"
    assert session.bind_error("no.such.host.invalid", 3000)


def test_accepts_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a short path
    path = Path("some.sock")
    assert not session.accepts_connections(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert not session.accepts_connections(path)
        server.listen()
        assert session.accepts_connections(path)
    assert not session.accepts_connections(path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_loopback_is_not_public(host: str) -> None:
    assert not session.is_public(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "nowhere.invalid"])  # noqa: S104
def test_what_others_can_reach_is_public(host: str) -> None:
    assert session.is_public(host)
