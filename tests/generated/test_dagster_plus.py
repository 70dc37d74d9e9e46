"""`dagster_cloud.yaml`: a location for each team."""

from pathlib import Path

import pytest
import yaml

from devkit.core.errors import DevkitError
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


OWN = """\
# Ours, since 2022.
locations:
  - location_name: tea_project # the first
    code_source:
      package_name: tea_project
    build:
      directory: .
      registry: 'registry.example/tea'
    container_context: {k8s: {namespace: tea}}
  - location_name: elsewhere
    image: elsewhere:1
"""


def test_a_file_that_was_there_keeps_its_comments_its_fields_and_other_locations() -> None:
    teams = [
        Team(name, f"{name}.definitions", ROOT / name, Path(f"{name}/.venv/bin/python"), line=1)
        for name in ("tea_project", "milk_project")
    ]
    text = dagster_plus.merged(OWN, teams)
    expected = OWN.replace("package_name: tea_project", "module_name: tea_project.definitions")
    expected = expected.replace("directory: .", "directory: dist/tea_project")
    assert text == expected + (
        "  - location_name: milk_project\n    code_source:\n"
        "      module_name: milk_project.definitions\n"
        "    build:\n      directory: dist/milk_project\n"
    )
    assert dagster_plus.merged(text, teams) == text


def test_a_file_without_locations_is_refused() -> None:
    with pytest.raises(DevkitError, match="has no list of locations"):
        dagster_plus.merged("locations: 3\n", [])
    with pytest.raises(DevkitError, match=r"dagster_cloud\.yaml is not valid YAML: .*line 3"):
        dagster_plus.merged("locations:\n  - [\n", [])


def test_without_teams_there_are_no_locations() -> None:
    (text,) = dagster_plus.files([]).values()
    assert yaml.safe_load(text) == {"locations": []}
