"""The Git hook of the locks."""

from pathlib import Path

import pytest

from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.environments import lockfiles, staged_locks
from devkit.environments.project import Project, all_projects
from devkit.registry.team import Team


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The reasons why locks are stale; a test may change them."""
    reasons: dict[str, str] = {}

    def found(projects: list[Project]) -> dict[str, str]:
        return {one.name: reasons[one.name] for one in projects if one.name in reasons}

    monkeypatch.setattr(lockfiles, "stale_projects", found)
    return reasons


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch, teams: dict[str, Team]) -> set[Path]:
    """Files that are not staged; a test may change them."""
    missing: set[Path] = set()
    every = {
        path
        for project in all_projects(teams.values())
        for path in (project.directory / "pyproject.toml", *project.locks)
    }
    monkeypatch.setattr(git, "tracked_files", lambda: every - missing)
    return missing


def refused(teams: dict[str, Team], *files: str) -> str:
    """Why a commit of these files is refused; empty if it is not."""
    try:
        staged_locks.require_fresh(all_projects(teams.values()), files)
    except DevkitError as error:
        return str(error)
    return ""


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize(
    "file", ["pyproject.toml", "local_requirements.txt", "requirements.txt", "setup.py"]
)
def test_a_lock_that_the_commit_changes_is_refused(
    teams: dict[str, Team], stale: dict[str, str], file: str
) -> None:
    stale["ml"] = "the lock is out of date"
    message = refused(teams, f"ml_project/{file}")
    assert message.startswith("the lock is out of date\n")
    assert "invoke lock --team ml" in message


@pytest.mark.usefixtures("untracked")
def test_a_change_of_a_library_changes_the_locks_that_have_it(
    teams: dict[str, Team], stale: dict[str, str]
) -> None:
    stale["ml"] = "the lock is out of date"
    assert refused(teams, "utils/pyproject.toml")


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize(
    "file",
    ["README.md", "analytics_project/pyproject.toml", "ml_project/ml_project/definitions.py"],
)
def test_a_lock_that_was_stale_before_is_a_warning(
    teams: dict[str, Team],
    stale: dict[str, str],
    file: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stale["ml"] = "the lock is out of date"
    assert refused(teams, file) == ""
    assert capsys.readouterr().err == (
        "warning: the lock is out of date, which this commit did not cause\n"
    )


@pytest.mark.usefixtures("stale")
def test_a_lock_that_is_not_staged_is_refused(teams: dict[str, Team], untracked: set[Path]) -> None:
    untracked.add(ROOT / "ml_project/requirements.txt")
    message = refused(teams, "ml_project/ml_project/definitions.py")
    assert message.startswith("not staged: ml_project/requirements.txt\n")
    assert "`git add ml_project/requirements.txt`" in message
    assert not refused(teams, "analytics_project/pyproject.toml")
