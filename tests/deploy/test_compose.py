"""The platform in containers on one host, as docs/host.md says: its very commands, a real engine.

One platform serves all of these tests, in their order. Needs root on Debian or an engine that
answers, and takes some ten minutes; see testing/deploy/engine.py.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.core.paths import ROOT
from devkit.dev import webserver
from devkit.generated import compose
from devkit.registry.team import Team
from testing.deploy.engine import Engine, engine
from testing.deploy.support import built_checkout
from testing.platform import descriptions, free_port, launch, load_errors, status, until
from tests.test_end_to_end import metadata, runs_of, succeeded

PAGE = (ROOT / "docs" / "host.md").read_text()
# The page's blocks of commands, by the word that follows "bash".
COMMANDS = dict(re.findall(r"(?m)^```bash (\w+)\n((?:.*\n)*?)```$", PAGE))

VARIABLE = "GREETING"  # the same in every team
SECRETS = {"analytics_project": "hello-of-analytics", "ml_project": "hello-of-ml"}
OF_THE_DATABASE = "deploy/secrets/postgres_password"

# What a team's code can see: in its code server, as a description; in a run, as metadata.
LOOK = '''
"""What this process is and has; for a test of how the team is deployed."""

import json
import os

import dagster as dg


def seen() -> str:
    """The user, Dagster's version, and every variable."""
    return json.dumps({"user": os.getuid(), "dagster": dg.__version__, **os.environ})


@dg.asset(name=f"seen_by_{__name__.partition('.')[0]}", description=seen())
def look() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"seen": dg.MetadataValue.md(seen())})


look_around = dg.define_asset_job(
    "look_around", selection=dg.AssetSelection.assets(look), executor_def=dg.in_process_executor
)


@dg.op
def wait_for_it(context: dg.OpExecutionContext) -> None:
    import time
    context.log.info("it began")
    time.sleep(25)


@dg.job(executor_def=dg.in_process_executor)
def long_job() -> None:
    wait_for_it()
