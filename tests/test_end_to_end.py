"""The pipeline of both example teams on real data: real processes, a new DAGSTER_HOME.

The only test of this repository's own teams; the others have the sample teams.
"""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devkit.core.paths import ROOT
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams
from testing import sandbox
from testing.platform import Asked, dev, launch, until
from testing.support import base_python, run

RUNS = "{ runsOrError { ... on Runs { results { runId jobName status } } } }"
INSTIGATORS = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
    location { name }
    schedules { name scheduleState { status } }
    sensors { name sensorState { status } }
    assetNodes { assetKey { path } isMaterializable kinds groupName }
} } } }
"""
MATERIALIZATION = """
query Latest($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) { ... on Asset {
    assetMaterializations(limit: 1) { runId metadataEntries {
      label
      ... on IntMetadataEntry { intValue }
      ... on FloatMetadataEntry { floatValue }
      ... on MarkdownMetadataEntry { mdStr }
      ... on TableSchemaMetadataEntry { schema { columns { name type } } }
    } }
  } }
}
"""
SUMMARY = """
import json, sys, pandas
frame = pandas.read_parquet(sys.argv[1])
print(json.dumps({"pandas": pandas.__version__, "rows": len(frame),
                  "species": frame["species"].value_counts().to_dict(),
                  "clusters": (frame.groupby(["species", "cluster"]).size()
                               .reset_index().values.tolist() if "cluster" in frame else [])}))
"""


def runs_of(platform: Asked, job: str) -> list[dict[str, Any]]:
    """The runs of a job."""
    results = platform.ask(RUNS)["runsOrError"]["results"]
    return [run for run in results if run["jobName"] == job]


def succeeded(platform: Asked, job: str) -> str | None:
    """The id of a run of this job that succeeded, if any; requires that none failed."""
    runs = runs_of(platform, job)
    assert not [run for run in runs if run["status"] in ("FAILURE", "CANCELED")], runs
    return next((run["runId"] for run in runs if run["status"] == "SUCCESS"), None)


def metadata(platform: Asked, asset: str) -> dict[str, Any]:
    """The metadata of an asset's latest materialization, by label."""
    latest = platform.ask(MATERIALIZATION, key={"path": [asset]})
    entries = latest["assetOrError"]["assetMaterializations"][0]["metadataEntries"]
    return {entry["label"]: entry for entry in entries}


def summary(team: Team, table: Path) -> dict[str, Any]:
    """A summary of a table, as read by the team's own pandas."""
    done = subprocess.run(
        [team.python, "-c", SUMMARY, table], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def examples() -> tuple[Path, Team, Team]:
    """This repository, and its two example teams, with their environments."""
    root = sandbox.original() or ROOT
    teams = {team.location: team for team in load_teams(root)}
    if not teams.keys() >= {"analytics_project", "ml_project"}:
        pytest.skip("this repository has other teams than the examples")
    done = run([base_python(), "tasks.py", "setup"], root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root, teams["analytics_project"], teams["ml_project"]


def test_penguins_flow_from_analytics_to_ml_until_the_platform_stops(
    tmp_path: Path, examples: tuple[Path, Team, Team]
) -> None:
    root, analytics, ml = examples
    count = len(load_teams(root))
    home = tmp_path / "missing" / "parent" / "home"
    command = f"exec {base_python()} tasks.py dev --port $PORT"
    with dev(home, root=root, command=command) as platform:
        platform.wait_for(f"{count} of {count} locations loaded")

        nodes = platform.ask(INSTIGATORS)["repositoriesOrError"]["nodes"]
        by_location = {node["location"]["name"]: node for node in nodes}
        (schedule,) = by_location["analytics_project"]["schedules"]
        (sensor,) = by_location["ml_project"]["sensors"]
        assert schedule["name"] == "penguin_update_minutely"
        assert schedule["scheduleState"]["status"] == "RUNNING"
        assert sensor["sensorState"]["status"] == "RUNNING"

        launch(platform, "update_penguins", "analytics_project")
        until(lambda: succeeded(platform, "update_penguins"), 60, "penguins is materialized")
        until(lambda: succeeded(platform, "cluster_penguins"), 90, "the sensor's run has succeeded")

        table = home / "storage" / "penguins.parquet"
        ours, theirs = summary(analytics, table), summary(ml, table)
        assert ours["rows"] == theirs["rows"] == 344
        assert ours["species"] == theirs["species"]
        assert ours["species"] == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}
        assert ours["pandas"].split(".")[0] != theirs["pandas"].split(".")[0]

        clusters = summary(ml, home / "storage" / "penguin_cluster.parquet")
        assert clusters["rows"] == 342  # two birds have no measurements
        assert {cluster for _, cluster, _ in clusters["clusters"]} == {0, 1, 2}
        # Gentoo penguins differ in build, so they are a cluster of their own.
        (gentoo,) = [cluster for cluster in clusters["clusters"] if cluster[0] == "Gentoo"]
        assert gentoo[2] == 123
        assert sum(c[1] == gentoo[1] for c in clusters["clusters"]) == 1

        described = metadata(platform, "penguin_cluster")
        assert described["dagster/row_count"]["intValue"] == 342
        assert 0.4 < described["silhouette_score"]["floatValue"] < 0.6
        assert any("data:image/png;base64," in e.get("mdStr", "") for e in described.values())
        columns = metadata(platform, "penguins")["dagster/column_schema"]["schema"]["columns"]
        assert {column["name"] for column in columns} >= {"species", "bill_length_mm"}

        assert platform.stop(signal.SIGINT) == 130
        until(lambda: not platform.left_over(), 5, "no process is left")
