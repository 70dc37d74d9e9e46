"""A commit is judged by the teams that it affects: staged files, teams that load at once."""

from pathlib import Path

import pytest

from devkit.contracts.check import Options
from devkit.contracts.staged import judge
from devkit.core.errors import DevkitError
from devkit.core.export import Files
from devkit.definitions import relocated
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from devkit.definitions.staged import staged
from devkit.registry.team import Team
from testing import commits
from testing.commits import code
from testing.repositories import MILK, SUGAR, TEA, Repository, entry

NO_PRODUCER = "warning: a violation that this commit did not cause: key-nobody-makes: "


@pytest.fixture
def repository(tmp_path: Path, isolated_git: None, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return commits.make(tmp_path / "checkout", monkeypatch)


def check(repository: Repository) -> None:
    """What the Git hook does, for everything in the work tree."""
    repository.git("add", "--all")
    with staged(repository.root) as commit:
        if commit:
            judge(commit, Options())


def refusal(repository: Repository) -> str:
    with pytest.raises(DevkitError) as raised:
        check(repository)
    return str(raised.value)


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_good_change_prints_its_team_alone(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea/code.py", code("cup", "pot"))
    check(repository)
    shown = capsys.readouterr()
    assert "ok      tea  2 assets" in shown.out
    assert "milk" not in shown.out
    assert shown.err == ""


def test_an_affected_team_that_does_not_load_is_refused(repository: Repository) -> None:
    repository.write("tea/code.py", "broken")
    assert "1 of 1 failed to load: tea" in refusal(repository)


def test_another_team_that_does_not_load_is_a_line_of_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea/code.py", "broken")
    repository.commit()
    repository.write("sugar/code.py", code("lump", "cube"))
    check(repository)
    assert warnings(capsys) == [
        "warning: tea does not load, which this commit did not cause: it is broken"
    ]


def test_another_team_without_an_environment_is_a_line_of_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.root / "tea/.venv-tea_project/bin/python").unlink()
    repository.write("sugar/code.py", code("lump", "cube"))
    check(repository)
    assert warnings(capsys) == [
        "warning: tea does not load, which this commit did not cause: its environment is not built"
    ]


def test_a_violation_of_another_team_is_a_line_of_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    repository.commit()
    repository.write("sugar/code.py", code("lump", "cube"))
    check(repository)
    assert warnings(capsys) == [
        f"{NO_PRODUCER}jug of milk depends on udder, which no team produces"
    ]


def test_a_violation_that_another_team_caused_before_does_not_refuse_the_victim(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea/code.py", code("pot"))
    repository.commit()
    repository.write("sugar/code.py", code("lump", needs="cup") + code("cube", needs="cane"))
    assert "key-nobody-makes" in refusal(repository)  # cane, which is new
    repository.write("sugar/code.py", f"# a remark\n{code('lump', needs='cup')}")
    capsys.readouterr()
    check(repository)
    assert len(warnings(capsys)) == 2  # milk's and sugar's


def test_a_violation_of_a_team_whose_patterns_of_external_assets_may_have_changed_is_refused(
    repository: Repository,
) -> None:
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    repository.commit()
    repository.write("teams/milk/pyproject.toml", "")
    assert "key-nobody-makes" in refusal(repository)


@pytest.mark.parametrize("what", ["rename", "removal"])
def test_taking_away_what_another_team_needs_is_refused(
    repository: Repository, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if what == "rename":
        repository.write("tea/code.py", code("pot"))
    else:
        repository.write("workspace.yaml", f"load_from:\n{MILK}{SUGAR}")
        repository.git("rm", "-rq", "tea")
    assert "key-nobody-makes" in refusal(repository)
    shown = capsys.readouterr()
    assert "jug of milk depends on cup" in shown.out
    assert shown.err == ""


def test_removing_a_team_that_nobody_needs_passes_beside_an_old_violation(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    repository.commit()
    repository.write("workspace.yaml", f"load_from:\n{TEA}{MILK}")
    repository.git("rm", "-rq", "sugar")
    check(repository)
    assert len(warnings(capsys)) == 1


def test_removing_a_team_whose_environment_is_gone_counts_every_violation_as_new(
    repository: Repository,
) -> None:
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    repository.commit()
    (repository.root / "sugar/.venv-sugar/bin/python").unlink()
    repository.write("workspace.yaml", f"load_from:\n{TEA}{MILK}")
    repository.git("rm", "-rq", "sugar")
    assert "key-nobody-makes" in refusal(repository)


def test_a_new_team_that_clashes_is_refused(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    new = entry("honey_project", "honey")
    repository.write("workspace.yaml", f"load_from:\n{TEA}{MILK}{SUGAR}{new}")
    repository.write("honey/code.py", code("cup"))
    repository.write("honey/.venv-honey_project/bin/python")
    assert "key-made-twice" in refusal(repository)
    capsys.readouterr()
    repository.git("commit", "--quiet", "--message", "anyway")
    repository.write("sugar/code.py", code("lump"))
    check(repository)
    assert ["key-made-twice" in line for line in warnings(capsys)] == [True]


def test_repairing_a_team_is_not_refused_for_an_old_violation_of_another(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    repository.write("tea/code.py", "broken")
    repository.commit()
    repository.write("tea/code.py", code("cup"))
    check(repository)
    assert len(warnings(capsys)) == 1


def test_repairing_a_team_with_a_violation_of_its_own_is_refused(repository: Repository) -> None:
    repository.write("teams/milk/code.py", "broken")
    repository.commit()
    repository.write("teams/milk/code.py", code("jug", needs="udder"))
    assert "key-nobody-makes" in refusal(repository)


def test_a_change_of_what_all_teams_share_is_not_refused_for_a_team_that_was_broken(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tea/code.py", "broken")
    repository.commit()
    repository.write("devkit/cli.py")
    check(repository)
    assert warnings(capsys) == [
        "warning: tea does not load, which this commit did not cause: it is broken"
    ]
    repository.write("tea/other.py")
    assert "failed to load: tea" in refusal(repository)


def test_a_change_of_what_all_teams_share_is_refused_for_a_team_that_it_breaks(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(team: Team, files: Files, timeout: float | None = None) -> Manifest | Failure:
        if (files.folder / "devkit/cli.py").exists():
            return Failure(team, "broken by the kit", None)
        return commits.load(team, files, timeout)

    monkeypatch.setattr(relocated, "load", load)
    repository.write("sugar/other.py", "")
    repository.commit()
    repository.write("devkit/cli.py")
    repository.write("sugar/more.py", "")
    assert "failed to load: tea, milk, sugar" in refusal(repository)


def test_files_that_are_not_staged_do_not_count(repository: Repository) -> None:
    """Neither for the team that is affected, nor for one that could supply it."""
    repository.write("tea/code.py", code("cup", "pot"))
    repository.git("add", "--all")
    for team in ("tea", "teams/milk", "sugar"):
        repository.write(f"{team}/scratch.py", "broken")
    with staged(repository.root) as commit:
        assert commit
        judge(commit, Options())
    repository.git("reset", "--quiet", "--hard")
    repository.write("sugar/code.py", code("lump", needs="honey"))
    repository.git("add", "sugar/code.py")
    for team in ("teams/milk", "sugar"):
        (repository.root / team / "scratch.py").unlink()
    repository.write("tea/scratch.py", code("honey"))
    with (
        staged(repository.root) as commit,
        pytest.raises(DevkitError, match="key-nobody-makes"),
    ):
        assert commit
        judge(commit, Options())
