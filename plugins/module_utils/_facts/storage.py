# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The storage of a host: which mounts and directories matter, and what proves their identity.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
import xml.etree.ElementTree as ET

from .readings import BlockDevice, Defined, Marker

# The file in the root of a storage whose UUID says which storage it is (see the module
# storage_marker).
MARKER_NAME = ".drover-storage-id"

# File systems that libvirt takes for shared (virFileIsSharedFS in its src/util/virfile.c, 9.0 to
# 11), by the names that the kernel gives them in /proc/self/mountinfo. On any other, libvirt
# refuses a live migration without copying the storage. BeeGFS is known to libvirt since 9.7;
# before, it refuses and says so.
SHARED_TYPES = frozenset(
    (
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "fuse.glusterfs",
        "fuse.quobyte",
        "gfs2",
        "gpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "smbfs",
    )
)
# File systems on a network or cluster whose source names the same storage from every host, shared
# for libvirt or not.
NETWORK_TYPES = SHARED_TYPES | frozenset(
    ("9p", "cifs", "fuse.ceph", "fuse.sshfs", "lustre", "orangefs", "pvfs2", "smb3", "virtiofs")
)
# Of these, the source is a device or an export of the machine around this host: it names nothing to
# others.
_UNNAMED_SOURCE = frozenset(("9p", "gfs2", "gpfs", "ocfs2", "acfs", "virtiofs", "beegfs", "afs"))

_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(t.NamedTuple):
    """One line of C(/proc/self/mountinfo); C(root) is the part that is mounted, mostly C(/)."""

    path: str
    fstype: str
    source: str
    root: str
    options: str


def parse_mounts(mountinfo: str) -> list[Mount]:
    """Read the text of C(/proc/self/mountinfo); of mounts on one path the last, which hides the
    others.
    """
    mounts: dict[str, Mount] = {}
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        head, tail = before.split(), after.split()
        if not separator or len(head) < 5 or len(tail) < 2:
            continue
        path, root, source = _unescaped(head[4]), _unescaped(head[3]), _unescaped(tail[1])
        mounts.pop(path, None)
        mounts[path] = Mount(path, tail[0], source, root, tail[2] if len(tail) > 2 else "")
    return list(mounts.values())


def _unescaped(text: str) -> str:
    """Undo the kernel's octal escapes of blanks and backslashes."""
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def is_within(path: str, directory: str) -> bool:
    """Say whether a path is the directory or lies below it; both are absolute and without links."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def mount_of(path: str, mounts: t.Iterable[Mount]) -> Mount | None:
    """Return the mount that holds a path."""
    holding = [mount for mount in mounts if is_within(path, mount.path)]
    return max(holding, key=lambda mount: len(mount.path), default=None)


def is_shared(mount: Mount) -> bool:
    """Say whether libvirt takes a mount for shared, and so migrates live without copying what is on
    it.
    """
    if mount.fstype in ("cifs", "smb3"):
        # From SMB 2 on the kernel reports another magic number, which libvirt does not know.
        return "vers=1.0" in mount.options.split(",")
    return mount.fstype in SHARED_TYPES


def storage_paths(
    mounts: t.Sequence[Mount], pools: t.Iterable[str], disks: t.Iterable[str]
) -> list[str]:
    """Return the directories that count as storages of a host, sorted.

    Network and cluster mounts always do, other mounts when a domain's disk lies on them. The
    directory of a pool does unless it is on a network mount, whose own identity then covers it: a
    disk must belong to the same storage on every host, whichever of them have a pool there.

    Parameters
    ----------
    mounts : sequence of Mount
        All mounts of the host.
    pools : iterable of str
        Directories of storage pools.
    disks : iterable of str
        Paths of the images of domains.
    """
    network = {mount.path for mount in mounts if mount.fstype in NETWORK_TYPES}
    own = {path for path in pools if _mount_path(path, mounts) not in network}
    loose = [path for path in disks if not any(is_within(path, pool) for pool in own)]
    holding = {_mount_path(path, mounts) for path in loose}
    return sorted(network | own | (holding - {""}))


def _mount_path(path: str, mounts: t.Iterable[Mount]) -> str:
    mount = mount_of(path, mounts)
    return mount.path if mount else ""


def marker_directory(path: str, mounts: t.Sequence[Mount]) -> str:
    """Return the directory whose marker file identifies the storage of a path.

    On a network mount that is its root, elsewhere the directory itself.
    """
    mount = mount_of(path, mounts)
    return mount.path if mount and mount.fstype in NETWORK_TYPES else path


def storage_facts(path: str, mounts: t.Sequence[Mount], marker: Marker) -> dict[str, t.Any]:
    """Return the facts of one storage.

    A marker file proves most. Without one, the source of a network file system does, if it means
    the same on every host.

    Parameters
    ----------
    path : str
        Directory of the storage.
    mounts : sequence of Mount
        All mounts of the host.
    marker : Marker
        What its marker file says.
    """
    mount = mount_of(path, mounts) or Mount(path, "", "", "/", "")
    identity, evidence = marker.uuid, "marker"
    if identity is None:
        identity = _identity_by_source(mount) if not marker.problem else None
        evidence = "source" if identity else "none"
    return {
        "path": path,
        "source": mount.source,
        "fstype": mount.fstype,
        "shared": is_shared(mount),
        "identity": identity,
        "evidence": evidence,
    }


def _identity_by_source(mount: Mount) -> str | None:
    if mount.fstype not in NETWORK_TYPES - _UNNAMED_SOURCE or mount.source in ("", "none"):
        return None
    part = "" if mount.root == "/" else "#" + mount.root
    return f"{mount.fstype}:{mount.source}{part}"


def device_facts(device: BlockDevice) -> dict[str, t.Any]:
    """Return the facts of a block device as a storage, whose identity is what its hardware or volume group says.

    For libvirt every block device is shared: it migrates without asking, and opens the same path on the other
    host. So what is there must be proved.
    """
    return {
        "path": device.path,
        "source": device.real_path,
        "fstype": "block",
        "shared": True,
        "identity": device.identity,
        "evidence": "device" if device.identity else "none",
    }


def storage_of(path: str, entries: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """Return the storage among the facts that a path lies in, None where there is none."""
    holding = [entry for entry in entries if is_within(path, entry["path"])]
    return max(holding, key=lambda entry: len(entry["path"]), default=None)


def pool_facts(pool: Defined) -> dict[str, t.Any]:
    """Return the facts of one storage pool."""
    root = ET.fromstring(pool.xml)
    path = root.findtext("target/path")
    return {
        "name": root.findtext("name", ""),
        "active": pool.active,
        "type": root.get("type", ""),
        "path": posixpath.normpath(path) if path else None,
    }


def pool_directories(pools: t.Iterable[dict[str, t.Any]]) -> dict[str, str]:
    """Return the directory of each pool that keeps its volumes as files, by the pool's name."""
    kinds = ("dir", "fs", "netfs", "gluster", "vstorage")
    return {pool["name"]: pool["path"] for pool in pools if pool["type"] in kinds and pool["path"]}
