"""Checks of DAGSTER_HOME, with databases that the orchestrator's Dagster created."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devkit.dev import home
from devkit.doctor import dagster_home
from devkit.environments import venvs
from testing.doctor import codes, context, only
from testing.support import as_another_user


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DAGSTER_HOME that this orchestrator has prepared."""
    where = tmp_path_factory.mktemp("instance") / "home"
    home.prepare(where)
    return where


@pytest.fixture
def where(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "home", symlinks=True))


def stamp(database: Path, revision: str) -> None:
    """Set the schema that is recorded in a database."""
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("update alembic_version set version_num = ?", (revision,))


def test_a_prepared_home_passes(where: Path) -> None:
    assert codes(dagster_home.folder, context(where)) == []
    assert codes(dagster_home.schema, context(where)) == []


def test_every_checked_database_exists(where: Path) -> None:
    for name in dagster_home.DATABASES:
        assert (where / name).exists(), name


def test_the_newest_schema_is_the_one_that_dagster_creates(where: Path) -> None:
    known, head = dagster_home.revisions(venvs.orchestrator_environment().path)
    assert len(known) > 50
    assert {dagster_home.revision_of(where / name) for name in dagster_home.DATABASES} == {head}


def test_a_missing_home_is_prepared(
    where: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    monkeypatch.setattr(home, "prepare", where.rename)  # what it does has its own tests
    one = only(dagster_home.folder, context(new))
    assert (one.code, one.fix) == ("home-not-ready", "`invoke setup`")
    assert one.repair
    one.repair()
    assert codes(dagster_home.folder, context(new)) == []


def test_a_relative_path_is_a_warning(where: Path) -> None:
    one = only(dagster_home.folder, context(where, environ={"DAGSTER_HOME": "some/home"}))
    assert (one.code, one.severity == "error") == ("home-relative", False)
    assert one.fix == f"`export DAGSTER_HOME={where}`"
    assert codes(dagster_home.folder, context(where, environ={"DAGSTER_HOME": "~/home"})) == []


def test_a_file_instead_of_a_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder", encoding="utf-8")
    one = only(dagster_home.folder, context(tmp_path / "home"))
    assert one.code == "home-unusable"
    assert "is not a folder" in one.what


def test_a_home_that_is_not_writable_is_found(where: Path) -> None:
    where.chmod(0o555)
    with as_another_user():
        found = codes(dagster_home.folder, context(where))
    assert found == ["home-unusable"]


def test_a_database_that_is_not_writable_is_found(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write to all of them, and another user may not even read a test's folder.
    monkeypatch.setattr(dagster_home, "may_write", lambda path: path.name != "runs.db")
    one = only(dagster_home.folder, context(where))
    assert one.code == "home-unusable"
    assert "runs.db" in one.what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_home_is_a_warning(where: Path) -> None:
    os.chown(where, 12345, -1)
    one = only(dagster_home.folder, context(where))
    assert (one.code, one.severity == "error") == ("home-foreign", False)


def test_another_dagster_yaml_is_found_and_its_databases_are_not_checked(where: Path) -> None:
    file = where / "dagster.yaml"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    file.write_text(text, encoding="utf-8")
    found = codes(dagster_home.folder, context(where))
    assert "home-own-configuration" in found
    # Its databases may be elsewhere.
    stamp(where / "history/runs.db", "567bc23fd1ac")  # pragma: allowlist secret
    assert codes(dagster_home.schema, context(where)) == []


def test_an_older_schema_is_found_with_the_command_that_migrates_it(where: Path) -> None:
    known, head = dagster_home.revisions(venvs.orchestrator_environment().path)
    stamp(where / "history/runs/index.db", min(known - {head}))
    one = only(dagster_home.schema, context(where))
    assert one.code == "home-old"
    assert f"DAGSTER_HOME={where} " in one.fix
    assert one.fix.endswith("/bin/dagster instance migrate`")
    assert one.repair is None, "a migration can't be undone: a person decides"


def test_a_newer_schema_is_found(where: Path) -> None:
    stamp(where / "schedules/schedules.db", "from-the-future")
    one = only(dagster_home.schema, context(where))
    assert one.code == "home-new"
    assert "invoke lock --team orchestrator --upgrade" in one.fix


@pytest.mark.parametrize("how", ["text", "empty", "unstamped"])
def test_a_broken_database_is_found(where: Path, how: str) -> None:
    database = where / "history/runs.db"
    if how == "unstamped":
        with closing(sqlite3.connect(database)) as opened, opened:
            opened.execute("delete from alembic_version")
    else:
        for rest in ("-wal", "-shm"):
            database.with_name(f"runs.db{rest}").unlink(missing_ok=True)
        database.write_text("no database at all\n" * 100 if how == "text" else "", encoding="utf-8")
    one = only(dagster_home.schema, context(where))
    assert one.code == "home-broken"
    assert one.fix.startswith(f"`mv {where} {where}.broken`")
