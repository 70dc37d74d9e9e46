"""The limits of this process's control groups, versions 1 and 2 (Linux).

A container's limit may be that of any group above the process, so all of them count:
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MOUNT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def groups(controller: str, mount: Path = MOUNT, own: Path = OWN) -> Iterator[Path]:
    """The folders of the groups that this process is in, the innermost first.

    `controller` is `memory` or `cpu`. A folder of version 2 contains all controllers, one of
    version 1 only this one. In a container, the path of a group may be the host's: folders that do
    not exist here are omitted, and the uppermost is always the container's own.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            tops = [mount, mount / "unified"]
        elif controller in controllers.split(","):
            tops = [mount / controllers, mount / controller]
        else:
            continue
        top = next((top for top in tops if top.is_dir()), None)
        inside = PurePosixPath(path.lstrip("/"))
        for each in (inside, *inside.parents):
            if top and ".." not in each.parts and (folder := top / each).is_dir():
                yield folder


def free_memory(mount: Path = MOUNT, own: Path = OWN) -> int | None:
    """The bytes that this process may still use; None without a limit.

    What the kernel can drop at any time, the page cache of files that nobody uses, counts as free.
    """
    free = []
    for group in groups("memory", mount, own):
        limit = _number(group / "memory.max", group / "memory.limit_in_bytes")
        used = _number(group / "memory.current", group / "memory.usage_in_bytes")
        if limit is not None and used is not None:
            free.append(max(limit - used + _inactive_file(group), 0))
    return min(free, default=None)


def processors(mount: Path = MOUNT, own: Path = OWN) -> float | None:
    """The processors that this process may use, by the smallest quota; None without one."""
    found = []
    for group in groups("cpu", mount, own):
        try:
            quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            quota, period = "", ""
        limit = int(quota) if quota.isdecimal() else _number(group / "cpu.cfs_quota_us")
        each = int(period) if period.isdecimal() else _number(group / "cpu.cfs_period_us")
        if limit and each and limit > 0:  # version 1 writes -1 for no limit
            found.append(limit / each)
    return min(found, default=None)


def _inactive_file(group: Path) -> int:
    """The page cache in bytes that is not in use: of a group of version 1 the whole tree's."""
    try:
        lines = (group / "memory.stat").read_text(encoding="utf-8").splitlines()
        found = {name: int(value) for name, value in map(str.split, lines)}
    except (OSError, ValueError):
        return 0
    return found.get("total_inactive_file", found.get("inactive_file", 0))


def _number(*files: Path) -> int | None:
    """The number in the first of these files that exists; None for `max` or no such file."""
    for file in files:
        try:
            return int(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return None
