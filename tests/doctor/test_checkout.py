"""The checkout: git, hooks, secrets, generated files, whose the files are."""

from pathlib import Path

import pytest

from devkit.core.paths import ROOT
from devkit.doctor import checkout
from devkit.doctor.findings import Context
from devkit.environments import hooks
from devkit.generated import files as generated
from devkit.registry.workspace import Team
from testing.doctor import codes, context, only
from testing.repositories import Repository
from testing.support import UNPRIVILEGED_USER, as_another_user


@pytest.fixture
def here(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A small checkout, whose hooks are installed."""
    monkeypatch.setattr(hooks, "installed", lambda: True)
    return context(tmp_path, root=repository.root)


def test_a_checkout_with_its_hooks_is_no_finding(here: Context) -> None:
    assert codes(checkout.git, here) == []


def test_hooks_that_are_not_installed(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "installed", lambda: False)
    one = only(checkout.git, here)
    assert (one.code, one.fix) == ("hooks-missing", "`invoke setup`")
    assert one.repair


def test_another_place_for_hooks(here: Context, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "/somewhere/else")
    one = only(checkout.git, here)
    assert one.code == "hooks-path"
    assert one.fix == "`git config --local --unset-all core.hooksPath`"
    repository.git("config", "--local", "--unset-all", "core.hooksPath")
    assert codes(checkout.git, here) == []


def test_another_user_s_checkout(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    one = only(checkout.git, here)
    assert one.code == "git-unsafe"
    assert one.fix == f"`git config --global --add safe.directory {here.root}`"


def test_no_git(here: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert codes(checkout.git, here) == ["git-missing"]


def test_an_archive(tmp_path: Path) -> None:
    one = only(checkout.git, context(tmp_path, root=tmp_path))
    assert (one.code, one.severity == "error") == ("no-checkout", False)


def test_secrets_that_everybody_can_read(
    here: Context, repository: Repository, teams: dict[str, Team]
) -> None:
    file = here.root / ".env"
    file.write_text("A=1\n")
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


def test_a_generated_file_out_of_date(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = context(tmp_path, *teams.values())
    assert codes(checkout.derivation, where) == []
    monkeypatch.setattr(generated, "GENERATORS", (lambda _: {ROOT / "README.md": "another text"},))
    one = only(checkout.derivation, where)
    assert (one.code, one.fix) == ("derived-stale", "`invoke derive`")
    assert "README.md" in one.what


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_another_user():
        one = only(checkout.ownership, context(tmp_path, root=tmp_path))
    assert one.code == "not-writable"
    assert str(tmp_path) in one.fix
    tmp_path.chmod(0o755)
    assert codes(checkout.ownership, context(tmp_path, root=tmp_path)) == []
    assert UNPRIVILEGED_USER
