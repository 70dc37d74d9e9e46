"""What a commit changes: staged files of real Git repositories, with teams that load at once."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.definitions import staged
from devkit.definitions.loading import Failure
from devkit.definitions.manifest import Manifest
from testing import commits
from testing.commits import code
from testing.repositories import Repository, entry


@pytest.fixture(params=["checkout", "checkout/below/the top"])
def repository(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    isolated_git: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Repository:
    """At the top of a checkout, and below it."""
    return commits.make(tmp_path / request.param, monkeypatch, tmp_path / "checkout")


def affected(repository: Repository) -> list[str] | None:
    """The teams that what is staged affects; None if it needs no look at the teams."""
    with staged.staged(repository.root) as commit:
        return None if commit is None else [team.name for team in commit.chosen]


def produced(repository: Repository, name: str) -> list[str] | str:
    """What a team produces in the commit, or why it does not load."""
    with staged.staged(repository.root) as commit:
        assert commit
        found = staged.load(commit, commit.teams)[name]
        return found.message if isinstance(found, Failure) else [*found.produces]


def test_nothing_staged_affects_no_team(repository: Repository) -> None:
    repository.write("tea/code.py", "broken")
    repository.write("tea/new.py", "broken")
    assert affected(repository) is None


@pytest.mark.parametrize(
    "registry", ["load_from: [\n", "load_from:\n" + entry("gone", "gone"), "\tno YAML"]
)
def test_a_readme_is_never_judged_by_a_team(
    repository: Repository, registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("workspace.yaml", registry)
    repository.write("tea/code.py", "broken")
    repository.commit()
    repository.write("README.md", "More\n")
    repository.git("add", "README.md")
    assert affected(repository) is None
    assert capsys.readouterr().err == ""


def test_a_registry_that_was_broken_before_is_a_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("workspace.yaml", "load_from: [\n")
    repository.commit()
    repository.write("tea/code.py", code("pot"))
    repository.git("add", "--all")
    assert affected(repository) is None
    assert capsys.readouterr().err.startswith("warning: nothing was checked, since workspace.yaml")


@pytest.mark.parametrize("how", ["registry", "folder"])
def test_a_commit_that_breaks_the_registry_is_refused(repository: Repository, how: str) -> None:
    if how == "registry":
        repository.write("workspace.yaml", "load_from: [\n")
        repository.git("add", "--all")
    else:  # the folder is still in the work tree, with its environment
        repository.git("rm", "-rq", "sugar")
        assert (repository.root / "sugar").is_dir()
        repository.write("sugar/not_staged.py")
    with pytest.raises(DevkitError, match=r"workspace\.yaml"):
        affected(repository)


def test_only_what_is_staged_counts(repository: Repository) -> None:
    repository.write("tea/code.py", code("cup", "pot"))
    repository.git("add", "--all")
    repository.write("tea/code.py", "broken")
    repository.write("tea/new.py", "broken")
    repository.write("teams/milk/new.py", "broken")
    assert affected(repository) == ["tea"]
    assert produced(repository, "tea") == ["cup", "pot"]
    assert produced(repository, "milk") == ["jug"]
    repository.git("checkout", "--", "tea/code.py")
    repository.write("tea/code.py", "broken")
    repository.git("add", "tea/code.py")
    repository.write("tea/code.py", code("cup"))
    assert produced(repository, "tea") == "it is broken\nat length"


def test_the_work_tree_itself_is_judged_if_it_is_what_is_staged(repository: Repository) -> None:
    repository.write("tea/code.py", code("pot"))
    repository.git("add", "--all")
    repository.write("notes.txt", "untracked, but in no team's folder")
    repository.write("tea/some.log", "ignored")
    with staged.staged(repository.root) as commit:
        assert commit
        assert commit.files.in_place
    repository.write("sugar/new.py")
    with staged.staged(repository.root) as commit:
        assert commit
        assert not commit.files.in_place
        assert (commit.files.folder / "tea/some.log").exists()
        assert commit.chosen[0].directory == repository.root / "tea"


def test_a_team_without_an_environment_does_not_load(repository: Repository) -> None:
    (repository.root / "sugar/.venv-sugar/bin/python").unlink()
    repository.write("tea/code.py", code("pot"))
    repository.git("add", "--all")
    assert produced(repository, "sugar") == "its environment is not built"


def test_the_first_commit_affects_every_team(repository: Repository) -> None:
    repository.git("update-ref", "-d", "HEAD")
    assert affected(repository) == ["tea", "milk", "sugar"]
    with staged.staged(repository.root) as commit:
        assert commit
        found = staged.before(commit, [])
        assert found
        assert found.manifests == ()


def test_a_merge_is_judged_by_what_differs_from_both_parents(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.write("sugar/code.py", "broken")
    repository.write("tea/code.py", code("cup", "theirs"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("teams/milk/code.py", code("jug", "can", needs="cup"))
    repository.commit()
    repository.git("merge", "--quiet", "--no-commit", "other")
    assert affected(repository) is None
    repository.write("tea/code.py", code("cup", "theirs", "mine"))
    repository.git("add", "--all")
    assert affected(repository) == ["tea"]


def test_a_removed_team_is_looked_at_with_its_consumers(repository: Repository) -> None:
    registry = (repository.root / "workspace.yaml").read_text(encoding="utf-8")
    repository.write("workspace.yaml", registry.replace(entry("tea_project", "tea"), ""))
    repository.git("rm", "-rq", "tea")
    repository.git("add", "--all")
    assert affected(repository) == []
    assert produced(repository, "milk") == ["jug"]


def test_a_team_in_a_submodule_is_affected_by_its_commit(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.write("code.py", code("cup"))
    other.git("init", "--quiet")
    other.commit()
    repository.git("rm", "-rq", "tea")
    (repository.root / "tea").rename(tmp_path / "environment")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
                   str(other.root), "tea")  # fmt: skip
    (tmp_path / "environment/.venv-tea_project").rename(repository.root / "tea/.venv-tea_project")
    repository.commit()
    inside = Repository(repository.root / "tea")
    inside.write("code.py", code("cup", "pot"))
    inside.git("commit", "--quiet", "--all", "--message", "some")
    assert affected(repository) is None
    repository.git("add", "tea")
    assert affected(repository) == ["tea"]
    assert produced(repository, "tea") == ["cup", "pot"]
    repository.write("sugar/scratch.py", "broken")
    assert produced(repository, "tea") == ["cup", "pot"]


def test_before_has_the_definitions_at_head(repository: Repository) -> None:
    repository.write("tea/code.py", code("pot"))
    repository.git("add", "--all")
    with staged.staged(repository.root) as commit:
        assert commit
        after = staged.load(commit, commit.teams).values()
        found = staged.before(commit, [one for one in after if isinstance(one, Manifest)])
    assert found
    assert [[*one.produces] for one in found.manifests] == [["cup"], ["jug"], ["lump"]]
    assert found.unknown == frozenset()
