"""What a location is made of, in repositories of several shapes."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.definitions import cache
from devkit.environments import composition
from devkit.registry.team import Team
from testing import projects
from testing.projects import Projects


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository with code in the root, which a project in a folder of its own belongs to."""
    made = projects.make(tmp_path / "repository", monkeypatch)
    made.write("north/__init__.py", "import shared\n")
    made.write("shared/__init__.py", "")
    made.write("data/a.csv", "1")
    made.library("vendor/runtime")
    made.write(
        "teams/north/pyproject.toml",
        '[project]\nname = "x"\nversion = "1"\n[tool.dagteam]\nutils = false\n'
        'libraries = ["vendor/runtime", "scripts/jobs.py"]\ninputs = ["data/*.csv"]\n',
    )
    made.write("scripts/jobs.py", "")
    return made


def north(repository: Projects) -> Team:
    root = repository.root
    python = root / "teams/north/.venv/bin/python"
    return Team(
        "north", "north", root / "teams/north", python, 1, working_directory=root, root=root
    )


def test_sources_libraries_and_inputs(repository: Projects) -> None:
    root = repository.root
    found = composition.of(north(repository))
    assert found.sources == (root / "north",)
    assert found.plain == {root / "scripts/jobs.py": root, root / "shared": root}
    assert found.libraries == (root / "vendor/runtime",)
    assert found.inputs == (root / "data/a.csv",)
    assert set(found.code) == {
        root / "north",
        root / "shared",
        root / "scripts/jobs.py",
        root / "vendor/runtime/runtime",
        root / "data/a.csv",
    }
    assert root / "teams/north" in found.own
    assert root / "teams/north/local_requirements.txt" in found.environment
    assert not found.project.installed


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("north/__init__.py", True),
        ("shared/new.py", True),
        ("scripts/jobs.py", True),
        ("vendor/runtime/runtime/new.py", True),
        ("data/b.csv", True),
        ("teams/north/.env", True),
        ("south/__init__.py", False),
        ("scripts/other.py", False),
        ("README.md", False),
    ],
)
def test_the_manifest_depends_on_what_the_location_is_made_of_and_on_nothing_else(
    repository: Projects, file: str, counts: bool
) -> None:
    before = cache.digest(north(repository))
    repository.write(file, "x = 1\n")
    assert (cache.digest(north(repository)) != before) == counts


def test_utils_is_every_teams_unless_it_opts_out(repository: Projects) -> None:
    utils = repository.root / "utils"
    assert utils in composition.of(repository.team).libraries
    assert utils not in composition.of(north(repository)).libraries
    other = replace(north(repository), location="other", directory=repository.root / "other")
    assert utils in composition.of(other).libraries


def test_a_repositorys_own_utils_is_none_of_the_kits(repository: Projects) -> None:
    repository.write("utils/pyproject.toml", '[project]\nname = "u"\nversion = "1"\n')
    assert composition.of(repository.team).libraries == ()


def test_outermost_leaves_out_what_is_in_another() -> None:
    paths = [Path("/a/b"), Path("/a"), Path("/ab"), Path("/a/b/c"), Path("/a")]
    assert composition.outermost(paths) == [Path("/a"), Path("/ab")]
