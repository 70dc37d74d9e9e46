"""The supported Pythons: listed once, written wherever a file repeats them."""

import re
from pathlib import Path

import pytest

from devkit.core import pyproject, pythons
from devkit.core.paths import ROOT, SHARED
from devkit.generated.pythons import files, mentions
from devkit.registry.team import Team
from devkit.registry.workspace import load_teams

TEAMS = load_teams(ROOT)
# What mentions a version and is not a list of what is supported.
EXAMPLES = re.compile(r"python3\.\d+ tasks\.py|Python 3\.\d+\.\d+|python3\.\*|1\.13")


def test_every_mention_is_found_in_its_file() -> None:
    for mention in mentions(TEAMS):
        if not mention.file.parent.match(".github/workflows"):  # each has some of the patterns
            assert re.search(mention.pattern, mention.file.read_text(encoding="utf-8")), mention


def test_every_kind_of_mention_in_workflows_is_found_in_one() -> None:
    texts = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / ".github/workflows").glob("*.yml")
    )
    workflows = [one for one in mentions(TEAMS) if one.file.parent.match(".github/workflows")]
    assert workflows
    for pattern in {one.pattern for one in workflows}:
        assert re.search(pattern, texts), pattern


def test_one_edit_reaches_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "SUPPORTED", ("4.1", "4.2"))
    monkeypatch.setattr(pythons, "OLDEST", "4.1")
    monkeypatch.setattr(pythons, "NEWEST", "4.2")
    monkeypatch.setattr(pythons, "DEPLOYED", "4.2")
    texts = files(TEAMS)
    for path, text in texts.items():
        left = re.findall(r".*\b3\.1\d\b.*", EXAMPLES.sub("", text))
        assert left == [], path
    named = {path.relative_to(ROOT).as_posix() for path in texts}
    assert {
        "README.md",
        "pyproject.toml",
        "devkit/pyproject.toml",
        "utils/pyproject.toml",
        "deploy/Dockerfile",
        ".devcontainer/devcontainer.json",
        ".github/workflows/ci.yml",
    } <= named


def test_a_team_with_a_range_of_its_own_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "tea_project"
    folder.mkdir()
    file = folder / "pyproject.toml"
    tea = Team("tea_project", "tea_project", folder, folder / ".venv-tea/bin/python", line=0)
    file.write_text('[project]\nrequires-python = ">=3.12,<3.14"\n', encoding="utf-8")
    assert file not in files([tea])
    shared = pyproject.read(SHARED).requires_python
    file.write_text(f'[project]\nrequires-python = "{shared}"\n', encoding="utf-8")
    assert file in files([tea])


def test_the_range_ends_after_the_newest() -> None:
    assert pythons.requires_python() == ">=3.11,<3.15"
    assert pythons.as_tuple("3.14") == (3, 14)
