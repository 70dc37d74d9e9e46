"""Commits that are made without touching the work tree."""

from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.kit import commits
from testing.repositories import Repository


@pytest.fixture
def root(repository: Repository) -> Path:
    (repository.root / ".gitignore").write_text("*.txt\n", encoding="utf-8")
    repository.commit()
    return repository.root


def test_a_commit_is_made_beside_the_work_tree(root: Path) -> None:
    git = Repository(root).git
    before = commits.position(root)
    files = {"new/a.txt": b"1\n", "workspace.yaml": None, "run": b"#!/bin/sh\n"}
    made = commits.commit(root, before.commit, files, "Say so", frozenset({"run"}))
    assert commits.position(root) == before
    assert git("status", "--porcelain") == ""
    assert git("diff", "--name-status", before.commit, made).split() == [
        "A", "new/a.txt", "A", "run", "D", "workspace.yaml"]  # fmt: skip
    assert git("ls-tree", made, "run").startswith("100755")
    assert git("log", "-1", "--format=%s", made) == "Say so"


def test_paths_are_relative_to_a_folder_of_the_repository(below: Repository) -> None:
    before = commits.position(below.root)
    made = commits.commit(below.root, before.commit, {"a.py": b"1\n"}, "Say so")
    assert below.git("show", f"{made}:./a.py") == "1"


def test_a_failure_brings_back_what_was_checked_out(root: Path) -> None:
    git = Repository(root).git
    before = commits.position(root)
    made = commits.commit(root, before.commit, {"a.py": b"1\n", "workspace.yaml": b""}, "x")
    with pytest.raises(KeyboardInterrupt), commits.switched(root, "other", made):
        assert commits.position(root) == commits.Position(made, "other")
        (root / "a.py").write_text("changed", encoding="utf-8")
        raise KeyboardInterrupt
    assert commits.position(root) == before
    assert git("status", "--porcelain") == ""
    assert git("branch", "--list", "other") == ""


def test_a_file_in_the_way_is_not_overwritten(root: Path) -> None:
    before = commits.position(root)
    made = commits.commit(root, before.commit, {"a.py": b"1\n"}, "x")
    (root / "a.py").write_text("mine", encoding="utf-8")
    with (
        pytest.raises(DevkitError, match="nothing was changed"),
        commits.switched(root, "other", made),
    ):
        pytest.fail("it was switched to")
    assert commits.position(root) == before
    assert (root / "a.py").read_text() == "mine"


def test_the_first_commit_of_a_repository(tmp_path: Path, isolated_git: None) -> None:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--initial-branch", "trunk")
    made = commits.commit(tmp_path, "", {"a.py": b"1\n"}, "x")
    with pytest.raises(ZeroDivisionError), commits.switched(tmp_path, "other", made):
        raise ZeroDivisionError
    assert commits.position(tmp_path) == commits.Position("", "trunk")
    assert {path.name for path in tmp_path.iterdir()} == {".git"}
    with commits.switched(tmp_path, "other", made):
        pass
    assert commits.position(tmp_path) == commits.Position(made, "other")


def test_changes_that_are_not_committed_are_refused_but_other_files_are_not(root: Path) -> None:
    (root / "notes").write_text("mine", encoding="utf-8")
    commits.require_clean(root)
    (root / "workspace.yaml").write_text("changed", encoding="utf-8")
    with pytest.raises(DevkitError, match="not committed"):
        commits.require_clean(root)


def test_nobody_commits_without_a_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits.require_identity(root)
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.delenv(f"GIT_{name}", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "0")
    with pytest.raises(DevkitError, match="does not know who you are"):
        commits.require_identity(root)
