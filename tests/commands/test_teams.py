"""`invoke teams`: the registry, and the versions in each environment."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from devkit.commands.teams import versions
from devkit.core import pyproject
from devkit.core.paths import ROOT, SHARED
from devkit.environments import installed
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.team import Team
from testing.support import run


@pytest.fixture(scope="module")
def environments(teams: Mapping[str, Team]) -> dict[str, Path]:
    """The environments of the orchestrator and of every team."""
    found = {name: team.environment for name, team in teams.items()}
    return {"orchestrator": orchestrator_environment().path, **found}


def test_versions_have_a_row_for_each_environment(
    teams: Mapping[str, Team], environments: Mapping[str, Path], tmp_path: Path
) -> None:
    missing = replace(
        teams["ml"], location="missing_project", python=tmp_path / ".venv-missing/bin/python"
    )
    columns, rows = versions([*teams.values(), missing])
    assert columns[:4] == ("environment", "python", "dagster", "dagteam-utils")
    assert len(set(columns)) == len(columns)
    assert [row[0] for row in rows] == ["orchestrator", *teams, "missing"]
    shown = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    for name, path in environments.items():
        has = installed.distributions(path)
        for package in columns[2:]:
            assert shown[name][package] == has.get(package, "-")
        done = run([path / "bin/python", "-V"], ROOT)
        assert done.stdout.split() == ["Python", shown[name]["python"]]
    assert shown["orchestrator"]["dagteam-utils"] == "-"
    assert shown["ml"]["dagteam-utils"] != "-"
    assert set(shown["missing"].values()) == {"missing", "-"}


def test_versions_have_a_column_for_each_requirement_of_utils(teams: Mapping[str, Team]) -> None:
    columns, _ = versions([*teams.values()])
    project = tomllib.loads((ROOT / "utils/pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {
        canonicalize_name(text.split(">")[0].split("[")[0]) for text in project["dependencies"]
    }
    assert required <= set(columns)
    assert required


def test_the_shared_project_is_read_as_its_file_has_it() -> None:
    project = tomllib.loads((ROOT / "utils/pyproject.toml").read_text(encoding="utf-8"))["project"]
    shared = pyproject.read(SHARED)
    assert shared.project["dependencies"] == project["dependencies"]
    assert shared.requires_python == project["requires-python"]
