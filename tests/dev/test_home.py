"""DAGSTER_HOME: where it is, and that it is ready, once, before any service opens it."""

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.dev import home
from testing.support import as_somebody_else, devkit_script, run


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A DAGSTER_HOME that two processes prepared at once, and what they said."""
    where = tmp_path_factory.mktemp("home") / "not/there/yet"
    script = devkit_script(
        "from pathlib import Path\nfrom devkit.dev import home\n"
        f"print(home.prepare(Path({str(where)!r})))"
    )
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: run(script, ROOT), range(2)))
    assert [done.returncode for done in both] == [0, 0], both
    return where, sorted(done.stdout.strip() for done in both)


def test_unset_it_is_an_ignored_folder_of_the_repository() -> None:
    where = home.locate({})
    assert where.parent == ROOT
    assert home.locate({"DAGSTER_HOME": ""}) == where
    ignored = run(["git", "check-ignore", f"{where.name}/"], ROOT)
    assert ignored.returncode == 0


def test_the_developers_own_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert home.locate({"DAGSTER_HOME": "data/home"}) == tmp_path / "data/home"
    assert home.locate({"DAGSTER_HOME": "~/home"}) == tmp_path / "me/home"
    assert home.locate({"DAGSTER_HOME": "/srv/home"}) == Path("/srv/home")


def test_a_relative_one_is_relative_to_where_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "here")
    monkeypatch.chdir(tmp_path)
    assert home.locate() == tmp_path / "here"


def test_two_at_once_prepare_it_once(prepared: tuple[Path, list[str]]) -> None:
    where, said = prepared
    assert said == [f"made: {where}", home.READY]
    assert home.is_ready(where)


def test_the_tracked_configuration_is_linked_and_the_databases_are_there(
    prepared: tuple[Path, list[str]],
) -> None:
    where, _ = prepared
    assert (where / "dagster.yaml").resolve() == home.CONFIGURATION
    assert not home.own_configuration(where)
    databases = {file.name for file in where.rglob("*.db")}
    assert {"runs.db", "schedules.db"} <= databases
    with closing(sqlite3.connect(where / "history/runs.db")) as runs:
        assert runs.execute("select count(*) from runs").fetchone() == (0,)


def test_a_second_time_there_is_nothing_to_do(
    prepared: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert home.prepare(prepared[0]) == home.READY


def test_the_developers_own_configuration_is_kept(tmp_path: Path) -> None:
    own = "telemetry:\n  enabled: false\n"
    (tmp_path / "dagster.yaml").write_text(own)
    assert home.prepare(tmp_path) == f"made: {tmp_path}"
    assert (tmp_path / "dagster.yaml").read_text() == own
    assert home.own_configuration(tmp_path)
    assert home.is_ready(tmp_path)
    (tmp_path / "dagster.yaml").write_text(own + "# a comment\n")
    assert not home.is_ready(tmp_path)


def test_another_checkouts_configuration_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").symlink_to(tmp_path / "gone/dagster.yaml")
    home.prepare(tmp_path)
    assert (tmp_path / "dagster.yaml").readlink() == home.CONFIGURATION


def refusal(where: Path) -> str:
    """What is said about a DAGSTER_HOME that can't be used."""
    with pytest.raises(DevkitError) as raised:
        home.prepare(where)
    said = str(raised.value.message)
    assert str(where) in said
    assert "Traceback" not in said
    return said


def test_a_configuration_that_dagster_refuses_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetri:\n  enabled: false\n")
    said = refusal(tmp_path)
    assert said.startswith("Dagster can't open DAGSTER_HOME")
    assert "telemetri" in said
    assert not home.is_ready(tmp_path)


def test_a_file_in_its_place_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder\n")
    assert refusal(tmp_path / "home").startswith("DAGSTER_HOME can't be used: ")


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_somebody_else():
        said = refusal(tmp_path / "home")
    assert said.startswith("DAGSTER_HOME can't be used: Permission denied")
    assert "This user may not write there" in said
