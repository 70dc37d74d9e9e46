"""Checks of the checkout: Git and its hooks, secrets, generated files, file ownership."""

from pathlib import Path

import pytest

from devkit.core.paths import ROOT
from devkit.doctor import checkout
from devkit.doctor.findings import Context
from devkit.generated import files as generated
from devkit.registry.team import Team
from testing.doctor import codes, context, only
from testing.repositories import Repository
from testing.support import UNPRIVILEGED_USER, as_another_user


@pytest.fixture
def here(repository: Repository, tmp_path: Path) -> Context:
    """A small checkout with installed hooks."""
    repository.write(".git/hooks/pre-commit", "#!/bin/sh\n.venv-tools/bin/pre-commit run\n")
    return context(tmp_path, root=repository.root)


def test_git_passes_with_hooks_installed(here: Context) -> None:
    assert codes(checkout.git, here) == []


def test_git_finds_missing_hooks(here: Context) -> None:
    (here.root / ".git/hooks/pre-commit").unlink()
    one = only(checkout.git, here)
    assert (one.code, one.fix) == ("hooks-missing", "`invoke setup`")
    assert one.repair


def test_git_finds_a_hooks_path(here: Context, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "/somewhere/else")
    one = only(checkout.git, here)
    assert (one.code, one.severity == "error") == ("hooks-path", False)
    assert one.fix.endswith("or `git config --local --unset-all core.hooksPath`")
    repository.git("config", "--local", "--unset-all", "core.hooksPath")
    assert codes(checkout.git, here) == []


def test_git_finds_another_users_checkout(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    one = only(checkout.git, here)
    assert one.code == "git-unsafe"
    assert one.fix == f"`git config --global --add safe.directory {here.root}`"


def test_git_finds_that_git_is_missing(
    here: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert codes(checkout.git, here) == ["git-missing"]


def test_git_finds_an_archive(tmp_path: Path) -> None:
    one = only(checkout.git, context(tmp_path, root=tmp_path))
    assert (one.code, one.severity == "error") == ("no-checkout", False)


def test_git_finds_a_worktree_whose_repository_is_gone(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/.git/worktrees/x\n", encoding="utf-8")
    one = only(checkout.git, context(tmp_path, root=tmp_path))
    assert (one.code, one.severity == "error") == ("git-broken", True)
    assert "/nowhere/.git/worktrees/x" in one.what


def test_git_finds_a_hook_above_that_does_not_run_the_checks(below: Repository) -> None:
    below.write("../../.pre-commit-config.yaml", "repos: []\n")
    one = only(checkout.git, context(below.root, root=below.root))
    assert (one.code, one.severity == "error") == ("hooks-not-called", False)
    assert "tasks.py" in one.fix


def test_secrets_finds_readable_and_tracked_files(
    here: Context, repository: Repository, teams: dict[str, Team]
) -> None:
    file = here.root / ".env"
    file.write_text("A=1\n", encoding="utf-8")
    file.chmod(0o604)
    one = only(checkout.secrets, here)
    assert (one.code, one.fix) == ("env-readable", "`chmod 600 .env`")
    assert one.repair
    one.repair()
    assert file.stat().st_mode & 0o777 == 0o600
    assert codes(checkout.secrets, here) == []
    repository.git("add", "--force", ".env")
    one = only(checkout.secrets, here)
    assert one.code == "env-tracked"
    assert one.fix.startswith("`git rm --cached .env`")
    repository.git("rm", "--cached", "--quiet", ".env")
    assert codes(checkout.secrets, here) == []
    assert teams


def test_derivation_finds_a_stale_file(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = context(tmp_path, *teams.values())
    assert codes(checkout.derivation, where) == []
    monkeypatch.setattr(generated, "GENERATORS", {"a": lambda _: {ROOT / "README.md": "another"}})
    one = only(checkout.derivation, where)
    assert (one.code, one.fix) == ("derived-stale", "`invoke derive`")
    assert "README.md" in one.what


def test_ownership_finds_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_another_user():
        one = only(checkout.ownership, context(tmp_path, root=tmp_path))
    assert one.code == "not-writable"
    assert str(tmp_path) in one.fix
    tmp_path.chmod(0o755)
    assert codes(checkout.ownership, context(tmp_path, root=tmp_path)) == []
    assert UNPRIVILEGED_USER
