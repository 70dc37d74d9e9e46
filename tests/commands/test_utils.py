"""`invoke utils`: the shared package works in every team's environment, or the reason is shown."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.commands import utils
from devkit.core.errors import DevkitError
from devkit.core.paths import SHARED
from devkit.environments import installed
from devkit.registry.team import Team
from testing.support import Checkout, run


def test_utils_is_installed_and_tested_in_every_environment(copy: Checkout) -> None:
    done = copy.tasks("utils")
    assert done.returncode == 0, done.stdout + done.stderr
    for team in ("analytics", "ml"):
        assert re.search(rf"ok +{team} +utils installed; \d+ passed in ", done.stdout)


def test_a_conflict_is_reported(
    teams: dict[str, Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = replace(
        teams["ml"], location="bare", directory=tmp_path, python=tmp_path / ".venv-bare/bin/python"
    )
    done = run([sys.executable, "-m", "venv", "--without-pip", bare.environment], tmp_path)
    assert done.returncode == 0

    with pytest.raises(DevkitError, match="1 of 1 failed: bare"):
        utils.install([bare])

    shown = capsys.readouterr().out
    assert "FAILED  bare  dependency conflict with utils" in shown
    assert "pyarrow" in shown
    assert "invoke lock --team bare" in shown


def test_utils_is_editable_in_every_environment(
    teams: dict[str, Team],
) -> None:
    for team in teams.values():
        done = run([team.python, "-P", "-c", "import utils; print(utils.__file__)"], team.directory)
        assert Path(done.stdout.strip()) == SHARED / "utils/__init__.py", done.stderr


def test_no_environment_has_conflicts(teams: dict[str, Team]) -> None:
    for team in teams.values():
        assert installed.conflicts(team.python) is None
