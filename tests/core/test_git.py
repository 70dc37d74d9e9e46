"""Changed files, as Git reports them: in clones and hooks, and where nothing can be compared."""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from devkit.commands.affected import as_text
from devkit.core import git
from devkit.core.errors import DevkitError
from devkit.core.git import changed_files
from testing.repositories import Repository
from testing.support import devkit_script

HOOK = """
import json, os
from pathlib import Path
from devkit.core import git
found = git.{question}
json.dump([list(found.files), os.environ["GIT_INDEX_FILE"]], open({answer!r}, "w"))
"""

NAMES = ("a b", "Tee für zwei", "茶", "two\nlines", "\ttab", '"', "-z")


def refusal(base: str, root: Path) -> str:
    """The error for a base that cannot be compared with."""
    with pytest.raises(DevkitError) as raised:
        changed_files(base, root)
    return str(raised.value)


def committed(repository: Repository) -> None:
    repository.commit()


def staged(repository: Repository) -> None:
    repository.git("add", "--all")


def staged_and_undone(repository: Repository) -> None:
    repository.git("add", "--all")
    repository.git("restore", "--source", "main", "--worktree", "tea", "sugar")


def committed_and_undone(repository: Repository) -> None:
    repository.commit()
    repository.git("restore", "--source", "main", "--staged", "--worktree", ".")


def intended(repository: Repository) -> None:
    repository.git("add", "--intent-to-add", "sugar/new.py")


def left(_: Repository) -> None:
    """Leave the change to the work tree."""


@pytest.mark.parametrize(
    "step", [committed, staged, staged_and_undone, committed_and_undone, intended, left]
)
def test_a_change_counts_wherever_it_is(
    repository: Repository, step: Callable[[Repository], None]
) -> None:
    repository.write("tea/code.py")
    repository.write("sugar/new.py")
    step(repository)
    assert repository.changed() == ["sugar/new.py", "tea/code.py"]


def test_a_touched_file_without_a_change_does_not_count(repository: Repository) -> None:
    (repository.root / "tea/code.py").touch()
    assert repository.changed() == []
    assert as_text(repository.affected()) == "nothing is affected"


def test_commits_on_the_base_only_do_not_count(repository: Repository) -> None:
    repository.write("tea/code.py")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("sugar/code.py")
    repository.commit()
    repository.git("checkout", "--quiet", "work")
    assert repository.changed() == ["tea/code.py"]


def test_against_head_only_what_is_not_committed_counts(repository: Repository) -> None:
    repository.write("tea/code.py")
    repository.commit()
    repository.write("sugar/code.py")
    assert repository.changed("HEAD") == ["sugar/code.py"]


@pytest.mark.parametrize("base", ["main", "main^{commit}", "v1", "HEAD~1", "refs/heads/main"])
def test_a_base_is_any_revision_that_git_knows(repository: Repository, base: str) -> None:
    repository.git("tag", "--annotate", "--message", "one", "v1", "main")
    repository.write("tea/code.py")
    repository.commit()
    assert repository.changed(base) == ["tea/code.py"]


def test_ignored_files_do_not_count_unless_they_are_tracked(repository: Repository) -> None:
    repository.write("tea/some.log")
    repository.write("tea/.venv-tea/lib.py")
    assert repository.changed() == []
    repository.git("add", "--force", "tea/some.log")
    assert repository.changed() == ["tea/some.log"]


@pytest.mark.parametrize("step", [committed, staged, left])
def test_a_rename_counts_at_both_ends(
    repository: Repository, step: Callable[[Repository], None]
) -> None:
    repository.git("config", "diff.renames", "copies")
    (repository.root / "tea/code.py").rename(repository.root / "sugar/tea.py")
    step(repository)
    assert repository.changed() == ["sugar/tea.py", "tea/code.py"]
    assert list(repository.affected().reasons) == ["tea", "sugar"]


@pytest.mark.parametrize("step", [committed, staged, left])
def test_a_deletion_counts(repository: Repository, step: Callable[[Repository], None]) -> None:
    (repository.root / "teams/milk/code.py").unlink()
    step(repository)
    assert repository.changed() == ["teams/milk/code.py"]


def test_a_file_that_is_removed_from_the_index_only_counts(repository: Repository) -> None:
    repository.git("rm", "--quiet", "--cached", "tea/code.py")
    assert repository.changed() == ["tea/code.py"]


@pytest.mark.parametrize("step", [committed, staged, left])
@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"caf\xe9.py"), "mac\rline", "dos\r\nline"])
def test_any_file_name_is_returned_as_it_is(
    repository: Repository, name: str, step: Callable[[Repository], None]
) -> None:
    repository.write(f"tea/{name}")
    step(repository)
    assert repository.changed() == [f"tea/{name}"]
    assert len(as_text(repository.affected()).splitlines()) == 1


