"""File systems that another machine can change: a network's, or a host's that is shared.

Nobody reports changes that are made on the other side, and file locks are unreliable.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


class Remote(enum.StrEnum):
    """Whose file system it is."""

    NETWORK = "a network file system"
    HOST = "a folder that the host of this virtual machine or container shares"


# By the names in /proc/mounts, in lower case. Most file systems of FUSE have a server behind them,
# so these are remote unless they are known to be local.
HOST = frozenset({
    "drvfs", "fakeowner", "fuse.grpcfuse", "fuse.osxfs", "fuse.vmhgfs-fuse", "grpcfuse", "osxfs",
    "prl_fs", "vboxsf", "virtiofs", "vmhgfs", "wslfs",
})  # fmt: skip
NETWORK = frozenset({
    "9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs",
    "gpfs", "lustre", "macfuse", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "osxfuse", "panfs",
    "pvfs2", "smb2", "smb3", "smbfs", "webdav", "wekafs",
})  # fmt: skip
LOCAL_FUSE = frozenset({
    "fuse.bindfs", "fuse.cryfs", "fuse.encfs", "fuse.ext2", "fuse.fuse-overlayfs",
    "fuse.gocryptfs", "fuse.lxcfs", "fuse.mergerfs", "fuse.ntfs-3g", "fuse.overlayfs",
    "fuse.portal", "fuse.unionfs", "fuse.unionfs-fuse", "fuse.zfs",
})  # fmt: skip


@dataclass(frozen=True)
class Mount:
    """A file system: where it is, and its type as /proc/mounts names it."""

    point: Path
    type: str


def mounts() -> list[Mount]:
    """Every file system of this machine."""
    return [Mount(Path(p.mountpoint), p.fstype.lower()) for p in psutil.disk_partitions(all=True)]


def type_of(path: Path, table: Iterable[Mount]) -> str:
    """The type of a path's file system: that of the nearest mount point above it.

    Of two at one point, the later one, which covers the other.
    """
    real = path.resolve()
    above = [mount for mount in table if real.is_relative_to(mount.point)]
    return max(reversed(above), key=lambda mount: len(mount.point.parts)).type if above else ""


def remote(type_: str) -> Remote | None:
    """Whose file system a type is; None if it is this machine's own."""
    if type_ in HOST:
        return Remote.HOST
    other = type_.startswith("fuse.") and type_ not in LOCAL_FUSE
    return Remote.NETWORK if other or type_ in NETWORK else None


def unreported_changes(path: Path, table: Callable[[], Iterable[Mount]] = mounts) -> str | None:
    """The type of a path's file system if changes there may not be reported (inotify).

    None if they are. Where they are not, `invoke dev` has to look for them (polling).
    """
    type_ = type_of(path, table())
    return type_ if remote(type_) else None
