"""The variables of a team's processes: its own, and none of another team."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core import masking, processes
from devkit.core.errors import DevkitError
from devkit.environments import variables
from devkit.registry.team import Team

TEA = """\
# what only tea may know
TOKEN=tea-secret
GREETING="hello tea"
PIN=1234
EMPTY=
"""


@pytest.fixture
def tea(teams: dict[str, Team], tmp_path: Path) -> Team:
    """A team with a `.env`."""
    (tmp_path / "tea").mkdir()
    (tmp_path / "tea/.env").write_text(TEA, encoding="utf-8")
    return replace(teams["ml"], location="tea_project", directory=tmp_path / "tea")


@pytest.fixture
def milk(teams: dict[str, Team], tmp_path: Path) -> Team:
    """A team with another value for the same variable."""
    (tmp_path / "milk").mkdir()
    (tmp_path / "milk/.env").write_text("TOKEN=milk-secret\n", encoding="utf-8")
    return replace(teams["analytics"], location="milk_project", directory=tmp_path / "milk")


def test_two_teams_have_their_own_values_for_one_variable(tea: Team, milk: Team) -> None:
    assert variables.of_team(tea)["TOKEN"] == "tea-secret"
    assert variables.of_team(milk)["TOKEN"] == "milk-secret"
    assert "GREETING" not in variables.of_team(milk)
    assert "TOKEN" not in os.environ


def test_the_file_wins_over_the_shell(tea: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "from the shell")
    monkeypatch.setenv("EMPTY", "from the shell")
    monkeypatch.setenv("OTHER", "from the shell")
    found = variables.of_team(tea)
    assert found["TOKEN"] == "tea-secret"
    assert found["GREETING"] == "hello tea"
    assert found["EMPTY"] == ""
    assert found["OTHER"] == "from the shell"


def test_a_team_without_a_file_has_no_variables_of_its_own(
    teams: dict[str, Team], tmp_path: Path
) -> None:
    assert variables.own(replace(teams["ml"], directory=tmp_path)) == {}


def test_the_teams_environment_is_active_and_the_callers_is_not(
    tea: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/another/environment")
    monkeypatch.setenv("PYTHONPATH", "/another/code")
    monkeypatch.setenv("PYTHONHOME", "/another/python")
    code = "import os, sys; print(sys.prefix); print(os.environ['VIRTUAL_ENV']); print(sys.path)"
    done = processes.run(
        ["python", "-c", code], cwd=tea.directory, env=variables.of_team(tea), timeout=60
    )
    prefix, active, path = done.stdout.splitlines()
    assert prefix == active == str(tea.environment)
    assert "/another/" not in path
    assert "PYTHONHOME" not in variables.of_team(tea)


def test_what_was_read_is_masked_from_then_on(tea: Team) -> None:
    variables.of_team(tea)
    assert masking.mask("tea-secret says hello tea 1234") == "*** says *** 1234"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"A=1\nB=caf\xe9\n", "line 2: not valid UTF-8"),
        (b"A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> theirs\n", "line 2: a merge conflict"),
        (b"A=1\nB='a\0b'\n", "line 2: a NUL character"),
    ],
)
def test_a_file_that_can_not_be_read_is_an_error_with_its_line(
    tea: Team, content: bytes, problem: str
) -> None:
    tea.env_file.write_bytes(content)
    with pytest.raises(DevkitError) as raised:
        variables.of_team(tea)
    assert raised.value.what == f"{tea.env_file}, {problem}"
    assert raised.value.fix


def test_a_folder_in_the_place_of_the_file_is_an_error_unless_it_is_an_environment(
    tea: Team,
) -> None:
    tea.env_file.unlink()
    tea.env_file.mkdir()
    with pytest.raises(DevkitError, match="Is a directory"):
        variables.own(tea)
    (tea.env_file / "pyvenv.cfg").touch()
    assert variables.own(tea) == {}