def test_links_submodules_modes_and_checkouts_inside_are_paths_like_others(
    repository: Repository,
) -> None:
    (repository.root / "tea/link").symlink_to("/nowhere")
    (repository.root / "sugar/code.py").chmod(0o755)
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},teams/milk/theirs")
    repository.git("init", "--quiet", "tea/inner")
    repository.write("tea/inner/code.py")
    found = [name.rstrip("/") for name in repository.changed()]
    assert found == ["sugar/code.py", "tea/inner", "tea/link", "teams/milk/theirs"]
    assert list(repository.affected().reasons) == ["tea", "milk", "sugar"]


def test_no_setting_hides_a_change(repository: Repository) -> None:
    repository.git("config", "status.showUntrackedFiles", "no")
    repository.git("config", "diff.external", "false")
    repository.git("config", "diff.noprefix", "true")
    repository.git("config", "color.ui", "always")
    repository.write("tea/code.py")
    repository.write("tea/new.py")
    assert repository.changed() == ["tea/code.py", "tea/new.py"]


def install_hook(
    repository: Repository, answer: Path, question: str = 'changed_files("HEAD", Path.cwd())'
) -> None:
    """A pre-commit hook that asks what differs from HEAD."""
    hook = Path(repository.git("rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    hook.mkdir(exist_ok=True)
    command = shlex.join(devkit_script(HOOK.format(question=question, answer=str(answer))))
    (hook / "pre-commit").write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
    (hook / "pre-commit").chmod(0o755)


def test_a_hook_sees_what_is_being_committed(repository: Repository, tmp_path: Path) -> None:
    install_hook(repository, tmp_path / "answer")
    repository.write("tea/code.py")
    repository.commit()
    files, index = json.loads((tmp_path / "answer").read_text(encoding="utf-8"))
    assert (files, index) == (["tea/code.py"], ".git/index")


def test_a_hook_of_a_partial_commit_sees_at_least_that(
    repository: Repository, tmp_path: Path
) -> None:
    install_hook(repository, tmp_path / "answer")
    repository.write("tea/code.py")
    repository.write("sugar/code.py")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "part", "--only", "--", "tea/code.py")
    files, index = json.loads((tmp_path / "answer").read_text(encoding="utf-8"))
    assert "tea/code.py" in files
    assert "next-index" in index


def test_a_hook_in_a_linked_worktree_sees_that_worktree(
    repository: Repository, tmp_path: Path
) -> None:
    install_hook(repository, tmp_path / "answer")
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Repository(tmp_path / "linked")
    linked.write("sugar/code.py")
    linked.commit()
    assert json.loads((tmp_path / "answer").read_text(encoding="utf-8"))[0] == ["sugar/code.py"]
    assert linked.changed("main") == ["sugar/code.py"]


# Clones, and what can't be compared


@pytest.fixture
def origin(repository: Repository) -> Repository:
    """`work` has changed tea and `main`, since, sugar."""
    repository.write("tea/code.py")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("sugar/code.py")
    repository.commit()
    return repository


def clone(origin: Repository, *options: str) -> Repository:
    """A clone of the branch `work`, through git's own protocol."""
    target = origin.root.with_name("clone")
    origin.git("clone", "--quiet", "--branch", "work", *options, origin.root.as_uri(), str(target))
    return Repository(target)


def fix(message: str) -> list[str]:
    """The arguments of the git command that a message recommends."""
    command = shlex.split(message.rpartition("`git ")[2].partition("`")[0])
    assert command, message
    return command


def test_in_a_whole_clone_the_branch_is_compared_with_where_it_left(origin: Repository) -> None:
    assert clone(origin).changed("origin/main") == ["tea/code.py"]


def test_in_a_shallow_clone_there_are_too_many_files_and_a_note(origin: Repository) -> None:
    shallow = clone(origin, "--depth", "1", "--no-single-branch")
    found = changed_files("origin/main", shallow.root)
    assert found.files == ("sugar/code.py", "tea/code.py")
    assert found.start == shallow.git("rev-parse", "origin/main")
    assert found.note is not None
    assert found.note in as_text(shallow.affected("origin/main"))
    shallow.git(*fix(found.note))
    assert shallow.changed("origin/main") == ["tea/code.py"]


def test_a_shallow_clone_of_the_base_itself_has_nothing_to_note(origin: Repository) -> None:
    shallow = clone(origin, "--depth", "1")
    shallow.write("tea/new.py")
    assert shallow.changed("origin/work") == ["tea/new.py"]


@pytest.mark.parametrize("base", ["origin/main", "refs/remotes/origin/main", "origin/main~1"])
@pytest.mark.parametrize("options", [["--single-branch"], ["--depth", "1"]])
def test_a_base_that_was_not_fetched_comes_with_the_command_that_fetches_it(
    origin: Repository, options: list[str], base: str
) -> None:
    cloned = clone(origin, *options)
    message = refusal(base, cloned.root)
    assert message.startswith(f"revision '{base}' not found")
    cloned.git(*fix(message))
    assert cloned.changed(base) == ["tea/code.py"]


def test_a_base_beyond_a_shallow_clone_is_fetched_with_the_rest(origin: Repository) -> None:
    shallow = clone(origin, "--depth", "1")
    message = refusal("HEAD~1", shallow.root)
    assert "no such commit in this shallow clone" in message
    shallow.git(*fix(message))
    assert shallow.changed("HEAD~1") == ["tea/code.py"]


@pytest.mark.parametrize("base", ["mian", "origin/main", "--all", "", "1" * 40, "HEAD^{tree}"])
def test_an_unknown_base_is_an_error(repository: Repository, base: str) -> None:
    message = refusal(base, repository.root)
    assert message.startswith(f"revision {base!r} not found")
    assert "  fix:      choose one from `git branch --all`" in message


def test_unrelated_histories_are_compared_directly(
    repository: Repository,
) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.write("tea/code.py")
    repository.commit()
    found = changed_files("main", repository.root)
    assert found.files == ("tea/code.py",)
    assert found.note is not None
    assert "main and HEAD have no common history" in found.note
    assert "unshallow" not in found.note


def test_a_folder_outside_a_work_tree_is_an_error(tmp_path: Path) -> None:
    message = refusal("main", tmp_path)
    assert message.startswith(f"{tmp_path} is in no Git work tree")
    assert "not a git repository" in message


def test_a_folder_that_the_repository_above_ignores_is_an_error(repository: Repository) -> None:
    """An unpacked archive, in a home folder that is a repository for instance."""
    repository.write("archive.log/workspace.yaml")
    message = refusal("main", repository.root / "archive.log")
    assert message.startswith(f"{repository.root}/archive.log is in no Git work tree")
    assert "a folder that the repository above ignores" in message
    repository.git("add", "--force", "archive.log")
    assert changed_files("main", repository.root / "archive.log").files == ("workspace.yaml",)


def test_a_repository_without_a_commit_is_an_error(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")
    repository.git("init", "--quiet")
    assert "this repository has no commit yet" in refusal("HEAD", repository.root)


def test_another_users_repository_is_an_error_with_gits_remedy(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    message = refusal("main", repository.root)
    assert message.startswith(
        f"Git refuses this repository: {repository.root} belongs to another user"
    )
    assert f"`git config --global --add safe.directory {repository.root}`" in message


def test_a_machine_without_git_is_an_error(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal("main", repository.root).startswith("git is not installed")


def test_the_error_for_a_broken_repository_quotes_git(repository: Repository) -> None:
    (repository.root / ".git/index").write_bytes(b"no index")
    assert "index file" in refusal("main", repository.root)


@pytest.mark.parametrize("base", ["0" * 40, "0" * 64])
def test_after_no_commit_everything_is_new(repository: Repository, base: str) -> None:
    repository.write("left.txt")
    found = changed_files(base, repository.root)
    assert {"tea/code.py", "workspace.yaml", "left.txt"} <= set(found.files)
    assert [*repository.affected(base).reasons] == ["tea", "milk", "sugar"]


# Files, and their earlier versions


def test_index_files_are_those_that_git_tracks_present_or_not(repository: Repository) -> None:
    repository.write("tea/new.py")
    (repository.root / "sugar/code.py").unlink()
    assert git.index_files(repository.root) == [
        ".gitignore",
        "sugar/code.py",
        "tea/code.py",
        "teams/milk/code.py",
        "workspace.yaml",
    ]


def test_tracked_files_are_paths_and_none_in_a_downloaded_archive(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("tea/new.py")
    found = git.tracked_files(repository.root)
    assert repository.root / "tea/code.py" in found
    assert repository.root / "tea/new.py" not in found
    assert git.tracked_files(tmp_path) == set()


def test_uncommitted_files_are_changed_new_and_ignored_ones_of_a_folder(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("tea/code.py")
    repository.write("tea/new.py")
    repository.write("tea/some.log")
    repository.write("sugar/new.py")
    found = git.uncommitted_files(repository.root / "tea")
    assert found is not None
    assert sorted(found) == [
        (" M", repository.root / "tea/code.py"),
        ("!!", repository.root / "tea/some.log"),
        ("??", repository.root / "tea/new.py"),
    ]
    assert git.uncommitted_files(tmp_path) is None


def test_read_at_returns_an_old_text_or_none(repository: Repository) -> None:
    repository.write("tea/code.py")
    repository.commit()
    assert git.read_at("main", "tea/code.py", repository.root) == "# the code of tea\n"
    assert git.read_at("HEAD", "tea/code.py", repository.root) == "new\n"
    assert git.read_at("main", "tea/new.py", repository.root) is None


# A root below the top of its repository


@pytest.mark.parametrize(
    "step", [committed, staged, staged_and_undone, committed_and_undone, intended, left]
)
def test_below_the_top_paths_are_relative_to_the_root_and_others_do_not_count(
    below: Repository, step: Callable[[Repository], None]
) -> None:
    below.write("tea/code.py")
    below.write("sugar/new.py")
    below.write("../../website/new.html")
    below.write("../more.txt")
    step(below)
    assert below.changed() == ["sugar/new.py", "tea/code.py"]
    assert list(below.affected().reasons) == ["tea", "sugar"]


def test_below_the_top_staged_files_are_those_of_the_root(below: Repository) -> None:
    below.write("tea/code.py")
    below.write("../../website/index.html", "changed\n")
    below.git("add", "--all")
    below.write("sugar/code.py")
    assert git.staged_files(below.root).files == ("tea/code.py",)
    assert git.differs_from_index(["sugar"], below.root)
    assert not git.differs_from_index(["tea", "workspace.yaml"], below.root)


def test_below_the_top_a_merge_is_what_differs_from_both_parents(below: Repository) -> None:
    below.write("sugar/code.py")
    below.commit()
    below.git("checkout", "--quiet", "main")
    below.write("tea/code.py")
    below.commit()
    below.git("merge", "--quiet", "--no-commit", "work")
    assert git.staged_files(below.root).files == ()
    below.write("tea/code.py", "both\n")
    below.git("add", "--all")
    assert git.staged_files(below.root).files == ("tea/code.py",)


def test_below_the_top_files_and_old_texts_are_those_of_the_root(below: Repository) -> None:
    below.write("tea/code.py")
    below.write("tea/some.log")
    below.git("add", "tea/code.py")
    assert git.read_at("HEAD", "tea/code.py", below.root) == "# the code of tea\n"
    assert git.read_at("", "tea/code.py", below.root) == "new\n"
    assert git.read_at("HEAD", "website/index.html", below.root) is None
    assert git.index_files(below.root)[:2] == [".gitignore", "sugar/code.py"]
    assert git.tracked_files(below.root) == {
        below.root / name for name in git.index_files(below.root)
    }
    found = git.uncommitted_files(below.root / "tea")
    assert found == [
        ("M ", below.root / "tea/code.py"),
        ("!!", below.root / "tea/some.log"),
    ]


def test_below_the_top_a_shallow_clone_and_an_empty_base_are_compared(below: Repository) -> None:
    assert "workspace.yaml" in changed_files("0" * 40, below.root).files
    below.write("tea/code.py")
    below.commit()
    top = git.top(below.root)
    target = top.with_name("clone")
    below.git("clone", "--quiet", "--depth", "1", "--no-single-branch", top.as_uri(), str(target))
    found = changed_files("origin/main", target / git.prefix(below.root))
    assert found.files == ("tea/code.py",)
    assert found.note


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("options", [["--all"], ["--only", "tea/code.py"]])
def test_below_the_top_a_hook_sees_what_is_being_committed(
    below: Repository, tmp_path: Path, *, linked: bool, options: list[str]
) -> None:
    """Git runs hooks at the top; in a linked worktree, with a variable that hides where that is."""
    where = git.prefix(below.root)
    install_hook(below, tmp_path / "answer", f"staged_files(Path.cwd() / {where!r})")
    if linked:
        below.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
        below = Repository(tmp_path / "linked" / where)
    below.write("tea/code.py")
    below.write("../../website/index.html", "changed\n")
    below.git("commit", "--quiet", "--message", "some", *options)
    assert json.loads((tmp_path / "answer").read_text(encoding="utf-8"))[0] == ["tea/code.py"]


def test_a_root_that_is_a_submodule_is_a_top(repository: Repository, tmp_path: Path) -> None:
    Repository(tmp_path).git("init", "--quiet", "outer")
    outer = Repository(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
              str(repository.root), "data")  # fmt: skip
    inner = Repository(outer.root / "data")
    inner.write("tea/code.py")
    assert inner.changed("HEAD") == ["tea/code.py"]
    assert (git.top(inner.root), git.prefix(inner.root)) == (inner.root, "")
