"""The checkout: git, hooks, secrets, derived files, whose the files are."""

from pathlib import Path

import pytest

from devkit import derived, setup
from devkit.bootstrap import ROOT
from devkit.doctor import checkout
from devkit.doctor.findings import Site
from devkit.workspace import Team
from tests.doctor.support import codes, only, site
from tests.repositories import Repository
from tests.support import NOBODY, as_somebody_else


@pytest.fixture
def here(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A small checkout, whose hooks are installed."""
    monkeypatch.setattr(setup, "hooks_installed", lambda: True)
    return site(tmp_path, root=repository.root)


def test_a_checkout_with_its_hooks_is_no_finding(here: Site) -> None:
    assert codes(checkout.git, here) == []


def test_hooks_that_are_not_installed(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "hooks_installed", lambda: False)
    one = only(checkout.git, here)
    assert (one.code, one.mend) == ("hooks-missing", "`invoke setup`")
    assert one.fix


def test_another_place_for_hooks(here: Site, repository: Repository) -> None:
    repository.git("config", "core.hooksPath", "/somewhere/else")
    one = only(checkout.git, here)
    assert one.code == "hooks-path"
    assert one.mend == "`git config --local --unset-all core.hooksPath`"
    repository.git("config", "--local", "--unset-all", "core.hooksPath")
    assert codes(checkout.git, here) == []


def test_somebody_elses_checkout(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    one = only(checkout.git, here)
    assert one.code == "git-unsafe"
    assert one.mend == f"`git config --global --add safe.directory {here.root}`"


def test_no_git(here: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert codes(checkout.git, here) == ["git-missing"]


def test_an_archive(tmp_path: Path) -> None:
    one = only(checkout.git, site(tmp_path, root=tmp_path))
    assert (one.code, one.grave) == ("no-checkout", False)


def test_secrets_that_everybody_can_read(
    here: Site, repository: Repository, teams: dict[str, Team]
) -> None:
    file = here.root / ".env"
    file.write_text("A=1\n")
    file.chmod(0o604)
    one = only(checkout.secrets, here)
    assert (one.code, one.mend) == ("env-readable", "`chmod 600 .env`")
    assert one.fix
    one.fix()
    assert file.stat().st_mode & 0o777 == 0o600
    assert codes(checkout.secrets, here) == []
    repository.git("add", "--force", ".env")
    one = only(checkout.secrets, here)
    assert one.code == "env-tracked"
    assert one.mend.startswith("`git rm --cached .env`")
    repository.git("rm", "--cached", "--quiet", ".env")
    assert codes(checkout.secrets, here) == []
    assert teams


def test_a_file_that_is_not_what_the_registry_makes_it(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = site(tmp_path, *teams.values())
    assert codes(checkout.derivation, where) == []
    monkeypatch.setattr(derived, "PARTS", (lambda _: {ROOT / "README.md": "another text"},))
    one = only(checkout.derivation, where)
    assert (one.code, one.mend) == ("derived-stale", "`invoke derive`")
    assert "README.md" in one.what


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_somebody_else():
        one = only(checkout.ownership, site(tmp_path, root=tmp_path))
    assert one.code == "not-writable"
    assert str(tmp_path) in one.mend
    tmp_path.chmod(0o755)
    assert codes(checkout.ownership, site(tmp_path, root=tmp_path)) == []
    assert NOBODY
