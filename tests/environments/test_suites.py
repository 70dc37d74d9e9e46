"""Test suites: which there are, which environment each runs in, and how results are printed."""

from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.environ import clean_environment
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT, TOOLS
from devkit.environments import suites
from devkit.environments.suites import Suite
from devkit.registry.team import Team

PASSES = "def test_tea(): assert True\n"
FAILS = "def test_milk(): assert 'milk' == 'tea'\n"


def one_module(folder: Path, code: str) -> Suite:
    """A suite of one test module, run by the tools' pytest."""
    (folder / "test_it.py").write_text(code, encoding="utf-8")
    argv = (str(TOOLS / "bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return Suite("some", argv, folder, clean_environment())


def team_with_tests(folder: Path, code: str) -> Team:
    """A team whose environment is the tools'."""
    (folder / "tea_tests").mkdir()
    (folder / "tea_tests/test_it.py").write_text(code, encoding="utf-8")
    return Team("tea", "tea.definitions", folder, TOOLS / "bin/python", line=1)


def test_a_team_and_the_shared_package_are_tested_in_the_teams_environment(
    teams: dict[str, Team],
) -> None:
    for team in teams.values():
        for suite in (suites.of_team(team, ["-k", "loads"]), suites.of_shared(team)):
            assert suite.argv[0] == str(team.python)
            assert suite.env["VIRTUAL_ENV"] == str(team.environment)
        assert suites.of_team(team, ["-k", "loads"]).argv[-2:] == ("-k", "loads")
        assert suites.of_team(team).cwd == team.directory
        assert suites.of_shared(team).cwd == ROOT / "utils"


def test_the_kit_and_the_style_are_tested_with_the_tools() -> None:
    style = suites.of_style()
    assert {suite.name for suite in style} == {"lint", "format", "types"}
    for suite in [*style, *suites.of_kit(), suites.of_deploy()]:
        assert Path(suite.argv[0]).parent == TOOLS / "bin"
        assert Path(suite.argv[0]).exists()
        assert suite.cwd == ROOT


def test_the_kits_suite_leaves_out_the_deployment_tests_and_the_example_teams() -> None:
    (kit,) = suites.of_kit()
    (whole,) = suites.of_kit(examples=True)
    folder = str(suites.DEPLOY_TESTS.relative_to(ROOT))
    assert {f"--ignore={folder}", "--ignore=tests/test_end_to_end.py"} <= {*kit.argv}
    assert [word for word in whole.argv if word.startswith("--ignore")] == [f"--ignore={folder}"]
    assert suites.of_deploy().argv[-1] == folder
    assert suites.DEPLOY_TESTS.is_dir()
    assert suites.EXAMPLES_TEST.is_file()


def test_the_kits_sandbox_is_prepared_beside_other_suites() -> None:
    (suite,) = suites.of_preparation()
    assert suite.argv[1:] == ("-m", "testing.sandbox", "prepare")
    done = suites.run(replace(suite, argv=(*suite.argv[:-1], "unknown")))
    assert not done.ok
    assert "testing.sandbox prepare" in done.details


def test_arguments_select_tests_of_the_kit() -> None:
    (some,) = suites.of_kit(["-m", "not slow"])
    assert some.argv[-2:] == ("-m", "not slow")


def test_coverage_is_measured_where_it_is_asked_for() -> None:
    (whole,), (covered,) = suites.of_kit(examples=True), suites.of_kit(cover=True)
    assert "--cov" not in whole.argv
    assert {"--cov", f"--cov-fail-under={suites.COVERED_PERCENT}"} <= {*covered.argv}


def test_an_adopting_repository_has_no_suite_of_the_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "DEPLOY_TESTS", tmp_path / "tests/deploy")
    assert suites.of_kit() == []
    assert suites.of_preparation() == []


def test_an_adopting_repository_has_the_kits_style_where_it_is_wanted(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adopted.toml").touch()
    monkeypatch.setattr(suites, "ADOPTED", tmp_path / "adopted.toml")
    assert suites.of_kit() == []
    with pytest.raises(DevkitError, match="no deployment tests"):
        suites.run_deploy()
    monkeypatch.setattr(
        Team, "declared", property(lambda team: {"style": "kit"} if team.name == "ml" else {})
    )
    lint, formatting = suites.of_style([*teams.values()])
    assert lint.argv[-3:] == ("tasks.py", "devkit", "ml_project")
    assert formatting.argv[1:3] == ("format", "--check")
    done = suites.run(lint)
    assert done.ok, done.details


def test_every_team_has_a_test_that_it_loads(teams: dict[str, Team]) -> None:
    for team in teams.values():
        assert (team.tests[0] / "test_project_loads.py").exists()


def test_a_pass_is_reported_by_pytests_last_line(tmp_path: Path) -> None:
    outcome = suites.run(one_module(tmp_path, PASSES))
    assert (outcome.ok, outcome.details) == (True, "")
    assert outcome.text.startswith("1 passed")


def test_a_failure_is_reported_with_pytests_output(tmp_path: Path) -> None:
    outcome = suites.run(one_module(tmp_path, PASSES + FAILS))
    assert not outcome.ok
    assert outcome.text.startswith("1 failed, 1 passed")
    assert "assert 'milk' == 'tea'" in outcome.details


def test_a_suite_without_a_test_fails(tmp_path: Path) -> None:
    outcome = suites.run(one_module(tmp_path, ""))
    assert not outcome.ok
    assert outcome.text.startswith("no tests")


def test_a_single_teams_tests_run_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    team = team_with_tests(tmp_path, PASSES + FAILS)
    with pytest.raises(DevkitError, match="1 of 1 failed: tea"):
        suites.run_teams([team], ["-p", "no:cacheprovider"])
    assert "1 failed, 1 passed" in capfd.readouterr().out
    suites.run_teams([team], ["-p", "no:cacheprovider", "-k", "test_tea"])


def test_every_teams_result_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teams = []
    for name, code in {"tea": FAILS, "milk": PASSES}.items():
        (tmp_path / name).mkdir()
        team = team_with_tests(tmp_path / name, code)
        teams.append(Team(name, team.module, team.directory, team.python, line=1))
    with pytest.raises(DevkitError, match="1 of 2 failed: tea"):
        suites.run_teams(teams, ["-q", "-p", "no:cacheprovider"])
    printed = capsys.readouterr().out
    assert "FAILED  tea   1 failed" in printed
    assert "ok      milk  1 passed" in printed


def test_tests_that_run_in_the_project_find_code_that_is_imported_from_the_root(
    tmp_path: Path, teams: dict[str, Team]
) -> None:
    """As `packages.sales.src.sales`, which Dagster loads where it is started."""
    files = {
        "packages/sales/src/sales/__init__.py": "",
        "packages/sales/tests/test_it.py": "import packages.sales.src.sales\n\n\n"
        "def test_it() -> None: ...\n",
        "packages/sales/pyproject.toml": '[project]\nname = "sales"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    team = Team(
        "sales", "packages.sales.src.sales", tmp_path / "packages/sales", teams["ml"].python,
        line=2, working_directory=tmp_path, root=tmp_path,
    )  # fmt: skip
    suite = suites.of_team(team, ["-p", "no:cacheprovider"])
    assert suite.cwd == tmp_path / "packages/sales"
    outcome = suites.run(suite)
    assert outcome.ok, outcome.details
