"""What is installed in an environment: as its own Python and uv report it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from devkit.core.paths import ROOT, TOOLS
from devkit.environments import installed, venvs
from devkit.environments.venvs import orchestrator_environment
from devkit.registry.team import Team
from testing.support import environment, run, wheel

ASK = (
    "import importlib.metadata as m, json; "
    "print(json.dumps([[d.metadata['Name'], d.version] for d in m.distributions()]))"
)


@pytest.fixture(scope="module")
def environments(teams: Mapping[str, Team]) -> dict[str, Path]:
    """Every real environment."""
    found = {name: team.environment for name, team in teams.items()}
    return {"tools": TOOLS, "orchestrator": orchestrator_environment().path, **found}


def test_distributions_are_those_that_python_knows(environments: Mapping[str, Path]) -> None:
    for name, path in environments.items():
        done = run([path / "bin/python", "-P", "-c", ASK], ROOT, {"PYTHONPATH": ""})
        known = {canonicalize_name(found): version for found, version in json.loads(done.stdout)}
        assert installed.distributions(path) == known, name


def test_distributions_are_those_that_uv_lists(environments: Mapping[str, Path]) -> None:
    for name, path in environments.items():
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
        known = {canonicalize_name(item["name"]): item["version"] for item in listed}
        assert installed.distributions(path) == known, name


def test_names_are_normalized_and_versions_are_not(tmp_path: Path) -> None:
    packages = {
        "Tea_Pot": "1.0.0rc1",
        "milk.jug": "2!1.0",
        "sugar__bowl": "3.0+blue.1",
        "spoon": "4.0.post1",
    }
    lock = "".join(wheel(tmp_path / "wheels", name, version) for name, version in packages.items())
    built = environment(tmp_path / "project", lock)
    venvs.build(built)
    assert installed.distributions(built.path) == {
        "tea-pot": "1.0.0rc1",
        "milk-jug": "2!1.0",
        "sugar-bowl": "3.0+blue.1",
        "spoon": "4.0.post1",
    }


def test_an_environment_that_does_not_exist_has_no_distributions(tmp_path: Path) -> None:
    assert installed.distributions(tmp_path / ".venv-none") == {}


def test_modules_are_the_top_level_names_in_an_environment(tmp_path: Path) -> None:
    built = environment(tmp_path / "project", wheel(tmp_path / "wheels", "tea"))
    venvs.build(built)
    assert {"tea", "tea_data"} <= installed.modules(built.path)
    assert not any("dist-info" in name for name in installed.modules(built.path))
    assert installed.modules(tmp_path / ".venv-none") == set()


def test_the_python_version_is_that_of_the_environment(environments: Mapping[str, Path]) -> None:
    for name, path in environments.items():
        done = run([path / "bin/python", "-V"], ROOT)
        assert done.stdout.split() == ["Python", installed.python_version(path)], name


def test_the_python_version_of_no_environment_is_unknown(tmp_path: Path) -> None:
    assert installed.python_version(tmp_path) == installed.UNKNOWN
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    assert installed.python_version(tmp_path) == installed.UNKNOWN
