# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What QEMU refuses to migrate, although libvirt starts the migration: it would fail only then.

QEMU 7.2 was asked for each (C(blocked-reasons) of its C(query-migrate)), but for what it does not offer here: virtio
sound and blob resources are from its source, and so are the CPUs, for which KVM is needed.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .disks import attribute

# Where in a definition the device is, and what it is called.
_DEVICES = (
    ("devices/crypto", "crypto device"),
    ("devices/controller[@type='nvme']", "emulated NVMe controller"),
    ("devices/sound[@model='usb']", "USB sound device"),
    ("devices/sound[@model='virtio']", "virtio sound device"),
    ("devices/serial/target[@type='usb-serial']", "USB serial adapter"),
    ("devices/interface/model[@type='usb-net']", "USB network adapter"),
    ("devices/video/model[@blob='on']", "video device with blob resources"),
)
_CPUS = (
    ("features/hyperv[@mode='passthrough']", "all Hyper-V features of its host"),
    ("cpu[@migratable='off']", "CPU features of its host that cannot be migrated"),
)
# libvirt's names of formats; "fat" is a directory shown as a disk, which can be migrated while nothing writes to it.
_FORMATS = ("vmdk", "vdi", "vhdx", "vpc", "qcow", "ploop")
_FAT = ("fat", "vvfat")
_QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"


def unmigratable_devices(root: ET.Element) -> list[str]:
    """Return what each device that QEMU does not migrate is called, once."""
    found = [words for path, words in _DEVICES if root.find(path) is not None]
    arguments = root.findall(f"{_QEMU}commandline/{_QEMU}arg")
    if any("vfio-" in argument.get("value", "") for argument in arguments):
        found.append("host device in qemu:commandline")
    return found


def unmigratable_cpu(root: ET.Element) -> list[str]:
    """Return what its CPU has of the host that keeps it there."""
    return [words for path, words in _CPUS if root.find(path) is not None]


def unmigratable_images(root: ET.Element) -> t.Iterator[tuple[str, str]]:
    """Yield disk and format of each disk with an image, or a layer below it, that QEMU does not migrate."""
    for disk in root.findall("devices/disk"):
        formats = [*disk.findall("driver"), *disk.findall(".//backingStore/format")]
        kinds = [one.get("type", "") for one in formats]
        refused = [kind for kind in kinds if kind in _FORMATS]
        if disk.find("readonly") is None:
            refused += [kind for kind in kinds if kind in _FAT]
        if refused:
            yield attribute(disk, "target", "dev"), refused[0]
