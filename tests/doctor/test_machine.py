"""Checks of the machine, with values passed in by the tests."""

from pathlib import Path

import pytest

from devkit.core import cgroups
from devkit.core.filesystems import Mount
from devkit.doctor import machine
from devkit.doctor.findings import Context
from devkit.doctor.machine import MB
from devkit.registry.team import Team
from testing.doctor import codes, context, only
from testing.support import as_another_user


@pytest.mark.parametrize(
    ("free", "expected"),
    [(100_000 * MB, []), (1000 * MB, ["disk-nearly-full"]), (10 * MB, ["disk-full"])],
)
def test_a_full_disk_is_found(tmp_path: Path, free: int, expected: list[str]) -> None:
    found = list(machine.disk(context(tmp_path / "not" / "there"), usage=lambda _: free))
    assert {one.code for one in found} == set(expected)
    for one in found:
        assert f"{free // MB} MB are free" in one.what
        assert (one.severity == "error") == (one.code == "disk-full")


def test_a_real_disk_is_measured(tmp_path: Path) -> None:
    assert "disk-full" not in codes(machine.disk, context(tmp_path))


@pytest.mark.parametrize("free", [100 * MB, 0])
def test_too_little_memory_for_all_teams_is_found(
    teams: dict[str, Team], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    where = context(tmp_path, *teams.values())
    monkeypatch.setattr(cgroups, "free_memory", lambda: free)
    one = only(machine.memory, where)
    assert (one.code, one.severity == "error") == ("memory-short", False)
    assert f"{free // MB} MB of memory are free" in one.what
    assert codes(machine.memory, context(tmp_path)) == []


def watching(tmp_path: Path, watches: int, instances: int, *teams: Team) -> Context:
    """A machine whose kernel has these limits."""
    limits = tmp_path / "sys/fs/inotify"
    limits.mkdir(parents=True)
    (limits / "max_user_watches").write_text(f"{watches}\n", encoding="utf-8")
    (limits / "max_user_instances").write_text(f"{instances}\n", encoding="utf-8")
    return context(tmp_path, *teams, proc=tmp_path)


@pytest.mark.parametrize(("watches", "instances"), [(100, 128), (65536, 4)])
def test_too_few_watches_are_found(
    teams: dict[str, Team], tmp_path: Path, watches: int, instances: int
) -> None:
    one = only(machine.watches, watching(tmp_path, watches, instances, *teams.values()))
    assert (one.code, one.severity == "error") == ("inotify-low", False)
    assert one.fix.startswith("`sudo sysctl ")


def test_the_usual_limits_are_enough(teams: dict[str, Team], tmp_path: Path) -> None:
    assert codes(machine.watches, watching(tmp_path, 65536, 128, *teams.values())) == []


def test_a_machine_without_inotify_passes(tmp_path: Path) -> None:
    assert codes(machine.watches, context(tmp_path, proc=tmp_path)) == []


def test_a_file_system_without_notifications_is_found(tmp_path: Path) -> None:
    where = context(Path("/home/me/home"), root=tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    mounts = [Mount(Path("/"), "ext4"), Mount(tmp_path, "9p")]
    found = [one.code for one in machine.file_systems(where, table=lambda: mounts)]
    assert found == ["saves-not-seen"]
    mounts.append(Mount(tmp_path / "checkout", "ext4"))
    assert [*machine.file_systems(where, table=lambda: mounts)] == []


def test_a_home_on_a_network_file_system_is_found(tmp_path: Path) -> None:
    where = context(tmp_path / "home", root=Path("/"))
    mounts = [Mount(Path("/"), "ext4"), Mount(tmp_path, "nfs4")]
    (one,) = machine.file_systems(where, table=lambda: mounts)
    assert (one.code, one.severity == "error") == ("home-remote", True)


def test_a_home_on_a_folder_that_the_host_shares_is_a_warning(tmp_path: Path) -> None:
    where = context(tmp_path / "home", root=Path("/"))
    mounts = [Mount(Path("/"), "ext4"), Mount(tmp_path, "fakeowner")]
    (one,) = machine.file_systems(where, table=lambda: mounts)
    assert (one.code, one.severity == "error") == ("home-shared", False)


def test_a_cache_that_is_not_writable_is_found(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    where = context(tmp_path, environ={"UV_CACHE_DIR": str(cache)})
    with as_another_user():
        one = only(machine.cache, where)
    assert one.code == "cache-unwritable"
    assert str(cache) in one.fix
    cache.chmod(0o777)
    assert codes(machine.cache, where) == []


def test_a_shell_that_disables_bytecode_is_found(tmp_path: Path) -> None:
    where = context(tmp_path, environ={"PYTHONDONTWRITEBYTECODE": "1"})
    one = only(machine.variables, where)
    assert (one.code, one.severity == "error") == ("no-bytecode", False)
    assert codes(machine.variables, context(tmp_path)) == []
