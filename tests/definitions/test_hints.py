"""Hints at the cause of a failure: what `dagster dev` alone prepares."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from devkit.contracts import reports
from devkit.definitions import loading
from devkit.definitions.loading import Failure
from devkit.registry.team import Team
from testing.contracts import write

# As `DbtProject.prepare_if_dev` and `dbt_assets` of dagster-dbt.
DBT = """\
import os
from pathlib import Path

MANIFEST = Path(__file__).parent / "manifest.json"


class DagsterDbtManifestNotFoundError(Exception):
    pass


def prepare_if_dev():
    if os.environ.get("DAGSTER_IS_DEV_CLI"):
        MANIFEST.write_text("{}")


def read():
    if not MANIFEST.exists():
        raise DagsterDbtManifestNotFoundError(f"{MANIFEST} does not exist.")
"""
CASES = {
    "dbt": (f"{DBT}\nprepare_if_dev()\nread()", True),
    "a file that it writes itself": (
        f"{DBT}\nprepare_if_dev()\nMANIFEST.read_text()",
        True,
    ),
    "another missing file": ("open('data.csv')", False),
    "another error": (f"{DBT}\nprepare_if_dev()\nraise ValueError('no')", False),
}


@pytest.mark.parametrize(("code", "hinted"), CASES.values(), ids=CASES)
def test_a_file_that_only_dev_prepares_is_hinted_at(
    code: str, hinted: bool, teams: Mapping[str, Team], tmp_path: Path
) -> None:
    text = f"{code}\nimport dagster as dg\ndefs = dg.Definitions()\n"
    team = write(teams["ml"], tmp_path, "tea", {"definitions.py": text})
    failure = loading.load(team)
    assert isinstance(failure, Failure)
    shown = reports.failure(Failure(team, failure.message, None, failure.traceback, failure.stderr))
    assert ("DAGSTER_IS_DEV_CLI is set, as in `invoke dev`" in shown) == hinted
    assert ("invoke exec --team tea -- dbt parse" in shown) == hinted


def test_with_the_variable_in_its_env_the_team_loads(
    teams: Mapping[str, Team], tmp_path: Path
) -> None:
    text = f"{DBT}\nprepare_if_dev()\nread()\nimport dagster as dg\ndefs = dg.Definitions()\n"
    team = write(teams["ml"], tmp_path, "tea", {"definitions.py": text})
    team.env_file.write_text("DAGSTER_IS_DEV_CLI=1\n", encoding="utf-8")
    assert not isinstance(loading.load(team), Failure)
