# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Block devices, from directories laid out like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.block_devices import (
    read_block_devices,
)


class Machine:
    """A machine with block devices, in a directory."""

    def __init__(self, root: Path) -> None:
        self.devices, self.system = root / "dev", root / "sys"
        (self.devices / "mapper").mkdir(parents=True)
        (self.system / "class/block").mkdir(parents=True)

    def add(self, name: str, within: str = "", **attributes: str) -> None:
        """Add a device; attributes are files, with two underscores for a slash."""
        (self.devices / name).touch()
        folder = self.system / "devices" / within / name
        for attribute, text in attributes.items():
            file = folder / attribute.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        folder.mkdir(parents=True, exist_ok=True)
        (self.system / "class/block" / name).symlink_to(folder)

    def link(self, path: str, name: str) -> str:
        """Give a device another name and return that."""
        link = self.devices / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(self.devices / name)
        return str(link)

    def read(self, *used: str) -> dict[str, str | None]:
        """Return the identity of each name, with the names below the directory of devices."""
        found = read_block_devices(used, str(self.devices), str(self.system))
        return {
            str(Path(device.path).relative_to(self.devices)): device.identity for device in found
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_multipath_devices_are_known_by_their_world_wide_name(machine: Machine) -> None:
    """Under the name that domains use, whether a domain here does or not."""
    machine.add("dm-3", dm__uuid="mpath-3600a098000abc", dm__name="mpatha")
    machine.link("mapper/mpatha", "dm-3")
    assert machine.read() == {"mapper/mpatha": "dm:mpath-3600a098000abc"}


def test_logical_volumes_have_both_of_their_names(machine: Machine) -> None:
    """Hyphens in the names of group and volume are told from the one between them."""
    machine.add("dm-4", dm__uuid="LVM-abc", dm__name="vg--fast-web--1")
    machine.link("mapper/vg--fast-web--1", "dm-4")
    machine.link("vg-fast/web-1", "dm-4")
    assert machine.read() == {"mapper/vg--fast-web--1": "dm:LVM-abc", "vg-fast/web-1": "dm:LVM-abc"}


def test_a_partition_is_a_part_of_its_disk(machine: Machine) -> None:
    """Its identity is that of the disk with its number."""
    machine.add("sda", device__wwid="naa.600140500")
    machine.add("sda2", within="sda", partition="2")
    machine.link("disk/by-id/wwn-0x600140500-part2", "sda2")
    assert machine.read() == {"disk/by-id/wwn-0x600140500-part2": "wwn:naa.600140500-part2"}


def test_a_device_that_a_domain_uses_is_told_without_an_identity(machine: Machine) -> None:
    """So that it can be said that nothing proves which device it is."""
    machine.add("loop0")
    assert machine.read() == {}
    assert machine.read(str(machine.devices / "loop0")) == {"loop0": None}


def test_names_that_change_are_told_only_where_they_are_used(machine: Machine) -> None:
    """What is sdb here may be sdc elsewhere, but its identity tells."""
    machine.add("sdb", device__wwid="naa.600140501")
    assert machine.read() == {}
    assert machine.read(str(machine.devices / "sdb")) == {"sdb": "wwn:naa.600140501"}


def test_a_machine_without_device_mapper_has_no_such_names(tmp_path: Path) -> None:
    """Missing directories are no error."""
    assert read_block_devices([], str(tmp_path / "dev"), str(tmp_path / "sys")) == []
