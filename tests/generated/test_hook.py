"""The Git hook of the generated files."""

from pathlib import Path

import pytest

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.export import WORK_TREE
from devkit.core.git import Changes
from devkit.core.paths import ROOT
from devkit.definitions.affected import affected_by
from devkit.definitions.staged import Staged
from devkit.generated import hook
from devkit.registry.team import Team

CLOUD = ROOT / "dagster_cloud.yaml"
SETTINGS = ROOT / "ml_project/.vscode/settings.json"


def commit(teams: dict[str, Team], *files: str) -> Staged:
    """A commit of these files."""
    every = tuple(teams.values())
    changes = Changes("HEAD", "0" * 40, files)
    return Staged(changes, every, affected_by(changes, every, None), WORK_TREE, None)


def refused(teams: dict[str, Team], stale: Path, *files: str) -> str:
    """Why a commit is refused while a generated file is stale; empty if it is not."""
    try:
        hook.require_fresh(commit(teams, *files), {stale: "another text"})
    except DevkitError as error:
        return str(error)
    return ""


@pytest.fixture(autouse=True)
def _index(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index with this text in every file."""
    monkeypatch.setattr(git, "read_at", lambda *_: "the text")


@pytest.mark.parametrize(
    "file", ["workspace.yaml", "devkit/generated/helm.py", "orchestrator/dagster.yaml",
             "dagster_cloud.yaml"],
)  # fmt: skip
def test_a_file_that_the_commit_makes_stale_is_refused(teams: dict[str, Team], file: str) -> None:
    message = refused(teams, CLOUD, file)
    assert message.startswith("out of date, or not staged: dagster_cloud.yaml")
    assert "`invoke derive`, then `git add dagster_cloud.yaml`" in message


@pytest.mark.parametrize(
    "file", ["README.md", "ml_project/ml_project/definitions.py", "ml_project/pyproject.toml"]
)
def test_a_file_that_was_stale_before_is_a_warning(
    teams: dict[str, Team], file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(teams, CLOUD, file) == ""
    assert capsys.readouterr().err == (
        "warning: out of date, which this commit did not cause: dagster_cloud.yaml\n"
    )


def test_a_file_in_a_teams_folder_belongs_to_the_team(teams: dict[str, Team]) -> None:
    assert refused(teams, SETTINGS, "ml_project/pyproject.toml")
    assert not refused(teams, SETTINGS, "analytics_project/pyproject.toml")


def test_a_fresh_file_passes(teams: dict[str, Team], capsys: pytest.CaptureFixture[str]) -> None:
    hook.require_fresh(commit(teams, "workspace.yaml"), {CLOUD: "the text"})
    assert capsys.readouterr().err == ""
