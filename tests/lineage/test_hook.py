"""The Git hook of the lineage page: staged files, teams that load at once."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.definitions.manifest import Manifest
from devkit.definitions.staged import load, staged
from devkit.lineage import hook
from devkit.lineage.graph import build
from devkit.lineage.markdown import markdown
from testing import commits
from testing.commits import PAGE, code
from testing.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path, isolated_git: None, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = commits.make(tmp_path / "checkout", monkeypatch)
    made.write(PAGE, "")
    made.git("add", "--all")
    with pytest.raises(DevkitError):
        refresh(made)
    made.commit()
    return made


def refresh(repository: Repository) -> None:
    """What the Git hook does, for everything in the work tree."""
    repository.git("add", "--all")
    hook.refresh(Path(PAGE), repository.root)


def page(repository: Repository) -> str:
    return (repository.root / PAGE).read_text(encoding="utf-8")


def wanted(repository: Repository) -> str:
    with staged(repository.root, also=[PAGE]) as commit:
        assert commit
        found = load(commit, commit.teams).values()
        return markdown(build([one for one in found if isinstance(one, Manifest)]))


def test_a_change_of_the_graph_rewrites_the_page_and_is_refused(repository: Repository) -> None:
    repository.write("tea/code.py", code("cup", "pot"))
    with pytest.raises(DevkitError, match="was out of date, and has been written") as raised:
        refresh(repository)
    assert f"`git add {PAGE}`" in str(raised.value)
    assert page(repository) == wanted(repository)
    assert "pot" in page(repository)
    refresh(repository)


def test_the_page_is_that_of_the_commits_files(repository: Repository) -> None:
    repository.write("tea/code.py", code("cup", "pot"))
    repository.git("add", "--all")
    repository.write("tea/scratch.py", code("untracked"))
    with pytest.raises(DevkitError):
        hook.refresh(Path(PAGE), repository.root)
    assert "pot" in page(repository)
    assert "untracked" not in page(repository)


@pytest.mark.parametrize("file", ["README.md", "tea/code.py"])
def test_a_page_that_was_out_of_date_before_is_at_most_a_warning(
    repository: Repository, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("sugar/code.py", code("lump", "cube"))
    repository.commit()
    before = page(repository)
    repository.write(file, f"# a remark\n{code('cup')}")
    refresh(repository)
    assert page(repository) == before
    expected = f"warning: {PAGE} is out of date, which this commit did not cause\n"
    assert capsys.readouterr().err == ("" if file == "README.md" else expected)


def test_a_page_that_is_changed_by_hand_is_refused(repository: Repository) -> None:
    before = page(repository)
    repository.write(PAGE, "# Of last year\n")
    with pytest.raises(DevkitError, match="was out of date"):
        refresh(repository)
    assert page(repository) == before


def test_another_team_that_does_not_load_is_a_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("sugar/code.py", "broken")
    repository.commit()
    repository.write("tea/code.py", code("cup", "pot"))
    refresh(repository)
    assert capsys.readouterr().err == f"warning: {PAGE} was not checked: sugar does not load\n"


def test_a_repository_without_the_page_gets_none(repository: Repository) -> None:
    repository.git("rm", "-q", PAGE)
    repository.write("tea/code.py", code("cup", "pot"))
    refresh(repository)
    assert not (repository.root / PAGE).exists()
