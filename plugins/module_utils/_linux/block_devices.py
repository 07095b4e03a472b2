# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Block devices of the host on which this runs, and what tells one from another on any host.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t

from .._facts.readings import BlockDevice

# Directories of names that mean the same device on every host that has it, unlike /dev/sdb.
_NAME_DIRECTORIES = ("mapper", "disk/by-id")


def read_block_devices(
    used: t.Iterable[str], devices: str = "/dev", system: str = "/sys"
) -> list[BlockDevice]:
    """Return the block devices that domains use here, and those that could be used from other hosts.

    Parameters
    ----------
    used : iterable of str
        Paths that domains of this host use.
    devices, system : str
        Where the kernel's devices and what it says of them are found.

    Returns
    -------
    list of BlockDevice
        By path. One that no domain uses is told only if it has an identity.
    """
    paths = set(used)
    found = [_read(path, system) for path in sorted(paths | set(_stable_names(devices, system)))]
    return [device for device in found if device.identity or device.path in paths]


def _stable_names(devices: str, system: str) -> t.Iterator[str]:
    for directory in _NAME_DIRECTORIES:
        yield from _entries(os.path.join(devices, directory))
    for mapped in _entries(os.path.join(system, "class/block")):
        name = _text(os.path.join(mapped, "dm/name"))
        if name:
            yield from _volume_path(devices, name)


def _volume_path(devices: str, name: str) -> t.Iterator[str]:
    """Return the path C(/dev/group/volume) of a logical volume.

    Device mapper calls it C(group-volume), with hyphens in either name doubled.
    """
    group, separator, volume = name.replace("--", "\0").partition("-")
    path = os.path.join(devices, group.replace("\0", "-"), volume.replace("\0", "-"))
    if separator and os.path.exists(path):
        yield path


def _read(path: str, system: str) -> BlockDevice:
    real = os.path.realpath(path)
    return BlockDevice(
        path, real, _identity(os.path.join(system, "class/block", os.path.basename(real)))
    )


def _identity(device: str) -> str | None:
    """Return what tells a device from all others: device mapper's UUID, or the World Wide Name.

    A partition has the identity of its disk with its number. Other serial numbers are left aside, since
    virtual machines and cheap hardware repeat them.
    """
    partition = _text(os.path.join(device, "partition"))
    if partition:
        whole = _identity(os.path.dirname(os.path.realpath(device)))
        return f"{whole}-part{partition}" if whole else None
    uuid = _text(os.path.join(device, "dm/uuid"))
    name = _text(os.path.join(device, "device/wwid")) or _text(os.path.join(device, "wwid"))
    if uuid:
        return f"dm:{uuid}"
    return f"wwn:{name}" if name else None


def _entries(directory: str) -> list[str]:
    try:
        return [os.path.join(directory, name) for name in os.listdir(directory)]
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
