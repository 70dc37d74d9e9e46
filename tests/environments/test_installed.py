"""What is installed where: as the environments' own Pythons and uv have it."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from devkit.core.paths import ROOT, TOOLS
from devkit.environments import installed, venvs
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.workspace import Team
from testing.support import environment, run, wheel

ASK = (
    "import importlib.metadata as m, json; "
    "print(json.dumps([[d.metadata['Name'], d.version] for d in m.distributions()]))"
)


@pytest.fixture(scope="module")
def rooms(teams: Mapping[str, Team]) -> dict[str, Path]:
    """Every real environment."""
    found = {name: team.environment for name, team in teams.items()}
    return {"tools": TOOLS, "orchestrator": orchestrator_environment().path, **found}


def test_distributions_are_those_that_python_knows(rooms: Mapping[str, Path]) -> None:
    for name, path in rooms.items():
        done = run([path / "bin/python", "-P", "-c", ASK], ROOT, {"PYTHONPATH": ""})
        known = {canonicalize_name(found): version for found, version in json.loads(done.stdout)}
        assert installed.distributions(path) == known, name


def test_distributions_are_those_that_uv_lists(rooms: Mapping[str, Path]) -> None:
    for name, path in rooms.items():
        argv: list[str | Path] = [
            TOOLS / "bin/uv",
            "pip",
            "list",
            "--format",
            "json",
            "--python",
            path,
        ]
        listed = json.loads(run(argv, ROOT).stdout)
        known = {canonicalize_name(one["name"]): one["version"] for one in listed}
        assert installed.distributions(path) == known, name


def test_names_are_normalised_and_versions_are_not(tmp_path: Path) -> None:
    packages = {
        "Tea_Pot": "1.0.0rc1",
        "milk.jug": "2!1.0",
        "sugar__bowl": "3.0+blue.1",
        "spoon": "4.0.post1",
    }
    lock = "".join(wheel(tmp_path / "wheels", name, version) for name, version in packages.items())
    room = environment(tmp_path / "room", lock)
    venvs.build(room)
    assert installed.distributions(room.path) == {
        "tea-pot": "1.0.0rc1",
        "milk-jug": "2!1.0",
        "sugar-bowl": "3.0+blue.1",
        "spoon": "4.0.post1",
    }


def test_where_there_is_no_environment_nothing_is_installed(tmp_path: Path) -> None:
    assert installed.distributions(tmp_path / ".venv-gone") == {}


def test_the_table_has_a_row_for_each_room(
    teams: Mapping[str, Team], rooms: Mapping[str, Path], tmp_path: Path
) -> None:
    gone = replace(teams["ml"], location="gone_project", python=tmp_path / ".venv-gone/bin/python")
    columns, rows = installed.table([*teams.values(), gone])
    assert columns[:4] == ("room", "python", "dagster", "dagteam-utils")
    assert len(set(columns)) == len(columns)
    assert [row[0] for row in rows] == ["orchestrator", *teams, "gone"]
    told = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    for name in ("orchestrator", *teams):
        has = installed.distributions(rooms[name])
        for package in columns[2:]:
            assert told[name][package] == has.get(package, "-")
        done = run([rooms[name] / "bin/python", "-V"], ROOT)
        assert done.stdout.split() == ["Python", told[name]["python"]]
    assert told["orchestrator"]["dagteam-utils"] == "-"
    assert told["ml"]["dagteam-utils"] != "-"
    assert set(told["gone"].values()) == {"gone", "-"}


def test_the_table_shows_what_utils_requires(teams: Mapping[str, Team]) -> None:
    columns, _ = installed.table([*teams.values()])
    shared = installed.shared_project()
    required = {canonicalize_name(text.split(">")[0].split("[")[0]) for text in shared.requirements}
    assert required <= set(columns)
    assert required


def test_the_shared_project_is_what_its_file_says() -> None:
    project = tomllib.loads((ROOT / "utils/pyproject.toml").read_text())["project"]
    shared = installed.shared_project()
    assert list(shared.requirements) == project["dependencies"]
    assert shared.python == project["requires-python"]
