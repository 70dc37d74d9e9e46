"""Which tests there are, which environment runs each, and how their results are told."""

from pathlib import Path

import pytest

from devkit.commands import test
from devkit.commands.test import Suite
from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS
from devkit.registry.workspace import Team

PASSES = "def test_tea(): assert True\n"
FAILS = "def test_milk(): assert 'milk' == 'tea'\n"


def suite(folder: Path, code: str) -> Suite:
    """A suite of one test module, run by the tools' pytest."""
    (folder / "test_it.py").write_text(code)
    argv = (str(TOOLS / "bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return Suite("some", argv, folder, clean_environment())


def team_with_tests(folder: Path, code: str) -> Team:
    """A team whose environment is the tools'."""
    (folder / "tea_tests").mkdir()
    (folder / "tea_tests/test_it.py").write_text(code)
    return Team("tea", "tea.definitions", folder, TOOLS / "bin/python", line=1)


def test_a_team_and_the_shared_package_are_tested_in_the_teams_environment(
    teams: dict[str, Team],
) -> None:
    for team in teams.values():
        for each in (test.of_team(team, ["-k", "loads"]), test.of_shared(team)):
            assert each.argv[0] == str(team.python)
            assert each.env["VIRTUAL_ENV"] == str(team.environment)
        assert test.of_team(team, ["-k", "loads"]).argv[-2:] == ("-k", "loads")
        assert test.of_team(team).cwd == team.directory
        assert test.of_shared(team).cwd == ROOT / "utils"


def test_the_kit_and_the_style_are_tested_with_the_tools() -> None:
    style = test.of_style()
    assert {each.name for each in style} == {"lint", "format", "types"}
    for each in [*style, *test.of_kit()]:
        assert Path(each.argv[0]).parent == TOOLS / "bin"
        assert Path(each.argv[0]).exists()
        assert each.cwd == ROOT


def test_every_team_has_a_test_that_it_loads(teams: dict[str, Team]) -> None:
    for team in teams.values():
        assert (team.tests / "test_project_loads.py").exists()


def test_a_pass_is_told_in_its_last_line(tmp_path: Path) -> None:
    outcome = test.run(suite(tmp_path, PASSES))
    assert (outcome.ok, outcome.details) == (True, "")
    assert outcome.text.startswith("1 passed")


def test_a_failure_is_told_in_its_own_words(tmp_path: Path) -> None:
    outcome = test.run(suite(tmp_path, PASSES + FAILS))
    assert not outcome.ok
    assert outcome.text.startswith("1 failed, 1 passed")
    assert "assert 'milk' == 'tea'" in outcome.details


def test_a_suite_without_a_test_is_no_pass(tmp_path: Path) -> None:
    outcome = test.run(suite(tmp_path, ""))
    assert not outcome.ok
    assert outcome.text.startswith("no tests")


def test_one_teams_tests_have_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    team = team_with_tests(tmp_path, PASSES + FAILS)
    with pytest.raises(DevkitError, match="1 of 1 failed: tea"):
        test.run_teams([team], ["-p", "no:cacheprovider"])
    assert "1 failed, 1 passed" in capfd.readouterr().out
    test.run_teams([team], ["-p", "no:cacheprovider", "-k", "test_tea"])


def test_many_teams_are_all_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = []
    for name, code in {"tea": FAILS, "milk": PASSES}.items():
        (tmp_path / name).mkdir()
        team = team_with_tests(tmp_path / name, code)
        made.append(Team(name, team.module, team.directory, team.python, line=1))
    with pytest.raises(DevkitError, match="1 of 2 failed: tea"):
        test.run_teams(made, ["-q", "-p", "no:cacheprovider"])
    said = capsys.readouterr().out
    assert "FAILED  tea   1 failed" in said
    assert "ok      milk  1 passed" in said
