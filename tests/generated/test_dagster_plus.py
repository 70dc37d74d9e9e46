"""`dagster_cloud.yaml`: a location for each team."""

from pathlib import Path

import yaml

from devkit.core.paths import ROOT
from devkit.generated import dagster_plus
from devkit.registry.team import Team


def test_each_team_is_a_location_that_is_built_from_dist() -> None:
    teams = [
        Team(name, f"{name}.definitions", ROOT / name, Path(f"{name}/.venv/bin/python"), line=1)
        for name in ("tea_project", "milk_project")
    ]
    ((file, text),) = dagster_plus.files(teams).items()
    assert file == ROOT / "dagster_cloud.yaml"
    assert text.startswith("# Generated from workspace.yaml by `invoke derive`")
    assert yaml.safe_load(text)["locations"] == [
        {
            "location_name": name,
            "code_source": {"module_name": f"{name}.definitions"},
            "build": {"directory": f"dist/{name}"},
        }
        for name in ("tea_project", "milk_project")
    ]


def test_without_teams_there_are_no_locations() -> None:
    (text,) = dagster_plus.files([]).values()
    assert yaml.safe_load(text) == {"locations": []}
