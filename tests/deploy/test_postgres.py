"""The platform as it is deployed: built folders, environments of their own, TCP, PostgreSQL.

One platform serves all of these tests, in their order: each sees what follows a fault, and that
what was before it is still there.
"""

import asyncio
import signal
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT
from devkit.dev import webserver
from devkit.dev.clock import Clock
from devkit.registry.team import Team
from testing.deploy.postgres import Postgres, postgres
from testing.deploy.support import built_checkout, environment
from testing.platform import (
    LONG_JOB,
    existing,
    free_port,
    launch,
    load_errors,
    processes_of,
    status,
    until,
)
from tests.test_end_to_end import runs_of, succeeded, summary

HOST = "127.0.0.1"
STORAGE = {
    "storage": {
        "postgres": {
            "postgres_db": {
                "hostname": {"env": "DAGSTER_PG_HOST"},
                "port": {"env": "DAGSTER_PG_PORT"},
                "username": {"env": "DAGSTER_PG_USERNAME"},
                "password": {"env": "DAGSTER_PG_PASSWORD"},
                "db_name": {"env": "DAGSTER_PG_DB"},
                "scheme": "postgresql+psycopg2",  # of SQLAlchemy 2.1 on not the default any more
            }
        }
    }
}


class Deployed:
    """A webserver, a daemon and a code server for each team, as a host would start them."""

    def __init__(self, dist: Path, folder: Path, database: Postgres, teams: Sequence[Team]) -> None:
        self.dist = dist
        self.folder = folder
        self.home = folder / "home"
        self.store = folder / "store"
        self.database = database
        self.ports = {team.location: free_port() for team in teams}
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.pythons = {
            name: environment(
                folder / f"venv-{name}", "--require-hashes", "-r", dist / name / "requirements.txt"
            )
            for name in ("orchestrator", *self.ports)
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.home.mkdir()
        instance = yaml.safe_load((ROOT / "orchestrator" / "dagster.yaml").read_text())
        (self.home / "dagster.yaml").write_text(yaml.safe_dump({**instance, **STORAGE}))
        servers = [
            {"grpc_server": {"host": HOST, "port": port, "location_name": location}}
            for location, port in self.ports.items()
        ]
        (self.home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": servers}))

    def _install(self, name: str) -> Path:
        lock = self.dist / name / "requirements.txt"
        return environment(self.folder / f"venv-{name}", "--require-hashes", "-r", lock)

    def start(self, name: str) -> None:
        """Start a location's code server, the webserver or the daemon."""
        workspace = ("-w", str(self.home / "workspace.yaml"))
        if name in self.ports:
            python = self.pythons[name]
            listen = ("--host", HOST, "--port", str(self.ports[name]))
            argv = [python, "-m", "dagster", "code-server", "start", *listen]
            folder = self.dist / name
            project = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["dagster"]
            argv += ["--module-name", project["module_name"], "--location-name", name]
            argv += ["--use-python-environment-entry-point"]
        else:
            programs = {"webserver": "dagster-webserver", "daemon": "dagster-daemon"}
            options = {
                "webserver": ("--host", HOST, "--port", str(self.port)),
                "daemon": ("run",),
            }
            argv = [
                self.pythons["orchestrator"].parent / programs[name],
                *options[name],
                *workspace,
            ]
            folder = self.home
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(part) for part in argv], cwd=folder, env=self._environment(),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """End one process with -9, as the kernel does when memory is short."""
        self._running[name].send_signal(signal.SIGKILL)
        self._running.pop(name).wait()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL query or mutation."""
        return webserver.ask(self.url, query, variables)

    def loaded(self) -> bool:
        """Whether every location is there without an error."""
        return load_errors(self) == dict.fromkeys(self.ports)

    def seen(self, location: str, since: float) -> bool:
        """Whether the webserver has looked at a location since then, and all are loaded."""
        client = webserver.Client(self.url, Clock())
        return asyncio.run(client.updates()).get(location, 0) > since and self.loaded()

    def end(self) -> None:
        """Nothing of it runs afterwards."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
        for left in processes_of(self.home):
            with suppress(psutil.Error):
                left.kill()
                left.wait(10)
        for process in self._running.values():
            process.wait(5)

    def _environment(self) -> Mapping[str, str]:
        return {
            **clean_environment(),
            **self.database.environ,
            "DAGSTER_HOME": str(self.home),
            "DAGTEAM_STORE": str(self.store),
            "TEST_FOLDER": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Team]
) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("host")
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        checkout = built_checkout(folder / "checkout")
        assets = checkout.root / "analytics_project/analytics_project/defs/assets.py"
        assets.write_text(assets.read_text() + LONG_JOB)
        assert checkout.tasks("build").returncode == 0
        running = Deployed(checkout.root / "dist", folder, database, list(teams.values()))
        stack.callback(running.end)
        for name in (*running.ports, "webserver"):
            running.start(name)
        until(lambda: running.loaded() or None, 90, "both locations loaded")
        running.start("daemon")
        yield running


