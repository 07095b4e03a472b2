# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disk images in directories of a host: looked for, made and removed through libvirt.

libvirt reaches files through storage pools only. Where no pool covers a directory, one is made for
the moment; it is never defined, and taking it down leaves the files alone.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .connection import libvirt, translated

_BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True)
class ImageSize:
    """How large a disk is, and how much of it takes up space, in MiB."""

    capacity_mib: float
    allocation_mib: float


@contextlib.contextmanager
def directory_pool(connection: t.Any, directory: str) -> t.Iterator[t.Any]:
    """Give a storage pool whose volumes are the files of a directory as they are now.

    Raises
    ------
    LibvirtFailed
        There is no such directory, or libvirt may not look into it.
    """
    with translated("look into the directory {}".format(directory)):
        pool, is_ours = _pool_at(connection, directory)
    try:
        yield pool
    finally:
        if is_ours:
            with contextlib.suppress(libvirt.libvirtError):
                pool.destroy()


def _pool_at(connection: t.Any, directory: str) -> tuple[t.Any, bool]:
    """Return the pool of a directory, and whether it was made for the moment."""
    try:
        pool = connection.storagePoolLookupByTargetPath(directory)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_POOL:
            raise
        return connection.storagePoolCreateXML(_pool_xml(directory), 0), True
    pool.refresh()
    return pool, False


def _pool_xml(directory: str) -> str:
    pool = ET.Element("pool", type="dir")
    ET.SubElement(pool, "name").text = "drover-{}".format(uuid.uuid4().hex[:12])
    ET.SubElement(ET.SubElement(pool, "target"), "path").text = directory
    return ET.tostring(pool, encoding="unicode")


def has_image(pool: t.Any, name: str) -> bool:
    """Whether there is a file of that name in the directory of a pool."""
    with translated("look for the image {}".format(name)):
        return name in pool.listVolumes()


def free_mib(pool: t.Any) -> float:
    """Return how much space is left on the file system of a pool, in MiB."""
    with translated("read the free space of {}".format(pool.name())):
        return float(pool.info()[3]) / _BYTES_PER_MIB


def create_image(
    pool: t.Any, name: str, image_format: str, capacity_mib: float, backing: tuple[str, str] | None
) -> None:
    """Make an empty image that takes up no space yet.

    Parameters
    ----------
    pool : libvirt.virStoragePool
        Of the directory that it is to be in.
    name : str
        Name of the file.
    image_format : str
        C(raw) or C(qcow2).
    capacity_mib : float
        Size of the disk; a whole number of bytes.
    backing : tuple of str or None
        Path and format of the image that it is layered on.

    Raises
    ------
    LibvirtFailed
        It cannot be made; a file that is there already is such a reason.
    """
    volume = ET.Element("volume")
    ET.SubElement(volume, "name").text = name
    capacity = ET.SubElement(volume, "capacity", unit="bytes")
    capacity.text = str(round(capacity_mib * _BYTES_PER_MIB))
    ET.SubElement(volume, "allocation").text = "0"
    target = ET.SubElement(volume, "target")
    ET.SubElement(target, "format", type=image_format)
    if image_format == "qcow2":
        # libvirt would make an image for QEMU before 1.1 of the year 2012.
        ET.SubElement(target, "compat").text = "1.1"
    if backing is not None:
        below = ET.SubElement(volume, "backingStore")
        ET.SubElement(below, "path").text = backing[0]
        ET.SubElement(below, "format", type=backing[1])
    with translated("make the image {}".format(name)):
        pool.createXML(ET.tostring(volume, encoding="unicode"), 0)


def remove_image(pool: t.Any, name: str) -> None:
    """Delete the image of that name.

    Raises
    ------
    LibvirtFailed
        It cannot be deleted.
    """
    with translated("delete the image {}".format(name)):
        pool.storageVolLookupByName(name).delete(0)


def image_size(domain: t.Any, target: str) -> ImageSize:
    """Return the size of a VM's disk.

    Parameters
    ----------
    domain : libvirt.virDomain
        The VM.
    target : str
        Name of the disk in the VM, such as C(vda).
    """
    with translated("read the size of the disk {} of {}".format(target, domain.name())):
        capacity, allocation, _physical = domain.blockInfo(target)
    return ImageSize(capacity / _BYTES_PER_MIB, allocation / _BYTES_PER_MIB)
