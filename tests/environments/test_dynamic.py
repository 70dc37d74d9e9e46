"""Dependencies that a build backend reads from files: locks go stale with these."""

from pathlib import Path

import pytest

from devkit.core import pyproject
from devkit.core.errors import DevkitError
from devkit.environments import dynamic, lockfiles
from testing import projects
from testing.projects import Projects

TABLE = """
[project]
name = "tea"
version = "1"
dynamic = ["dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["wanted.list"] }
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository whose team has its dependencies in a file."""
    made = projects.make(tmp_path / "repository", monkeypatch)
    made.write("tea_project/pyproject.toml", TABLE)
    made.write("tea_project/wanted.list", "milk\n")
    return made


@pytest.mark.parametrize(
    "file", ["wanted.list", "setup.py", "setup.cfg", "base.in", "dev.txt", "requirements/a.in"]
)
def test_a_file_that_dependencies_may_come_from_makes_the_locks_stale(
    repository: Projects, file: str
) -> None:
    before = lockfiles.inputs_digest(repository.tea)
    repository.write("tea_project/requirements.txt", "# inputs: sha256:0\nmilk==1.0\n")  # a lock
    repository.write("tea_project/tea_project/data.txt", "")
    assert lockfiles.inputs_digest(repository.tea) == before
    repository.write(f"tea_project/{file}", "milk\nsugar\n")
    assert lockfiles.inputs_digest(repository.tea) != before


def test_files_do_not_count_if_nothing_is_dynamic(repository: Projects) -> None:
    repository.project("tea_project", '"milk"')
    repository.write("tea_project/setup.cfg", "")
    assert dynamic.digests(pyproject.read(repository.tea.directory)) == {}


def test_dependencies_that_come_from_a_lock_are_refused(repository: Projects) -> None:
    repository.write("tea_project/pyproject.toml", TABLE.replace("wanted.list", "requirements.txt"))
    repository.write("tea_project/requirements.txt", "# inputs: sha256:0\nmilk\n")
    with pytest.raises(DevkitError, match=r"takes dependencies from requirements\.txt, which"):
        lockfiles.stale(repository.tea)


def test_a_requirements_file_that_was_there_before_is_an_input_and_not_a_lock(
    repository: Projects,
) -> None:
    repository.write("tea_project/pyproject.toml", TABLE.replace("wanted.list", "requirements.txt"))
    repository.write("tea_project/requirements.txt", "milk\n")
    assert repository.tea.deployed == repository.root / "tea_project/deployed_requirements.txt"
    before = lockfiles.inputs_digest(repository.tea)
    repository.write("tea_project/requirements.txt", "milk\nsugar\n")
    assert lockfiles.inputs_digest(repository.tea) != before
    repository.write("tea_project/deployed_requirements.txt", "# inputs: sha256:0\n")
    assert repository.tea.deployed == repository.root / "tea_project/deployed_requirements.txt"


def test_every_source_of_a_dynamic_project_counts(repository: Projects) -> None:
    repository.library("libs/common")
    table = TABLE + '[tool.uv.sources]\ncommon = { path = "../libs/common" }\n'
    repository.write("tea_project/pyproject.toml", table)
    assert repository.root / "libs/common" in repository.tea.libraries