'''
TAGS = "query Tags($id: ID!) { runOrError(runId: $id) { ... on Run { tags { key value } } } }"
LOG = """
query Log($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
    ... on LogMessageEvent { message } } } } }
"""


class Host:
    """A checkout on a host with an engine; commands are run in its root, as a person does."""

    def __init__(self, root: Path, docker: Engine) -> None:
        self.root = root
        self.docker = docker
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (root / "deploy/.env").write_text(
            f"DAGTEAM_PORT={self.port}\nDOCKER_SOCKET={docker.socket}\n"
        )

    def shell(self, command: str) -> str:
        """Run a block of commands to a good end; what it printed."""
        script = command.replace("/var/run/docker.sock", str(self.docker.socket))
        done = self.docker.attempt(["bash", "-euo", "pipefail", "-c", script], self.root)
        assert done.returncode == 0, f"{command}\n{done.stdout[-5000:]}\n{done.stderr[-15000:]}"
        return done.stdout

    def compose(self, arguments: str) -> str:
        """Run `docker compose` on the file."""
        return self.shell(f"docker compose -f deploy/compose.yaml {arguments}")

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL query or mutation."""
        return webserver.ask(self.url, query, variables)

    def loaded(self) -> bool:
        """Whether every location is there without an error."""
        return load_errors(self) == dict.fromkeys(SECRETS)

    def crash(self, service: str) -> None:
        """Kill every process of a service's container but its init, as lack of memory would."""
        container = self.compose(f"ps --quiet {service}").strip()
        before = self._started(container)
        self.docker.attempt(["docker", "exec", container, "sh", "-c", "kill -9 -1"], self.root)
        until(lambda: self._started(container) != before or None, 60, f"{service} is started again")
        until(lambda: self._is_healthy(container) or None, 180, f"{service} is healthy again")

    def history(self) -> dict[str, str]:
        """How the runs that have ended did end."""
        runs = [run for job in ("update_penguins", "cluster_penguins", "look_around", "long_job")
                for run in runs_of(self, job)]  # fmt: skip
        return {r["runId"]: r["status"] for r in runs if r["status"] in ("SUCCESS", "FAILURE")}

    def ran(self, job: str, location: str) -> str:
        """Launch a job and see it succeed; the run's id."""
        run_id = launch(self, job, location)
        until(lambda: _success(status(self, run_id)), 150, f"{job} of {location} ended well")
        return run_id

    def _started(self, container: str) -> str:
        return self.docker("inspect", "--format", "{{.State.StartedAt}}", container)

    def _is_healthy(self, container: str) -> bool:
        health = self.docker("inspect", "--format", "{{.State.Health.Status}}", container)
        return health.strip() == "healthy"


def _success(found: str) -> bool | None:
    assert found not in ("FAILURE", "CANCELED")
    return found == "SUCCESS" or None


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Team]) -> Iterator[Host]:
    """Everything up, by the page's commands; nothing of it left afterwards."""
    folder = tmp_path_factory.mktemp("host")
    images = yaml.safe_load(compose.files([])[compose.FOLDER / "compose.yaml"])
    (python,) = re.findall(r"(?m)^ARG PYTHON_IMAGE=(.*)$", (ROOT / "deploy/Dockerfile").read_text())
    postgres = images["services"]["postgres"]["image"].partition(":-")[2].rstrip("}")
    with engine(folder, python=python, postgres=postgres) as docker:
        checkout = built_checkout(folder / "checkout")
        for team in teams.values():
            dist = checkout.root / "dist" / team.location / team.package / "defs"
            (dist / "look.py").write_text(LOOK)
        running = Host(checkout.root, docker)
        running.shell(COMMANDS["prepare"])
        for location, value in SECRETS.items():
            secrets = checkout.root / "deploy/secrets" / location
            secrets.mkdir()
            (secrets / ".env").write_text(f"{VARIABLE}={value}\nONLY_{location.upper()}={value}\n")
        try:
            running.shell(COMMANDS["up"])
            yield running
        finally:
            running.compose("down --volumes --timeout 5")
            running.compose("ps --all --quiet")


def test_one_command_brings_up_everything(host: Host) -> None:
    shown = [json.loads(line) for line in host.compose("ps --all --format json").splitlines()]
    states = {each["Service"]: (each["State"], each["Health"]) for each in shown}
    assert states.pop("migrate", ("exited", "")) == ("exited", "")
    assert states.keys() == {"postgres", "webserver", "daemon", *SECRETS}
    assert set(states.values()) == {("running", "healthy")}
    until(lambda: host.loaded() or None, 30, "every location is loaded")


@pytest.mark.parametrize(
    ("job", "location"),
    [("update_penguins", "analytics_project"), ("cluster_penguins", "ml_project")],
)
def test_runs_are_started_each_in_its_team_s_image(host: Host, job: str, location: str) -> None:
    run_id = until(lambda: succeeded(host, job), 240, f"{job} has run")
    tags = host.ask(TAGS, id=run_id)["runOrError"]["tags"]
    assert {"key": "dagster/image", "value": f"dagteam/{location}:latest"} in tags


def test_tables_travel_from_team_to_team(host: Host) -> None:
    assert metadata(host, "penguins")["dagster/row_count"]["intValue"] == 344
    assert metadata(host, "penguin_cluster")["dagster/row_count"]["intValue"] == 342


def test_a_team_has_its_own_secrets_and_no_other_s_in_server_and_run(host: Host) -> None:
    for location, value in SECRETS.items():
        (other,) = SECRETS.keys() - {location}
        host.ran("look_around", location)
        asset = f"seen_by_{location}"
        in_run = metadata(host, asset)["seen"]["mdStr"]
        in_server = descriptions(host)[f"{location}/{asset}"]
        assert in_server is not None
        for found in (json.loads(in_run), json.loads(in_server)):
            assert found[VARIABLE] == value
            assert f"ONLY_{other.upper()}" not in found
            assert SECRETS[other] not in found.values()
            assert found["user"] == 10001


def test_no_process_is_root_s(host: Host) -> None:
    for service in ("postgres", "webserver", "daemon", *SECRETS):
        user = host.compose(f"exec -T {service} id -u").strip()
        assert user not in ("", "0"), service
        written = host.docker.attempt(
            ["docker", "compose", "-f", "deploy/compose.yaml", "exec", "-T", service,
             "touch", "/opt/here"], host.root)  # fmt: skip
        assert written.returncode, f"{service} can write to its own file system"


def test_no_secret_is_in_an_image_or_shown_by_docker(host: Host) -> None:
    secrets = [*SECRETS.values(), (host.root / OF_THE_DATABASE).read_text().strip()]
    images = [f"dagteam/{name}:latest" for name in ("orchestrator", *SECRETS)]
    shown = [host.docker("history", "--no-trunc", image) for image in images]
    shown.append(host.docker("image", "inspect", *images))
    shown.append(host.docker("inspect", *host.docker("ps", "--all", "--quiet").split()))
    assert not [secret for secret in secrets if secret in "".join(shown)]
    for image in images:
        files = host.docker("run", "--rm", "--entrypoint", "find", image,
                            "/opt/dagteam", "/run", "-type", "f")  # fmt: skip
        assert ".env" not in files
        assert "postgres_password" not in files


@pytest.mark.parametrize("service", ["analytics_project", "postgres", "daemon", "webserver"])
def test_what_crashes_comes_back_and_a_run_in_flight_goes_on(host: Host, service: str) -> None:
    before = host.history()
    run_id = launch(host, "long_job", "analytics_project")
    until(lambda: "it began" in json.dumps(host.ask(LOG, id=run_id)) or None, 60, "a run began")
    host.crash(service)
    until(lambda: host.loaded() or None, 90, "every location is back")
    until(lambda: _success(status(host, run_id)), 120, "the run that was in flight ended well")
    host.ran("look_around", "analytics_project")
    assert before.items() <= host.history().items()


def test_history_outlives_the_containers_and_is_in_a_backup(host: Host) -> None:
    before = host.history()
    host.shell(COMMANDS["backup"])
    host.compose("down --timeout 20")
    host.shell(COMMANDS["up"])
    assert before.items() <= host.history().items()
    host.compose("down --volumes --timeout 20")
    host.shell(COMMANDS["restore"])
    assert before.items() <= host.history().items()
    assert metadata(host, "penguins")["dagster/row_count"]["intValue"] == 344


def test_an_upgrade_of_one_team_touches_no_other(host: Host) -> None:
    def containers() -> dict[str, str]:
        return {
            s: host.compose(f"ps --quiet {s}").strip() for s in ("postgres", "daemon", *SECRETS)
        }

    before = containers()
    code = host.root / "dist/ml_project/ml_project/defs/look.py"
    code.write_text(code.read_text().replace("seen_by_", "noticed_by_"))
    host.shell(COMMANDS["up"])
    after = containers()
    assert {name for name in after if after[name] != before[name]} == {"ml_project"}
    until(lambda: "ml_project/noticed_by_ml_project" in descriptions(host) or None, 60, "it is new")
