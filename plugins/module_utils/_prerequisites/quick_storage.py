# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold before a VM's memory is saved for a quick move.

libvirt checks shared storage for migrations only: a restore takes whatever lies at the disk's path.
So every disk must be on the file system of the image, which the destination proves to share by
reading the image there.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t
import xml.etree.ElementTree as ET

from .._errors import ImageUnusable
from .._facts.disks import disks, file_paths
from .._libvirt.domain import DomainFacts
from .._request.options import MigrationOptions


def refuse_unshared(options: MigrationOptions, facts: DomainFacts) -> None:
    """Refuse a quick move whose disks are not where its image would be.

    Raises
    ------
    ImageUnusable
        A disk is elsewhere.
    """
    if options.mode != "quick" or options.unsafe:
        return
    elsewhere = _disks_elsewhere(options.save_directory, facts.live_xml)
    if elsewhere:
        raise ImageUnusable(
            "It is not proved that both hosts share {}.".format(", ".join(elsewhere)),
            "Save to a directory on the storage of the VM's disks, or migrate it live.",
        )


def _disks_elsewhere(directory: str, definition: str) -> list[str]:
    """Return the disks of the VM that are not on the file system of the directory."""
    device = os.stat(directory).st_dev
    found = []
    for disk in disks(ET.fromstring(definition), {}):
        paths = file_paths(disk)
        if not paths and disk["type"] != "network":
            # A block device, or a volume of a pool: nothing here tells what it is on the other host.
            paths = (
                [disk["path"] or "the disk {}".format(disk["target"])] if _has_medium(disk) else []
            )
        found += [path for path in paths if not _is_on(path, device)]
    return found


def _has_medium(disk: dict[str, t.Any]) -> bool:
    """Whether there is anything in the drive."""
    return disk["path"] is not None or disk["type"] == "volume"


def _is_on(path: str, device: int) -> bool:
    try:
        return os.stat(path).st_dev == device
    except OSError:
        return False
