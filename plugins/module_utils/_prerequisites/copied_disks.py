# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are copied: that there is room for them, and that nothing is overwritten.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._errors import LibvirtFailed
from .._libvirt.domain import find_domain
from .._libvirt.volumes import ImageSize, directory_pool, free_mib, has_image, image_size
from .._request.disks_to_copy import FORMATS, CopiedDisk, copied_disks, layered_disks, unknown_disks
from .context import Context
from .finding import Finding, blocks, holds, warns

_ID = "copied_disks"


def copied(context: Context) -> t.Iterator[Finding]:
    """Each disk that is to be copied is an image file, and the destination has room for it."""
    options = context.request.options
    for name in unknown_disks(context.definition, options):
        yield blocks(
            _ID,
            "The VM has no writable disk {}.".format(name),
            "Use the disk names of its definition.",
        )
    for name in layered_disks(context.definition, options):
        yield blocks(
            _ID,
            "The image of the disk {} is layered on another one.".format(name),
            "Copy the upper layer only (copy_storage inc), with the lower ones on both hosts.",
        )
    by_directory: dict[str, list[CopiedDisk]] = {}
    for disk in copied_disks(context.definition, options):
        if not disk.path or disk.image_format not in FORMATS:
            yield blocks(
                _ID,
                "The disk {} is not an image file in the format raw or qcow2.".format(disk.target),
                "Leave it out and put it on storage that both hosts share.",
            )
        else:
            by_directory.setdefault(disk.directory, []).append(disk)
    for directory, disks in by_directory.items():
        yield from _in_directory(context, directory, disks)


def _in_directory(
    context: Context, directory: str, disks: t.Sequence[CopiedDisk]
) -> t.Iterator[Finding]:
    try:
        with directory_pool(context.destination, directory) as pool:
            room_mib = free_mib(pool)
            present = [disk for disk in disks if has_image(pool, disk.file_name)]
    except LibvirtFailed as error:
        yield blocks(
            _ID,
            error.message,
            "Make the directory {} on {}, and start its pool.".format(directory, context.there),
        )
        return
    for disk in present:
        yield _present(context, disk)
    yield _room(context, directory, room_mib, [disk for disk in disks if disk not in present])


def _present(context: Context, disk: CopiedDisk) -> Finding:
    if not disk.named:
        return holds(
            _ID,
            "{} has {} and is to share it with the source; it is not copied.".format(
                context.there, disk.path
            ),
        )
    return blocks(
        _ID,
        "{} has a file {} already, and it is not overwritten.".format(context.there, disk.path),
        "Find out whose it is; rename or remove it there when it is not needed.",
    )


def _room(
    context: Context, directory: str, room_mib: float, disks: t.Sequence[CopiedDisk]
) -> Finding:
    domain = find_domain(context.source, context.facts.uuid)
    sizes: list[ImageSize] = [image_size(domain, disk.target) for disk in disks]
    needed_mib = sum(size.allocation_mib for size in sizes)
    full_mib = sum(size.capacity_mib for size in sizes)
    words = (
        "{} has {:.0f} MiB free in {}; the disks to copy take {:.0f} MiB now, {:.0f} MiB at most."
    )
    evidence = words.format(context.there, room_mib, directory, needed_mib, full_mib)
    if room_mib < needed_mib:
        return blocks(_ID, evidence, "Free space there or choose another host.")
    if room_mib < full_mib:
        return warns(_ID, evidence, "Keep enough of it free.")
    return holds(_ID, evidence)


CHECKS = (copied,)
