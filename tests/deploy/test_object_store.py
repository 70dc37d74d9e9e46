"""Object storage by configuration alone: both teams' real assets, as deployed, on an S3 server.

Nothing is said to a team's code: the store and the keys are environment variables.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from devkit.core.paths import DAGSTER_YAML
from devkit.registry.team import Team
from testing.deploy.object_store import ObjectStore, object_store
from testing.deploy.support import built_checkout, environment
from testing.support import run

BUCKET = "tables"


@dataclass(frozen=True)
class Deployed:
    """What is deployed of a team, in an environment that holds what its lock names."""

    team: Team
    folder: Path
    python: Path

    def materialize(
        self, asset: str, home: Path, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Materialize one asset, with this DAGSTER_HOME and these variables."""
        home.mkdir()
        (home / "dagster.yaml").symlink_to(DAGSTER_YAML)
        argv = (self.python, "-m", "dagster", "asset", "materialize")
        chosen = ("--select", asset, "-m", self.team.module)
        return run([*argv, *chosen], self.folder, {"DAGSTER_HOME": str(home), **environ})


@pytest.fixture(scope="module")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Team]
) -> dict[str, Deployed]:
    scratch = tmp_path_factory.mktemp("deployed")
    dist = built_checkout(scratch / "checkout").root / "dist"
    made = {}
    for name, team in teams.items():
        lock = dist / team.location / "requirements.txt"
        python = environment(scratch / f"venv-{name}", "--require-hashes", "-r", lock)
        made[name] = Deployed(team, dist / team.location, python)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with object_store(tmp_path_factory.mktemp("s3") / "server", BUCKET) as running:
        yield running


def test_teams_exchange_tables_through_the_bucket(
    deployed: dict[str, Deployed], server: ObjectStore, tmp_path: Path
) -> None:
    bucket = {"DAGTEAM_STORE": f"s3://{BUCKET}/exchange", **server.environ}
    folder = {"DAGTEAM_STORE": str(tmp_path / "exchange")}
    for name, asset in (("analytics", "penguins"), ("ml", "penguin_cluster")):
        for where, environ in (("bucket", bucket), ("folder", folder)):
            # Each has a history of its own: nothing but the store brings the table.
            done = deployed[name].materialize(asset, tmp_path / f"{name}-{where}", **environ)
            assert done.returncode == 0, done.stdout + done.stderr
    tables = {"penguins.parquet", "penguin_cluster.parquet"}
    assert {f"exchange/{table}" for table in tables} <= server.objects()
    for table in tables:
        stored = (server.bucket / "exchange" / table).read_bytes()
        assert stored == (tmp_path / "exchange" / table).read_bytes()
    assert not list(tmp_path.glob("*-bucket/**/*.parquet"))  # none in a DAGSTER_HOME


def test_a_table_that_nobody_has_made(
    deployed: dict[str, Deployed], server: ObjectStore, tmp_path: Path
) -> None:
    environ = {"DAGTEAM_STORE": f"s3://{BUCKET}/empty", **server.environ}
    done = deployed["ml"].materialize("penguin_cluster", tmp_path / "home", **environ)
    assert done.returncode != 0
    assert "The asset penguins has not been materialized yet." in done.stderr
    assert f"s3://{BUCKET}/empty/penguins.parquet" in done.stderr


def test_without_the_keys_nothing_is_stored(
    deployed: dict[str, Deployed], server: ObjectStore, tmp_path: Path
) -> None:
    environ = {
        "DAGTEAM_STORE": f"s3://{BUCKET}/refused",
        **server.environ,
        "AWS_SECRET_ACCESS_KEY": token_hex(),
    }
    done = deployed["analytics"].materialize("penguins", tmp_path / "home", **environ)
    assert done.returncode != 0
    assert "PermissionError" in done.stderr
    assert not any(name.startswith("refused") for name in server.objects())
