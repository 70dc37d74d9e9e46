"""The limits of control groups, as files in a made /sys/fs/cgroup."""

from pathlib import Path

import pytest

from devkit.core import cgroups


def tree(root: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    """A mount with these files, and the file that names this process's groups."""
    for name, text in files.items():
        (root / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "cgroup" / name).write_text(f"{text}\n", encoding="utf-8")
    (root / "own").write_text(f"{own}\n", encoding="utf-8")
    return root / "cgroup", root / "own"


CASES: dict[str, tuple[str, dict[str, str], int | None]] = {
    "no limit": ("0::/", {"memory.max": "max", "memory.current": "1000"}, None),
    "a container of its own": ("0::/", {"memory.max": "5000", "memory.current": "1000"}, 4000),
    "page cache is free": (
        "0::/",
        {
            "memory.max": "5000",
            "memory.current": "4900",
            "memory.stat": "anon 400\nfile 4500\ninactive_file 4000\nactive_file 500",
        },
        4100,
    ),
    "the limit of a group above": (
        "0::/pod/box",
        {
            "pod/memory.max": "3000",
            "pod/memory.current": "2000",
            "pod/box/memory.max": "max",
            "pod/box/memory.current": "1000",
        },
        1000,
    ),
    "a path of the host": (
        "0::/docker/0123",
        {"memory.max": "5000", "memory.current": "1000"},
        4000,
    ),
    "a path outside of the container": (
        "0::/../../other",
        {"memory.max": "5000", "memory.current": "1000"},
        4000,
    ),
    "version 1": (
        "5:cpu,cpuacct:/box\n4:memory:/box\n0::/",
        {
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "memory/memory.usage_in_bytes": "7000",
            "memory/box/memory.limit_in_bytes": "5000",
            "memory/box/memory.usage_in_bytes": "4000",
            "memory/box/memory.stat": "inactive_file 1\ntotal_inactive_file 3000",
        },
        4000,
    ),
    "damaged": ("0::/", {"memory.max": "5000", "memory.current": "a lot"}, None),
    "full": ("0::/", {"memory.max": "5000", "memory.current": "6000"}, 0),
}


@pytest.mark.parametrize(("own", "files", "free"), CASES.values(), ids=CASES)
def test_free_memory(tmp_path: Path, own: str, files: dict[str, str], free: int | None) -> None:
    assert cgroups.free_memory(*tree(tmp_path, own, files)) == free


def test_a_machine_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert cgroups.free_memory(tmp_path / "none", tmp_path / "none") is None


def test_groups_are_listed_from_the_innermost(tmp_path: Path) -> None:
    files = {"cpu,cpuacct/a/b/cpu.cfs_quota_us": "-1", "memory/a/memory.stat": ""}
    mount, own = tree(tmp_path, "5:cpu,cpuacct:/a/b\n4:memory:/a", files)
    top = mount / "cpu,cpuacct"
    assert [*cgroups.groups("cpu", mount, own)] == [top / "a/b", top / "a", top]


PROCESSORS: dict[str, tuple[str, dict[str, str], float | None]] = {
    "no limit": ("0::/", {"cpu.max": "max 100000"}, None),
    "a container of its own": ("0::/", {"cpu.max": "250000 100000"}, 2.5),
    "the limit of a group above": (
        "0::/pod/box",
        {"pod/cpu.max": "100000 100000", "pod/box/cpu.max": "400000 100000"},
        1.0,
    ),
    "version 1": (
        "5:cpu,cpuacct:/box",
        {
            "cpu,cpuacct/cpu.cfs_quota_us": "-1",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "cpu,cpuacct/box/cpu.cfs_quota_us": "150000",
            "cpu,cpuacct/box/cpu.cfs_period_us": "50000",
        },
        3.0,
    ),
    "version 1 below one folder": (
        "5:cpu:/",
        {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"},
        2.0,
    ),
    "nothing that can be read": ("0::/", {"cpu.max": "?"}, None),
}


@pytest.mark.parametrize("case", PROCESSORS)
def test_the_processors_are_those_of_the_smallest_group(tmp_path: Path, case: str) -> None:
    own, files, wanted = PROCESSORS[case]
    assert cgroups.processors(*tree(tmp_path, own, files)) == wanted
