# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which storages a host has, and when two hosts have the same."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import (
    BlockDevice,
    Defined,
    Marker,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.storage import (
    device_facts,
    is_shared,
    marker_directory,
    mount_of,
    parse_mounts,
    pool_directories,
    pool_facts,
    storage_facts,
    storage_of,
    storage_paths,
)

from tests.unit.plugins.module_utils.facts.recordings import recorded

# Recorded, but for the NFS mounts.
MOUNTINFO = """\
43 42 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
45 43 0:21 / /proc rw,relatime - proc proc rw
60 43 0:40 / /srv rw,relatime - tmpfs tmpfs rw
61 60 0:41 / /srv/vms rw,nosuid - fuse.glusterfs filer:/vms rw,user_id=0
70 43 0:42 / /mnt/old rw - nfs4 nas:/export/old rw,vers=4.2
71 43 0:43 / /mnt/old rw - nfs4 nas:/export/new rw,vers=4.2
72 43 0:44 /sub /mnt/with\\040blank rw master:1 - nfs nas:/export rw,vers=3
73 43 0:45 / /mnt/cluster rw - gfs2 /dev/mapper/shared rw
74 43 0:46 / /mnt/smb1 rw - cifs //nas/a rw,vers=1.0,cache=strict
75 43 0:47 / /mnt/smb3 rw - cifs //nas/b rw,vers=3.1.1,cache=strict
"""
MOUNTS = parse_mounts(MOUNTINFO)
NO_MARKER = Marker(None)
UUID = "5f0c2f0e-8f2a-4a63-9d2b-0a4f7d1a9a5e"


def test_the_last_mount_on_a_path_hides_the_others() -> None:
    """As for the kernel, what was mounted later counts."""
    mount = mount_of("/mnt/old/disk", MOUNTS)
    assert mount is not None
    assert mount.source == "nas:/export/new"


def test_blanks_in_paths_are_understood() -> None:
    """The kernel writes them as octal numbers."""
    mount = mount_of("/mnt/with blank/disk", MOUNTS)
    assert mount is not None
    assert mount.root == "/sub"


def test_a_path_belongs_to_the_nearest_mount() -> None:
    """A name that only begins like a mount's is not below it."""
    paths = {
        path: getattr(mount_of(path, MOUNTS), "path", None) for path in ("/srv/vms/a", "/srv/vmsx")
    }
    assert paths == {"/srv/vms/a": "/srv/vms", "/srv/vmsx": "/srv"}


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("/srv/vms", True),
        ("/mnt/old", True),
        ("/mnt/cluster", True),
        ("/srv", False),
        ("/", False),
        ("/mnt/smb1", True),
        ("/mnt/smb3", False),
    ],
)
def test_shared_is_what_libvirt_takes_for_shared(path: str, shared: bool) -> None:
    """Of SMB, libvirt knows the kernel's number for version 1 only."""
    mount = mount_of(path, MOUNTS)
    assert mount is not None
    assert is_shared(mount) is shared


def test_storages_are_network_mounts_pools_and_what_holds_disks() -> None:
    """A pool within a network mount is none of its own, or hosts without it would differ."""
    pools = ["/var/lib/libvirt/images", "/srv/vms/images"]
    disks = ["/var/lib/libvirt/images/a", "/srv/vms/images/b", "/srv/c"]
    assert storage_paths(MOUNTS, pools, disks) == [
        "/mnt/cluster",
        "/mnt/old",
        "/mnt/smb1",
        "/mnt/smb3",
        "/mnt/with blank",
        "/srv",
        "/srv/vms",
        "/var/lib/libvirt/images",
    ]


def test_a_local_mount_without_disks_is_left_out() -> None:
    """The root of a host is of no interest unless a disk lies there outside of all pools."""
    assert "/" not in storage_paths(MOUNTS, ["/var/lib/libvirt/images"], [])
    assert "/" in storage_paths(MOUNTS, ["/var/lib/libvirt/images"], ["/root/a.img"])


def test_a_marker_is_the_best_evidence() -> None:
    """Its UUID is the identity, whatever is mounted from where."""
    facts = storage_facts("/srv/vms", MOUNTS, Marker(UUID))
    assert (facts["identity"], facts["evidence"]) == (UUID, "marker")
    assert (facts["fstype"], facts["source"], facts["shared"]) == (
        "fuse.glusterfs",
        "filer:/vms",
        True,
    )


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/srv/vms", "fuse.glusterfs:filer:/vms"),
        ("/mnt/with blank", "nfs:nas:/export#/sub"),
        ("/mnt/cluster", None),
        ("/srv", None),
    ],
)
def test_without_a_marker_a_source_on_the_network_is_evidence(
    path: str, identity: str | None
) -> None:
    """A device name is none: it may be another device on another host."""
    facts = storage_facts(path, MOUNTS, NO_MARKER)
    assert facts["identity"] == identity
    assert facts["evidence"] == ("source" if identity else "none")


def test_a_storage_that_does_not_answer_has_no_identity() -> None:
    """A file server that is down must not look like the storage that a disk needs."""
    facts = storage_facts("/srv/vms", MOUNTS, Marker(None, "it does not answer within 5 s"))
    assert (facts["identity"], facts["evidence"]) == (None, "none")


def test_a_block_device_needs_a_proof() -> None:
    """libvirt takes it for shared unseen, so the identity alone decides."""
    known = device_facts(BlockDevice("/dev/mapper/a", "/dev/dm-1", "dm:mpath-36"))
    assert (known["shared"], known["identity"], known["evidence"]) == (
        True,
        "dm:mpath-36",
        "device",
    )
    unknown = device_facts(BlockDevice("/dev/loop0", "/dev/loop0", None))
    assert (unknown["identity"], unknown["evidence"]) == (None, "none")


def test_a_disk_lies_in_the_nearest_storage() -> None:
    """Of storages within each other the innermost holds the path."""
    entries = [{"path": "/"}, {"path": "/srv/vms"}]
    assert storage_of("/srv/vms/a", entries) == {"path": "/srv/vms"}
    assert storage_of("/srv/a", entries) == {"path": "/"}
    assert storage_of("/srv/a", []) is None


def test_a_marker_stands_at_the_root_of_a_network_mount() -> None:
    """Elsewhere it stands in the directory that was named."""
    assert marker_directory("/srv/vms/images", MOUNTS) == "/srv/vms"
    assert marker_directory("/var/lib/libvirt/images", MOUNTS) == "/var/lib/libvirt/images"


def test_pools_tell_where_their_volumes_are() -> None:
    """Pools that keep volumes as files have a directory; logical volumes have none."""
    facts = pool_facts(Defined(recorded("pool-local.xml"), True))
    assert facts == {
        "name": "local",
        "active": True,
        "type": "dir",
        "path": "/var/lib/libvirt/images",
    }
    logical = {"name": "vg", "active": True, "type": "logical", "path": "/dev/vg"}
    assert pool_directories([facts, logical]) == {"local": "/var/lib/libvirt/images"}
