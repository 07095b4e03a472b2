# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks of a VM are copied together with its memory.

Left to itself libvirt copies every writable disk, also one on shared storage, onto itself. So the
disks are always named to it: those that the operator named, or those that the destination does not
have. libvirt then refuses a disk that is neither copied nor on shared storage.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath
import typing as t
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .._facts.disks import disks
from .options import MigrationOptions

FORMATS = ("raw", "qcow2")


@dataclass(frozen=True)
class CopiedDisk:
    """One image that is copied.

    Parameters
    ----------
    target : str
        Name of the disk in the VM, such as C(vda).
    path : str
        The image, on both hosts.
    image_format : str
        C(raw) or C(qcow2), or what cannot be copied.
    backing : tuple of str or None
        Path and format of the image that the copy is layered on, too.
    named : bool
        Whether the operator named it.
    """

    target: str
    path: str
    image_format: str
    backing: tuple[str, str] | None = None
    named: bool = False

    @property
    def directory(self) -> str:
        """Where the image is."""
        return posixpath.dirname(self.path)

    @property
    def file_name(self) -> str:
        """Name of the image in its directory."""
        return posixpath.basename(self.path)


def is_to_be_copied(disk: t.Mapping[str, t.Any], options: MigrationOptions) -> bool:
    """Whether a disk's facts and the options make it one to copy, if the destination has it not."""
    if options.copy_storage == "none" or disk["device"] != "disk" or disk["readonly"]:
        return False
    if options.migrate_disks:
        return disk["target"] in options.migrate_disks
    return bool(disk["type"] == "file" and disk["path"])


def copied_disks(definition: ET.Element, options: MigrationOptions) -> tuple[CopiedDisk, ...]:
    """Return the disks to copy, if the destination has them not."""
    return tuple(
        CopiedDisk(
            target=disk["target"],
            path=disk["path"] if disk["type"] == "file" and disk["path"] else "",
            image_format=disk["format"] or "raw",
            backing=_backing(definition, disk["target"]) if options.copy_storage == "inc" else None,
            named=bool(options.migrate_disks),
        )
        for disk in disks(definition, {})
        if is_to_be_copied(disk, options)
    )


def unknown_disks(definition: ET.Element, options: MigrationOptions) -> list[str]:
    """Return the names that the operator gave and that no writable disk of the VM has."""
    known = {disk.target for disk in copied_disks(definition, options)}
    return [name for name in options.migrate_disks if name not in known]


def layered_disks(definition: ET.Element, options: MigrationOptions) -> list[str]:
    """Return the disks that C(all) would copy although other images lie below them."""
    if options.copy_storage != "all":
        return []
    chosen = {disk.target for disk in copied_disks(definition, options)}
    return [name for name in sorted(chosen) if _backing(definition, name) is not None]


def _backing(definition: ET.Element, target: str) -> tuple[str, str] | None:
    """Return path and format of the image right below a disk's own."""
    for disk in definition.findall("devices/disk"):
        named = disk.find("target")
        if named is None or named.get("dev") != target:
            continue
        source, image_format = disk.find("backingStore/source"), disk.find("backingStore/format")
        path = None if source is None else source.get("file")
        if path:
            return path, "raw" if image_format is None else image_format.get("type", "raw")
    return None