def begin_long_job(platform: Deployed) -> str:
    """Launch a run that goes on until a file is there; its id once it does."""
    for name in ("began", "go"):
        (platform.folder / name).unlink(missing_ok=True)
    run_id = launch(platform, "long_job", "analytics_project")
    until(lambda: existing(platform.folder / "began"), 60, "the long run began")
    return run_id


def end_long_job(platform: Deployed, run_id: str) -> None:
    """Let it end, and see that it ended well."""
    (platform.folder / "go").touch()
    until(lambda: status(platform, run_id) == "SUCCESS" or None, 60, "the long run ended well")


def history(platform: Deployed) -> dict[str, str]:
    """The runs that have ended, as a person sees them."""
    jobs = {"update_penguins", "cluster_penguins", "long_job"}
    runs = [run for job in sorted(jobs) for run in runs_of(platform, job)]
    return {run["runId"]: run["status"] for run in runs if run["status"] in ("SUCCESS", "FAILURE")}


def successes(platform: Deployed) -> int:
    return [run["status"] for run in runs_of(platform, "update_penguins")].count("SUCCESS")


def test_penguins_are_scheduled_and_clusters_follow(
    platform: Deployed, teams: dict[str, Team]
) -> None:
    until(lambda: succeeded(platform, "update_penguins"), 150, "the schedule made penguins")
    until(lambda: succeeded(platform, "cluster_penguins"), 90, "the sensor ran the clusters")
    for team in teams.values():
        assert summary(team, platform.store / "penguins.parquet")["rows"] == 344
    assert summary(teams["ml"], platform.store / "penguin_cluster.parquet")["rows"] == 342
    assert not list(platform.home.rglob("*.db"))  # nothing is kept beside the database


def test_a_run_outlives_its_code_server(platform: Deployed) -> None:
    before = history(platform)
    run_id = begin_long_job(platform)
    began = time.time()
    platform.kill("analytics_project")
    platform.start("analytics_project")
    until(lambda: platform.seen("analytics_project", began) or None, 90, "the location is back")
    end_long_job(platform, run_id)
    assert before.items() <= history(platform).items()
    assert launch(platform, "update_penguins", "analytics_project")


def test_a_run_outlives_the_database(platform: Deployed) -> None:
    before = history(platform)
    run_id = begin_long_job(platform)
    platform.database.kill()
    platform.database.start()
    end_long_job(platform, run_id)
    assert before.items() <= history(platform).items()


@pytest.mark.parametrize("name", ["webserver", "daemon"])
def test_webserver_and_daemon_take_up_where_they_were(platform: Deployed, name: str) -> None:
    before = history(platform)
    platform.kill(name)
    platform.start(name)
    until(lambda: platform.loaded() or None, 60, "both locations are there")
    done = successes(platform)
    until(lambda: successes(platform) > done or None, 150, "the next tick")
    assert before.items() <= history(platform).items()
