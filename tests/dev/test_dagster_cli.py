"""Dagster's command lines, and the lines of its logs that are hidden on the terminal."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from devkit.core.paths import PROGRAMS, ROOT
from devkit.dev import dagster_cli
from devkit.dev.dagster_cli import LogFilter
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.team import Team

NOW = "2026-11-23 08:33:00 +0000"
RUN_MODULE = str(PROGRAMS / "run_module.py")


@pytest.mark.parametrize(
    "line",
    [
        f"{NOW} - dagster-webserver - INFO - Serving dagster-webserver on http://127.0.0.1:3000",
        f"{NOW} - dagster.code_server - INFO - Starting Dagster code server",
        f"{NOW} - dagster - DEBUG - run - 12 - RUN_START - Started execution",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Checking for new runs for sensor: s",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Sensor s skipped: no new events",
    ],
)
def test_log_filter_hides_routine(line: str) -> None:
    assert LogFilter().shown(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "printed by a team's code",
        f"{NOW} - dagster.daemon.SensorDaemon - INFO - Completed launch of run 1 for s",
        f"{NOW} - dagster.daemon.SensorDaemon - ERROR - Sensor s failed",
        f"{NOW} - dagster.daemon.SensorDaemon - WARNING - Sensor s skipped a tick",
        f"{NOW} - dagster-webserver - ERROR - it can't",
        f"{NOW} - analytics - INFO - Evaluating the model",
    ],
)
def test_log_filter_shows_events(line: str) -> None:
    assert LogFilter().shown(line) == [line]


def test_log_filter_hides_a_traceback_with_its_record() -> None:
    log_filter = LogFilter()
    assert log_filter.shown(f"{NOW} - dagster.code_server - ERROR - it does not load") == []
    assert log_filter.shown("Traceback (most recent call last):") == []
    for line in (f"{NOW} - dagster.daemon - ERROR - it died", "Traceback (most recent call last):"):
        assert log_filter.shown(line) == [line]


TICK = f"\x1b[34m{NOW} - dagster.daemon.SensorDaemon - ERROR - Sensor tick caught an error\x1b[0m"
NEXT = f"{NOW} - dagster.daemon.SensorDaemon - INFO - Checking for new runs for sensor: s"


def test_log_filter_hides_that_a_code_server_is_not_reached() -> None:
    log_filter = LogFilter()
    error = "dagster._core.errors.DagsterUserCodeUnreachableError: Unable to reach the server"
    for line in (TICK, "Traceback (most recent call last):", "  File x", error, "  at the end"):
        assert log_filter.shown(line) == []
    assert log_filter.shown(NEXT) == []
    assert log_filter.shown("of a team") == []  # what belongs to the last record
    event = f"{NOW} - dagster.daemon.SensorDaemon - INFO - Completed launch of run 1 for s"
    assert log_filter.shown(event) == [event]


def test_log_filter_shows_another_failed_tick_when_it_is_complete() -> None:
    log_filter = LogFilter()
    lines = [TICK, "Traceback (most recent call last):", "ZeroDivisionError: division by zero"]
    for line in lines:
        assert log_filter.shown(line) == []
    assert log_filter.shown(NEXT) == lines


def test_webserver_runs_in_the_orchestrators_environment() -> None:
    assert dagster_cli.webserver(Path("/state/workspace.yaml"), "127.0.0.1", 3001) == (
        str(orchestrator_environment().python),
        "-P", RUN_MODULE, "dagster_webserver",
        "--workspace", "/state/workspace.yaml",
        "--host", "127.0.0.1",
        "--port", "3001",
    )  # fmt: skip


def test_daemon_runs_in_the_orchestrators_environment() -> None:
    program = orchestrator_environment().path / "bin/dagster-daemon"
    assert dagster_cli.daemon(Path("/state/workspace.yaml")) == (
        str(program), "run", "--workspace", "/state/workspace.yaml",
    )  # fmt: skip


def test_code_server_runs_in_the_teams_environment(teams: dict[str, Team]) -> None:
    for team in teams.values():
        assert dagster_cli.code_server(team, Path("/sockets/1.sock")) == (
            str(team.python),
            RUN_MODULE, "dagster", "code-server", "start",
            "--socket", "/sockets/1.sock",
            "--module-name", team.module,
            "--working-directory", str(team.directory),
            "--location-name", team.location,
            "--use-python-environment-entry-point",
        )  # fmt: skip


def options_of(argv: Sequence[str]) -> set[str]:
    return {part for part in argv if part.startswith("--")}


def test_dagster_has_every_option_that_is_passed(teams: dict[str, Team]) -> None:
    workspace = Path("/state/workspace.yaml")
    webserver = dagster_cli.webserver(workspace, "127.0.0.1", 3001)
    commands = [
        (webserver, webserver[:4]),
        (dagster_cli.daemon(workspace), dagster_cli.daemon(workspace)[:2]),
    ]
    for team in teams.values():
        code_server = dagster_cli.code_server(team, Path("/sockets/1.sock"))
        commands.append((code_server, code_server[:5]))
    for argv, command in commands:
        done = subprocess.run(
            [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert options_of(argv) <= set(done.stdout.replace(",", " ").split()), argv


def test_workspace_lists_each_code_servers_socket() -> None:
    text = dagster_cli.workspace({"b": Path("/sockets/1.sock"), "a": Path("/sockets/2.sock")})
    assert yaml.safe_load(text) == {
        "load_from": [
            {"grpc_server": {"location_name": "b", "socket": "/sockets/1.sock"}},
            {"grpc_server": {"location_name": "a", "socket": "/sockets/2.sock"}},
        ]
    }


def test_run_module_runs_as_python_does_with_m(tmp_path: Path) -> None:
    code = "import gc, sys\nprint(__name__, sys.argv[1:], gc.get_threshold()[0], sys.path[0])\n"
    (tmp_path / "some_module.py").write_text(code, encoding="utf-8")
    python = orchestrator_environment().python
    done = subprocess.run(
        [python, RUN_MODULE, "some_module", "--flag", "value"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "__main__ ['--flag', 'value'] 50000 \n"


def test_the_webserver_imports_nothing_from_the_current_folder(tmp_path: Path) -> None:
    for name in ("yaml", "queue", "dagster"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('here')\n", encoding="utf-8")
    python, *options = dagster_cli.webserver(tmp_path / "workspace.yaml", "127.0.0.1", 1)
    done = subprocess.run(
        [python, *options[:3], "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
