# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Giving storages an identity: choosing the directories, and creating the marker files.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t

from .._errors import DroverError
from .._facts.domain import parse_definition
from .._facts.storage import (
    MARKER_NAME,
    Mount,
    is_shared,
    marker_directory,
    mount_of,
    parse_mounts,
    pool_directories,
    pool_facts,
)
from .._libvirt.connection import open_connection
from .._libvirt.definitions import read_domains
from .._libvirt.host import read_pools
from .._linux.marker_files import create_markers, read_markers
from .._linux.mounts import read_mountinfo, real_paths


class NotMarkable(DroverError):
    """A directory that was named is missing, or on a file system that is not shared."""

    code = "not_markable"


class Marking(t.NamedTuple):
    """What has been, or would be, marked.

    C(markers) are the UUIDs by directory as far as they are known, C(created) the directories that
    got a new marker (in check mode: would get one).
    """

    markers: dict[str, str]
    created: list[str]
    warnings: list[str]


def mark_storages(paths: list[str] | None, uri: str, force: bool, check_mode: bool) -> Marking:
    """Create the marker files that are missing.

    Parameters
    ----------
    paths : list of str or None
        Directories on the storages. None means all shared file systems that hold a pool or a
        domain's image.
    uri : str
        Connection that knows the pools and domains, for when no paths are given.
    force : bool
        Whether file systems may be marked that libvirt does not take for shared.
    check_mode : bool
        Whether to change nothing.

    Raises
    ------
    NotMarkable
        A path is not a directory, or not on a shared file system.
    """
    mounts = parse_mounts(read_mountinfo())
    directories = _found(uri, mounts) if paths is None else _named(paths, mounts, force)
    present = read_markers(directories)
    warnings = [
        _unmarked(path, marker.problem) for path, marker in present.items() if marker.problem
    ]
    missing = [path for path, marker in present.items() if not marker.uuid and not marker.problem]
    markers = {path: marker.uuid for path, marker in present.items() if marker.uuid}
    if check_mode:
        return Marking(markers, missing, warnings)
    created = []
    for path, creation in create_markers(missing).items():
        if creation.marker.uuid:
            markers[path] = creation.marker.uuid
        else:
            warnings.append(_unmarked(path, creation.marker.problem))
        if creation.is_new:
            created.append(path)
    return Marking(markers, created, warnings)


def _unmarked(path: str, problem: str) -> str:
    return f"The storage {path} has no usable marker: {problem}."


def _found(uri: str, mounts: t.Sequence[Mount]) -> list[str]:
    """Return the roots of shared mounts that hold a pool or a domain's image."""
    connection = open_connection(uri)
    try:
        pools = pool_directories(pool_facts(pool) for pool in read_pools(connection))
        parsed = [parse_definition(reading, pools) for reading in read_domains(connection)]
    finally:
        connection.close()
    paths = list(pools.values()) + [path for one in parsed if one for path in one.image_paths]
    held = real_paths(paths).values()
    shared = [mount for mount in mounts if is_shared(mount)]
    return sorted(
        mount.path for mount in shared if any(mount_of(path, mounts) == mount for path in held)
    )


def _named(paths: list[str], mounts: t.Sequence[Mount], force: bool) -> list[str]:
    """Return the directories to mark for the paths that were named."""
    directories = []
    for path, real in real_paths(paths).items():
        mount = mount_of(real, mounts)
        if not force and (mount is None or not is_shared(mount)):
            kind = mount.fstype if mount else "unknown"
            raise NotMarkable(
                f"{path} is on a {kind} file system, which libvirt does not take for shared.",
                "Leave it out, or set force if other hosts see the same storage nevertheless.",
            )
        directories.append(marker_directory(real, mounts))
    return sorted(set(directories))


def marker_path(directory: str) -> str:
    """Return the path of the marker file in a directory."""
    return os.path.join(directory, MARKER_NAME)
