"""DAGSTER_HOME: where it is, and that one process prepares it before any service opens it."""

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.core.paths import DAGSTER_YAML, ROOT
from devkit.dev import home
from devkit.dev.home import Preparation
from testing.support import as_another_user, devkit_script, run


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A DAGSTER_HOME that two processes prepared at the same time, and what each returned."""
    where = tmp_path_factory.mktemp("home") / "missing/parent"
    script = devkit_script(
        "from pathlib import Path\nfrom devkit.dev import home\n"
        f"print(home.prepare(Path({str(where)!r})))"
    )
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: run(script, ROOT), range(2)))
    assert [done.returncode for done in both] == [0, 0], both
    return where, sorted(done.stdout.strip() for done in both)


def test_locate_defaults_to_an_ignored_folder() -> None:
    where = home.locate({})
    assert where.parent == ROOT
    assert home.locate({"DAGSTER_HOME": ""}) == where
    ignored = run(["git", "check-ignore", f"{where.name}/"], ROOT)
    assert ignored.returncode == 0


def test_locate_makes_the_developers_own_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert home.locate({"DAGSTER_HOME": "data/home"}) == tmp_path / "data/home"
    assert home.locate({"DAGSTER_HOME": "~/home"}) == tmp_path / "me/home"
    assert home.locate({"DAGSTER_HOME": "/srv/home"}) == Path("/srv/home")


def test_locate_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "here")
    monkeypatch.chdir(tmp_path)
    assert home.locate() == tmp_path / "here"


def test_prepare_of_two_processes_prepares_it_once(prepared: tuple[Path, list[str]]) -> None:
    where, results = prepared
    assert results == [Preparation.DONE, Preparation.NONE]
    assert home.is_ready(where)


def test_prepare_links_the_configuration_and_creates_the_databases(
    prepared: tuple[Path, list[str]],
) -> None:
    where, _ = prepared
    assert (where / "dagster.yaml").resolve() == DAGSTER_YAML
    assert not home.own_configuration(where)
    databases = {file.name for file in where.rglob("*.db")}
    assert {"runs.db", "schedules.db"} <= databases
    with closing(sqlite3.connect(where / "history/runs.db")) as runs:
        assert runs.execute("select count(*) from runs").fetchone() == (0,)


def test_prepare_does_nothing_the_second_time(
    prepared: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert home.prepare(prepared[0]) == Preparation.NONE


def test_prepare_keeps_the_developers_own_configuration(tmp_path: Path) -> None:
    own = "telemetry:\n  enabled: false\n"
    (tmp_path / "dagster.yaml").write_text(own, encoding="utf-8")
    assert home.prepare(tmp_path) == Preparation.DONE
    assert (tmp_path / "dagster.yaml").read_text(encoding="utf-8") == own
    assert home.own_configuration(tmp_path)
    assert home.is_ready(tmp_path)
    (tmp_path / "dagster.yaml").write_text(own + "# a comment\n", encoding="utf-8")
    assert not home.is_ready(tmp_path)


def test_prepare_replaces_the_link_to_another_checkouts_configuration(tmp_path: Path) -> None:
    home.prepare(tmp_path)
    link = tmp_path / "dagster.yaml"
    link.unlink()  # as if this checkout had been elsewhere then
    link.symlink_to(tmp_path / "missing/dagster.yaml")
    (home.state_folder(tmp_path) / home.LINKED).write_text(str(link.readlink()), encoding="utf-8")
    assert not home.own_configuration(tmp_path)
    home.prepare(tmp_path)
    assert link.readlink() == DAGSTER_YAML


def test_prepare_keeps_a_link_of_the_developers_own(tmp_path: Path) -> None:
    own = tmp_path / "dotfiles" / "orchestrator" / "dagster.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    where = tmp_path / "home"
    where.mkdir()
    (where / "dagster.yaml").symlink_to(own)
    home.prepare(where)
    assert (where / "dagster.yaml").readlink() == own
    assert home.own_configuration(where)
    assert home.is_ready(where)


def test_prepare_refuses_a_link_to_nothing_that_it_has_not_made(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").symlink_to(tmp_path / "missing.yaml")
    message = refusal(tmp_path)
    assert "dagster.yaml is a link to nothing" in message
    assert f"fix:      rm {tmp_path}/dagster.yaml" in message
    assert (tmp_path / "dagster.yaml").is_symlink()


def test_sockets_of_sessions_are_remembered(tmp_path: Path) -> None:
    home.state_folder(tmp_path).mkdir()
    assert home.socket_folders(tmp_path) == []
    folders = [f"/run/dagteam-{number}" for number in range(home.REMEMBERED_SESSIONS + 2)]
    for folder in folders:
        home.remember_sockets(tmp_path, Path(folder))
    assert home.socket_folders(tmp_path) == folders[2:]


def refusal(where: Path) -> str:
    """The message for a DAGSTER_HOME that can't be used."""
    with pytest.raises(DevkitError) as raised:
        home.prepare(where)
    message = str(raised.value)
    assert str(where) in message
    assert "Traceback" not in message
    return message


def test_prepare_reports_a_configuration_that_dagster_rejects(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetri:\n  enabled: false\n", encoding="utf-8")
    message = refusal(tmp_path)
    assert message.startswith("Dagster can't open DAGSTER_HOME")
    assert "telemetri" in message
    assert not home.is_ready(tmp_path)


def test_prepare_reports_a_file_instead_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder\n", encoding="utf-8")
    assert refusal(tmp_path / "home").startswith("DAGSTER_HOME can't be used: ")


def test_prepare_reports_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_another_user():
        message = refusal(tmp_path / "home")
    assert message.startswith("DAGSTER_HOME can't be used: Permission denied")
    assert home.ANOTHER_HOME in message
