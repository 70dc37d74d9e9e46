"""File systems that another machine or the host can change."""

from pathlib import Path

import pytest

from devkit.core import filesystems
from devkit.core.filesystems import Mount, Remote


@pytest.mark.parametrize(
    ("types", "whose"),
    [
        ("ext4 xfs btrfs zfs apfs tmpfs overlay fuseblk fuse.mergerfs fuse.fuse-overlayfs", None),
        ("fakeowner fuse.grpcfuse grpcfuse osxfs virtiofs vboxsf prl_fs drvfs", Remote.HOST),
        ("9p nfs nfs4 cifs smb3 smbfs lustre ceph glusterfs", Remote.NETWORK),
        # FUSE: whatever is not known to be local.
        ("fuse.sshfs fuse.s3fs fuse.ceph-fuse fuse.rclone fuse.of-tomorrow", Remote.NETWORK),
    ],
)
def test_remote_tells_whose_file_system_it_is(types: str, whose: Remote | None) -> None:
    assert {filesystems.remote(type_) for type_ in types.split()} == {whose}


def test_the_nearest_mount_counts_and_of_two_at_one_point_the_later(tmp_path: Path) -> None:
    below = tmp_path / "below"
    table = [Mount(Path("/"), "ext4"), Mount(tmp_path, "nfs"), Mount(below, "xfs")]
    assert filesystems.type_of(tmp_path / "beside", table) == "nfs"
    assert filesystems.type_of(below / "file", table) == "xfs"
    table.append(Mount(below, "virtiofs"))
    assert filesystems.type_of(below / "file", table) == "virtiofs"


def test_a_link_is_on_the_file_system_that_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    table = [Mount(Path("/"), "ext4"), Mount(tmp_path / "there", "9p")]
    assert filesystems.unreported_changes(tmp_path / "link", lambda: table) == "9p"
    assert filesystems.unreported_changes(tmp_path, lambda: table) is None


def test_this_machines_own_file_systems_are_known(tmp_path: Path) -> None:
    assert filesystems.type_of(tmp_path, filesystems.mounts())
