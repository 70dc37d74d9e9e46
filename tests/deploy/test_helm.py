"""The charts take our values, by their own schema, and render what docs/cluster.md says.

Needs `helm` on the PATH, and Dagster's chart, which no package brings: the variable DAGSTER_CHART
names its folder, as `helm pull dagster/dagster --untar` makes it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devkit.generated import helm
from devkit.registry.team import Team
from testing.support import run

CHART = os.environ.get("DAGSTER_CHART", "")
TEAM_CHART = Path(CHART) / "charts" / "dagster-user-deployments"

pytestmark = pytest.mark.skipif(
    not CHART or shutil.which("helm") is None,
    reason="needs helm, and DAGSTER_CHART: see docs/cluster.md",
)


def rendered(release: str, chart: str | Path, values: Path, *options: str) -> list[Any]:
    """What `helm template` makes of a chart."""
    command = ("helm", "template", release, chart, "--namespace", "dagteam", "--values", values)
    done = run([*command, *options], values.parent)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(documents: list[Any], kind: str) -> Iterator[Any]:
    return (document for document in documents if document["kind"] == kind)


def container(deployment: Any) -> Any:
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return only


@pytest.fixture(scope="module")
def platform() -> list[Any]:
    return rendered(
        "dagster", CHART, helm.PLATFORM,
        "--set", "postgresql.postgresqlHost=db.example.com",
        "--set", "dagsterWebserver.image.repository=registry.example.com/orchestrator",
        "--set-string", "dagsterWebserver.image.tag=1234567",
    )  # fmt: skip


def test_the_platform_has_its_services_and_no_code(platform: list[Any]) -> None:
    names = {document["metadata"]["name"] for document in of_kind(platform, "Deployment")}
    assert names == {"dagster-dagster-webserver", "dagster-daemon"}
    assert not list(of_kind(platform, "Secret"))  # no password is in a values file
    (webserver,) = (
        each
        for each in of_kind(platform, "Deployment")
        if each["metadata"]["name"] == "dagster-dagster-webserver"
    )
    assert container(webserver)["image"] == "registry.example.com/orchestrator:1234567"
    (budget,) = of_kind(platform, "PodDisruptionBudget")
    chosen = budget["spec"]["selector"]["matchLabels"].items()
    assert chosen <= webserver["spec"]["template"]["metadata"]["labels"].items()


def test_the_platform_knows_every_team_and_keeps_history_outside(
    platform: list[Any], teams: dict[str, Team]
) -> None:
    files = {
        name: yaml.safe_load(text)
        for document in of_kind(platform, "ConfigMap")
        for name, text in (document.get("data") or {}).items()
        if name.endswith(".yaml")
    }
    servers = [entry["grpc_server"] for entry in files["workspace.yaml"]["load_from"]]
    assert {server["location_name"]: server["host"] for server in servers} == {
        team.location: helm.release(team) for team in teams.values()
    }
    instance = files["dagster.yaml"]
    database = instance["run_storage"]["config"]["postgres_db"]
    assert (database["hostname"], database["password"]) == (
        "db.example.com",
        {"env": "DAGSTER_PG_PASSWORD"},
    )
    assert instance["run_launcher"]["class"] == "K8sRunLauncher"
    (limit,) = instance["concurrency"]["runs"]["tag_concurrency_limits"]
    assert limit["key"] == "dagster/code_location"
    assert instance["telemetry"] == {"enabled": False}


def test_the_database_is_migrated_by_a_job_on_its_own() -> None:
    (job,) = rendered(
        "dagster", CHART, helm.PLATFORM,
        "--set", "migrate.enabled=true", "--show-only", "templates/job-instance-migrate.yaml",
    )  # fmt: skip
    assert container(job)["args"] == ["instance", "migrate"]


def test_a_teams_release_is_its_own_down_to_its_runs(teams: dict[str, Team]) -> None:
    owned: dict[tuple[str, str], str] = {}
    for team in teams.values():
        name = helm.release(team)
        documents = rendered(
            name, TEAM_CHART, helm.TEAMS / f"{team.location}.yaml",
            "--set", f"deployments[0].image.repository=registry.example.com/{team.location}",
            "--set-string", "deployments[0].image.tag=1234567",
        )  # fmt: skip
        for document in documents:  # else one release could not be installed beside the other
            key = (document["kind"], document["metadata"]["name"])
            assert owned.setdefault(key, name) == name
        (deployment,) = of_kind(documents, "Deployment")
        server = container(deployment)
        assert server["args"][-2:] == ["-m", team.module]
        assert server["image"] == f"registry.example.com/{team.location}:1234567"
        probes = ("startupProbe", "readinessProbe", "livenessProbe")
        asked = [server[probe]["exec"]["command"] for probe in probes]
        assert asked == 3 * [["python", "-I", "/opt/dagteam/health.py", "4000"]]
        secrets = [each["secretRef"] for each in server["envFrom"] if "secretRef" in each]
        assert [each["name"] for each in secrets if not each.get("optional")] == [name]
        context = next(
            each["value"]
            for each in server["env"]
            if each["name"] == "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"
        )
        of_runs = json.loads(context)["k8s"]
        assert of_runs["env_secrets"] == [name]
        assert of_runs["service_account_name"] == name
        assert "dagteam-store" in of_runs["env_config_maps"]
        assert not list(of_kind(documents, "Role"))
