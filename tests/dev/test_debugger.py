"""A team's code server under the debugger that an editor attaches to."""

import socket
import subprocess
from pathlib import Path

import pytest

from devkit.dev import dagster_cli, debugger
from devkit.registry.team import Team
from testing.platform import dev, free_port, prepared_home, until
from testing.support import Checkout

SHOW_PATH = "import sys; print([path for path in sys.path if '.venv-tools' in path])"


def greeting(port: int) -> bytes | None:
    """The first bytes of a server that speaks the Debug Adapter Protocol."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(15) or None


def test_debugger_hides_the_tools_from_the_teams_code(
    teams: dict[str, Team], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debugger, "PORT", free_port())
    for team in teams.values():
        argv = debugger.listening([str(team.python), "-c", SHOW_PATH])
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n", done.stderr


def test_debugger_runs_a_module_as_a_code_server_is_run(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debugger, "PORT", free_port())
    code = "import sys\nprint(__name__, sys.argv[1:], sys.path[0] == '')\n"
    (tmp_path / "some_module.py").write_text(f"{code}{SHOW_PATH}\n", encoding="utf-8")
    for team in teams.values():
        command = (str(team.python), str(dagster_cli.RUN_MODULE), "some_module", "--flag")
        done = subprocess.run(
            debugger.listening(command), cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout == "__main__ ['--flag'] True\n[]\n", done.stderr


def test_debugger_can_attach_to_a_teams_code_server(copy: Checkout, tmp_path: Path) -> None:
    port = free_port()
    copy.edit("devkit/dev/debugger.py", "PORT = 5678", f"PORT = {port}")
    home = prepared_home(copy, tmp_path / "home")
    with dev(home, "--team", "ml", "--debug", "ml", root=copy.root) as platform:
        platform.wait_for("1 of 1 locations loaded")
        assert f"a debugger can attach to ml: 127.0.0.1:{port}" in platform.text
        assert until(lambda: greeting(port), 10, "a debugger") == b"Content-Length:"
        platform.stop()
        until(lambda: not platform.left_over(), 10, "no process is left")
