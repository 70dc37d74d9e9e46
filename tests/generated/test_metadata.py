"""The metadata of the repository's own distributions in a build."""

from pathlib import Path

import pytest

from devkit.generated import metadata
from devkit.registry import team
from testing import projects
from testing.projects import Projects

ASKS = 'from importlib.metadata import version\n\nCOACH = version("{name}")\n'
GUARDED = (
    "from importlib import metadata\n# importlib.metadata\n"
    'try:\n    COACH = metadata.version("coach-runtime")\nexcept Exception:\n    COACH = None\n'
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository with a vendored distribution, and a build that has the metadata of utils."""
    made = projects.make(tmp_path, monkeypatch)
    monkeypatch.setattr(metadata, "ROOT", made.root)
    monkeypatch.setattr(team, "DIST", made.root / "dist")
    made.write(
        "vendor/coach/setup.py",
        'from setuptools import setup\n\nsetup(name="coach-runtime", version="1.4.0")\n',
    )
    made.write("dist/tea_project/dagteam_utils-0.1.0.dist-info/METADATA", "")
    made.write(".gitignore", "dist\n")
    made.commit()
    return made


def test_a_library_of_the_project_needs_it(repository: Projects) -> None:
    repository.library("libs/cups")
    sources = '[dependency-groups]\ndev = []\n[tool.uv.sources]\ncups = { path = "../libs/cups" }\n'
    repository.project("tea_project", '"cups"', sources)
    assert metadata.lacking(repository.team) == {"cups": "it is a library of the project"}
    repository.write("dist/tea_project/cups-0.1.0.dist-info/METADATA", "")
    assert metadata.lacking(repository.team) == {}


@pytest.mark.parametrize("name", ["coach-runtime", "Coach_Runtime"])
def test_a_distribution_of_the_repository_that_the_code_asks_for_needs_it(
    repository: Projects, name: str
) -> None:
    repository.write("dist/tea_project/tea_project/coach.py", ASKS.format(name=name))
    place = "dist/tea_project/tea_project/coach.py:3 asks for it"
    assert metadata.lacking(repository.team) == {"coach-runtime": place}
    repository.write("dist/tea_project/coach_runtime-1.4.0.dist-info/METADATA", "")
    assert metadata.lacking(repository.team) == {}


@pytest.mark.parametrize("text", [GUARDED, ASKS.format(name="dagster"), "def f(:\n"])
def test_other_code_needs_none(repository: Projects, text: str) -> None:
    repository.write("dist/tea_project/tea_project/coach.py", text)
    assert metadata.lacking(repository.team) == {}
