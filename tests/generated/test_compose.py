"""A single host: the Compose file, the images and their entry point, without Docker."""

import http.server
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import DAGSTER_YAML, ROOT, TOOLS, TOOLS_LOCK
from devkit.generated import compose, dagster_plus, dagster_yaml, helm
from devkit.registry.team import Team
from testing.support import UNPRIVILEGED_USER, run

FOLDER = ROOT / "deploy"
ORCHESTRATOR = {"webserver", "daemon"}
DOCKERFILES = [FOLDER / "Dockerfile", FOLDER / "orchestrator.Dockerfile"]


@pytest.fixture(scope="module")
def project(teams: dict[str, Team]) -> dict[str, Any]:
    """The Compose file of this registry."""
    return read(list(teams.values()))


def read(teams: list[Team]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(compose.files(teams)[FOLDER / "compose.yaml"])
    return found


def many(teams: dict[str, Team], number: int) -> list[Team]:
    """This number of teams, copies of the first."""
    first, *_ = teams.values()
    return [
        replace(first, location=f"team{n}_project", module=f"team{n}_project.definitions")
        for n in range(number)
    ]


def test_the_compose_file_conforms_to_the_specification(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    for name, number in (("few", 1), ("many", 50)):
        text = compose.files(many(teams, number))[FOLDER / "compose.yaml"]
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    schema = ("--builtin-schema", "vendor.compose-spec")
    done = run([TOOLS / "bin/check-jsonschema", *schema, *tmp_path.iterdir()], ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_can_be_built_from_another_index_and_keeps_no_trace_of_it(
    path: Path, project: dict[str, Any]
) -> None:
    wanted = {"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "PIP_CERT", "SSL_CERT_FILE"}
    _, packages, final = re.split(r"(?m)^FROM ", path.read_text(encoding="utf-8"))
    arguments = re.findall(r"(?m)^ARG (\w+)$", packages)  # without a default: unset, if not given
    assert wanted <= set(arguments)
    assert min(map(packages.index, wanted)) < packages.index("pip install")
    assert not any(name in final for name in wanted)
    for service in ("webserver", "daemon", *(name for name in project["services"])):
        if build := project["services"][service].get("build"):
            assert wanted <= build["args"].keys()


def test_each_team_adds_one_service_and_nothing_else(teams: dict[str, Team]) -> None:
    fifty = many(teams, 50)
    none, all_ = read([]), read(fifty)
    added = all_["services"].keys() - none["services"].keys()
    assert added == {team.location for team in fifty}
    assert {key: text for key, text in all_.items() if key != "services"} == {
        key: text for key, text in none.items() if key != "services"
    }
    lines = compose.files(fifty)[FOLDER / "compose.yaml"].count("\n")
    assert lines < 150 + 20 * 50


def test_no_team_can_have_the_name_of_a_platform_service(teams: dict[str, Team]) -> None:
    assert read([])["services"].keys() == compose.RESERVED
    with pytest.raises(DevkitError, match="invalid location name 'daemon'"):
        compose.files([replace(teams["ml"], location="daemon")])


@pytest.mark.parametrize("name", ["on", "No", "y", "null", "true", "on_project", "a1e3", "nan"])
def test_a_name_that_yaml_takes_for_a_value_stays_a_name(name: str, teams: dict[str, Team]) -> None:
    team = replace(teams["ml"], location=name, module=name)
    service = read([team])["services"][name]
    assert service["build"]["args"]["LOCATION"] == service["build"]["args"]["MODULE"] == name
    (entry,) = yaml.safe_load(compose.workspace([team]))["load_from"]
    assert entry["grpc_server"]["host"] == name
    texts = helm.files([team])
    (server,) = yaml.safe_load(texts[helm.PLATFORM])["dagsterWebserver"]["workspace"]["servers"]
    release = name.lower().replace("_", "-")
    assert server == {"host": release, "port": 4000, "name": name}
    values = yaml.safe_load(texts[helm.TEAMS / f"{name}.yaml"])
    (deployment,) = values["deployments"]
    assert deployment["name"] == values["serviceAccount"]["name"] == release
    assert deployment["dagsterApiGrpcArgs"] == ["-m", name]
    (location,) = yaml.safe_load(*dagster_plus.files([team]).values())["locations"]
    assert location["location_name"] == name


@pytest.mark.parametrize("name", ["a___b", "a_"])
def test_a_name_that_no_image_can_have_is_refused(name: str, teams: dict[str, Team]) -> None:
    with pytest.raises(DevkitError, match=f"invalid location name '{name}'"):
        compose.files([replace(teams["ml"], location=name)])


def test_a_team_s_container_has_its_own_secrets_and_no_other_s(
    project: dict[str, Any], teams: dict[str, Team]
) -> None:
    for name, service in project["services"].items():
        text = yaml.safe_dump(service)
        shown = {team.location for team in teams.values() if team.location in text}
        assert shown == {name} & {team.location for team in teams.values()}


def test_a_run_s_container_has_the_code_server_s_image_and_mounts(
    project: dict[str, Any], teams: dict[str, Team]
) -> None:
    for team in teams.values():
        service = project["services"][team.location]
        environment = service["environment"]
        assert environment["DAGSTER_CURRENT_IMAGE"] == service["image"]
        wanted = f'"volumes_from": ["{service["container_name"]}"]'
        assert wanted in environment["DAGSTER_CONTAINER_CONTEXT"]


def test_every_container_has_minimal_privileges(project: dict[str, Any]) -> None:
    for name, service in project["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert "privileged" not in service, name
        has_socket = any("docker.sock" in volume for volume in service.get("volumes", []))
        assert has_socket == (name in ORCHESTRATOR), name


def test_every_container_is_restarted_except_migrate(project: dict[str, Any]) -> None:
    policies = {name: service["restart"] for name, service in project["services"].items()}
    assert policies.pop("migrate") == "no"
    assert set(policies.values()) == {"unless-stopped"}


def test_only_the_ui_is_published_and_only_to_this_host(project: dict[str, Any]) -> None:
    published = {name: s["ports"] for name, s in project["services"].items() if "ports" in s}
    assert published == {"webserver": ["${DAGTEAM_ADDRESS:-127.0.0.1}:${DAGTEAM_PORT:-3000}:3000"]}


@pytest.fixture
def broken_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of Docker's client in a container; nothing answers on that address."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)


@pytest.mark.usefixtures("broken_proxy")
def test_the_webserver_s_health_check_does_not_go_through_a_proxy(project: dict[str, Any]) -> None:
    _, _, _, code = project["services"]["webserver"]["healthcheck"]["test"]
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        asked = code.replace("127.0.0.1:3000/server_info", f"127.0.0.1:{server.server_port}/")
        assert asked != code
        Thread(target=server.serve_forever, daemon=True).start()
        done = run([sys.executable, "-c", asked], ROOT)
        server.shutdown()
    assert done.returncode == 0, done.stderr


# A code server's health service, and then a program that asks it: argv after the code.
SERVE = """
import subprocess, sys
from concurrent import futures
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
server = grpc.server(futures.ThreadPoolExecutor(1))
service = health.HealthServicer()
service.set("DagsterApi", health_pb2.HealthCheckResponse.SERVING)
health_pb2_grpc.add_HealthServicer_to_server(service, server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
sys.exit(subprocess.run([sys.executable, *sys.argv[1:], str(port)]).returncode)
"""
# As Dagster does: a channel without options of its own.
ASK = """
import sys
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
stub = health_pb2_grpc.HealthStub(grpc.insecure_channel(f"localhost:{sys.argv[1]}"))
stub.Check(health_pb2.HealthCheckRequest(service="DagsterApi"), timeout=20)
"""


@pytest.mark.usefixtures("broken_proxy")
def test_code_servers_are_not_asked_through_a_proxy(
    project: dict[str, Any], teams: dict[str, Team]
) -> None:
    python = teams["ml"].python
    for service in ("webserver", "daemon"):
        proxy = project["services"][service]["environment"]["grpc_proxy"]
        done = run([python, "-c", SERVE, "-c", ASK], ROOT, {"grpc_proxy": proxy})
        assert done.returncode == 0, done.stderr
    done = run([python, "-c", SERVE, "-P", FOLDER / "health.py"], ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "address", "warned"),
    [
        ("dagster-webserver", "192.0.2.1", True),
        ("/opt/venv/bin/dagster-webserver", "192.168.0.7", True),
        ("dagster-webserver", "[::]", True),
        ("dagster-webserver", "ui.example", True),
        ("dagster-webserver", "127.0.0.1", False),
        ("dagster-webserver", "[::1]", False),
        ("dagster-webserver", "localhost", False),
        ("dagster-daemon", "192.0.2.1", False),
    ],
)
def test_a_published_ui_without_a_login_is_warned_of(
    command: str, address: str, warned: bool, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / Path(command).name
    program.write_text("#!/bin/sh\necho started\n", encoding="utf-8")
    program.chmod(0o755)
    argv = program if "/" in command else command
    variables = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "DAGTEAM_ADDRESS": address}
    done = become(tmp_path, str(argv), env=variables)
    assert done.stdout == "started\n"
    assert (f"the UI has no login and is published on {address}" in done.stderr) == warned


def test_compose_tells_the_webserver_where_it_is_published(project: dict[str, Any]) -> None:
    webserver = project["services"]["webserver"]
    (port,) = webserver["ports"]
    assert port.startswith(f"{webserver['environment']['DAGTEAM_ADDRESS']}:")


def test_no_tracked_file_contains_a_secret(project: dict[str, Any]) -> None:
    sensitive = re.compile(r"PASSWORD|SECRET|TOKEN|KEY", re.IGNORECASE)
    for service in project["services"].values():
        for name, value in service.get("environment", {}).items():
            if sensitive.search(name):
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/secrets/"), name
    launcher = yaml.safe_load(dagster_yaml.text())["run_launcher"]["config"]
    # A run's record and container show the launcher's variables: only names, and no secret's.
    assert not [name for name in launcher["env_vars"] if sensitive.search(name) or "=" in name]
    for ignored in ("deploy/secrets/postgres_password", "deploy/secrets/ml_project/.env"):
        assert run(["git", "check-ignore", "--quiet", ignored], ROOT).returncode == 0


def test_the_orchestrator_loads_each_team_s_code_server(teams: dict[str, Team]) -> None:
    entries = yaml.safe_load(compose.workspace(list(teams.values())))["load_from"]
    assert [entry["grpc_server"] for entry in entries] == [
        {"host": team.location, "port": 4000, "location_name": team.location}
        for team in teams.values()
    ]
    assert "EXPOSE 4000\n" in DOCKERFILES[0].read_text(encoding="utf-8")


def test_dagster_yaml_is_the_orchestrator_s_with_additions() -> None:
    ours, theirs = (
        yaml.safe_load(text)
        for text in (dagster_yaml.text(), DAGSTER_YAML.read_text(encoding="utf-8"))
    )
    assert theirs.items() <= ours.items()
    added = {"storage", "run_launcher", "run_queue", "compute_logs", "local_artifact_storage"}
    assert ours.keys() - theirs.keys() == added


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_an_image_is_pinned_and_does_not_run_as_root(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    *_, user = re.findall(r"(?m)^USER (.*)$", text)
    assert user == "10001:10001"
    (version,) = re.findall(r"(?m)^ARG UV_VERSION=(.*)$", text)
    assert f"\nuv=={version} " in TOOLS_LOCK.read_text(encoding="utf-8")
    assert "--require-hashes" in text
    (base,) = re.findall(r"(?m)^ARG PYTHON_IMAGE=(.*)$", text)
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    assert set(re.findall(r"(?m)^FROM (\S+)", text)) == {"${PYTHON_IMAGE}"}
    assert "--mount" not in text  # which needs BuildKit


def test_only_built_files_get_into_an_image() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules[1:] if rule.startswith("!")}
    assert len(allowed) == len(rules) - 1
    assert "deploy" not in allowed  # that is where the secrets are
    copied = {
        source
        for file in DOCKERFILES
        for sources in re.findall(
            r"(?m)^COPY (?!--from)(.*) \S+$", file.read_text(encoding="utf-8")
        )
        for source in sources.split()
    }
    assert {source for source in copied if not source.startswith("dist/")} == allowed - {"dist"}


# Runs the entry point with the secrets of another folder, as another user.
BECOME = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import entrypoint
entrypoint.SECRETS = Path(sys.argv[2])
if int(sys.argv[3]):
    os.setuid(int(sys.argv[3]))
entrypoint.main(sys.argv[4:])
"""


def become(
    secrets: Path, *command: str, user: int = 0, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Start a command as a container does; TEST_* is a variable that the image sets."""
    argv = [sys.executable, "-c", BECOME, str(FOLDER), str(secrets), str(user), *command]
    return run(argv, ROOT, {"TEST_GREETING": "from the image", **(env or {})})


@pytest.fixture
def secrets() -> Iterator[Path]:
    """A folder like `/run/secrets` in a container, which every user can read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "team").mkdir()
        (folder / "team/.env").write_text(
            "# ours\nTEST_GREETING='hello there'\nTEST_EMPTY=\n", encoding="utf-8"
        )
        (folder / "postgres_password").write_text("made-for-this-test\n", encoding="utf-8")
        yield folder
        (folder / "team").chmod(0o755)


def test_a_command_has_the_team_s_variables_and_the_password(secrets: Path) -> None:
    variables = become(secrets, "env").stdout.splitlines()
    assert {"TEST_GREETING=hello there", "TEST_EMPTY="} <= set(variables)
    assert "DAGSTER_PG_PASSWORD=made-for-this-test" in variables


def test_without_secrets_nothing_is_added(tmp_path: Path) -> None:
    variables = become(tmp_path, "env").stdout
    assert "TEST_GREETING=from the image\n" in variables
    assert "DAGSTER_PG_PASSWORD" not in variables


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", ["team", "team/.env", "postgres_password"])
def test_secrets_that_can_not_be_read_are_named_and_nothing_is_started(
    secrets: Path, closed: str
) -> None:
    (secrets / closed).chmod(0)
    done = become(secrets, "echo", "started", user=UNPRIVILEGED_USER)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{secrets / closed}" in done.stderr.splitlines()[0]
    assert f"user {UNPRIVILEGED_USER} of this container" in done.stderr
    assert "chmod -R a+rX deploy/secrets/*" in done.stderr


def test_a_team_that_needs_another_python_has_another_base_image(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    older = '[project]\nname = "old"\nrequires-python = ">=3.9,<3.11"\n'
    (tmp_path / "pyproject.toml").write_text(older, encoding="utf-8")
    usual, *_ = teams.values()
    old = replace(usual, location="old_project", directory=tmp_path)
    services = read([usual, old])["services"]
    images = [services[team.location]["build"]["args"].get("PYTHON_IMAGE") for team in (usual, old)]
    assert images == [None, "${PYTHON_IMAGE_3_10:-python:3.10-slim-bookworm}"]
