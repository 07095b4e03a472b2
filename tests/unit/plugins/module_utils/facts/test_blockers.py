# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a domain from being migrated, one sentence each."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.blockers import (
    Subject,
    blockers,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.disks import disks
from ansible_collections.drover.libvirt.plugins.module_utils._facts.domain import domain_facts

from tests.unit.plugins.module_utils.facts.recordings import (
    definition,
    surroundings,
)


def subject(devices: str = "", rest: str = "", **changes: Any) -> Subject:
    """Return a running domain with these devices and this beside them."""
    root = ET.fromstring(f"<domain>{rest}<devices>{devices}</devices></domain>")
    present = Subject(root, True, "running", "booted", disks(root, {}), surroundings().storage_of)
    return present._replace(**changes)


def codes(examined: Subject) -> list[str]:
    return [blocker["code"] for blocker in blockers(examined)]


def test_a_plain_domain_has_none() -> None:
    """Nothing of an ordinary domain is in the way."""
    assert codes(subject("<interface type='bridge'><source bridge='br0'/></interface>")) == []


@pytest.mark.parametrize(
    ("device", "code"),
    [
        ("<hostdev type='pci'><source><address bus='6'/></source></hostdev>", "host_device"),
        ("<hostdev type='usb'/>", "host_device"),
        ("<hostdev type='mdev'/>", "host_device"),
        ("<interface type='hostdev'/>", "host_interface"),
        ("<interface type='vdpa'/>", "host_interface"),
        ("<input type='evdev'/>", "host_device"),
        ("<input type='passthrough'/>", "host_device"),
        ("<serial type='dev'><source path='/dev/ttyS0'/></serial>", "host_device"),
        ("<smartcard mode='host'/>", "host_device"),
        ("<tpm><backend type='passthrough'/></tpm>", "host_device"),
        ("<filesystem type='mount'><source dir='/srv'/></filesystem>", "host_file_system"),
        ("<shmem name='s'><model type='ivshmem-plain'/></shmem>", "shared_memory"),
        ("<disk type='nvme'><target dev='vda'/></disk>", "host_device"),
        ("<disk type='network'><target dev='vda'/><transient/></disk>", "transient_disk"),
        ("<disk type='volume'><source pool='x' volume='y'/></disk>", "unknown_pool"),
        (
            "<video><model type='virtio'><acceleration accel3d='yes'/></model></video>",
            "accelerated_video",
        ),
        ("<crypto model='virtio' type='qemu'/>", "unmigratable_device"),
        ("<controller type='nvme' index='0'/>", "unmigratable_device"),
        ("<sound model='usb'/>", "unmigratable_device"),
        ("<sound model='virtio'/>", "unmigratable_device"),
        ("<serial type='pty'><target type='usb-serial' port='0'/></serial>", "unmigratable_device"),
        ("<interface type='bridge'><model type='usb-net'/></interface>", "unmigratable_device"),
        ("<video><model type='virtio' blob='on'/></video>", "unmigratable_device"),
        (
            "<disk type='network'><driver type='vmdk'/><target dev='a'/></disk>",
            "unmigratable_image",
        ),
        ("<disk type='network'><driver type='vhdx'/><readonly/></disk>", "unmigratable_image"),
        (
            "<disk type='network'><driver type='qcow2'/><backingStore type='network'>"
            "<format type='vdi'/></backingStore></disk>",
            "unmigratable_image",
        ),
        ("<disk type='network'><driver type='fat'/></disk>", "unmigratable_image"),
    ],
)
def test_devices_that_bind_a_domain_to_its_host(device: str, code: str) -> None:
    """Each such device is a blocker of its own."""
    assert codes(subject(device)) == [code]


@pytest.mark.parametrize(
    "device",
    [
        "<interface type='hostdev'><teaming type='transient' persistent='a'/></interface>",
        "<hostdev type='pci'><teaming type='transient' persistent='a'/></hostdev>",
        "<shmem name='s' role='master'/>",
        "<sound model='ich9'/>",
        "<controller type='usb' model='qemu-xhci'/>",
        "<interface type='bridge'><model type='e1000e'/></interface>",
        "<video><model type='virtio' blob='off'/></video>",
        "<disk type='network'><driver type='fat'/><readonly/></disk>",
        "<tpm><backend type='emulator'/></tpm>",
        "<serial type='pty'/>",
        "<input type='mouse'/>",
        "<disk type='network'><source protocol='rbd' name='p/i'/><target dev='vda'/></disk>",
        "<disk type='block'><source dev='/dev/mapper/a'/><target dev='vda'/></disk>",
        "<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>",
    ],
)
def test_devices_that_do_not(device: str) -> None:
    """What libvirt unplugs, recreates or finds again on the other host is none."""
    assert codes(subject(device)) == []


def disk(path: str, device: str = "disk", backing: str = "") -> str:
    """Return the element of a disk on a file."""
    image = f"<source file='{path}'/>{backing}<target dev='vda'/>"
    return f"<disk type='file' device='{device}'>{image}</disk>"


def test_an_image_on_storage_of_this_host() -> None:
    """Local images are told from those on shared storage, and media from disks."""
    assert codes(subject(disk("/tmp/facts-ns/shared/a"))) == []
    assert codes(subject(disk("/var/lib/libvirt/images/a"))) == ["local_disk"]
    assert codes(subject(disk("/nowhere/a"))) == ["local_disk"]
    assert codes(subject(disk("/var/lib/libvirt/images/a.iso", "cdrom"))) == ["local_media"]
    assert codes(subject(disk("/var/lib/libvirt/images/a.img", "floppy"))) == ["local_media"]


def test_a_shared_image_on_a_local_one() -> None:
    """All layers of an image must be shared."""
    base = "<backingStore type='file'><source file='/var/lib/libvirt/images/base'/></backingStore>"
    found = blockers(subject(disk("/tmp/facts-ns/shared/a", backing=base)))
    assert [blocker["code"] for blocker in found] == ["local_disk"]
    assert "/var/lib/libvirt/images/base" in found[0]["message"]


def test_an_invariant_time_stamp_counter_needs_a_frequency() -> None:
    """With a fixed frequency another host can keep the promise."""
    cpu = "<cpu><feature policy='require' name='invtsc'/></cpu>"
    clock = "<clock><timer name='tsc' frequency='2596128000'/></clock>"
    assert codes(subject(rest=cpu)) == ["invariant_tsc"]
    assert codes(subject(rest=cpu + clock)) == []


def test_a_forced_time_stamp_counter_needs_a_frequency_too() -> None:
    """QEMU looks at the feature, not at who asked for it."""
    cpu = "<cpu><feature policy='force' name='invtsc'/></cpu>"
    assert codes(subject(rest=cpu)) == ["invariant_tsc"]


@pytest.mark.parametrize(
    "rest",
    [
        "<cpu mode='host-passthrough' migratable='off'/>",
        "<features><hyperv mode='passthrough'/></features>",
    ],
)
def test_a_cpu_with_all_that_its_host_has(rest: str) -> None:
    """Some of that cannot be migrated."""
    assert codes(subject(rest=rest)) == ["unmigratable_cpu"]


def test_a_host_device_in_arguments_of_qemu() -> None:
    """libvirt does not see it, and QEMU refuses."""
    names = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
    given = "<qemu:commandline {}><qemu:arg value='-device'/><qemu:arg value='{},host=01:00.0'/></qemu:commandline>"
    assert codes(subject(rest=given.format(names, "vfio-pci"))) == ["unmigratable_device"]
    assert codes(subject(rest=given.format(names, "virtio-rng-pci"))) == []


def test_encrypted_memory() -> None:
    """Memory that is encrypted for one machine stays there."""
    assert codes(subject(rest="<launchSecurity type='sev'/>")) == ["encrypted_memory"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"snapshots": 2}, "snapshots"),
        ({"job": "backup"}, "job"),
        ({"block_jobs": ("vda",)}, "block_job"),
        ({"active": False, "state": "shutoff", "managed_save": True}, "managed_save"),
        ({"state": "paused", "reason": "ioerror"}, "io_error"),
        ({"state": "paused", "reason": "migration"}, "passing_pause"),
        ({"state": "paused", "reason": "postcopy_failed"}, "postcopy"),
        ({"state": "running", "reason": "postcopy"}, "postcopy"),
    ],
)
def test_states_that_must_end_first(changes: dict[str, Any], code: str) -> None:
    """What is under way, or went wrong, is told as well."""
    assert codes(subject(**changes)) == [code]


def test_a_pause_that_somebody_asked_for_is_none() -> None:
    """Paused domains migrate, and stay paused."""
    assert codes(subject(state="paused", reason="user")) == []


def test_all_findings_are_told_at_once() -> None:
    """A domain that collects what libvirt refuses has all of it in its facts, in sentences."""
    facts = domain_facts(definition("odd1", active=False), surroundings(), {"state.state": 5}, 0.0)
    messages = [blocker["message"] for blocker in facts["blockers"]]
    assert messages[:3] == [
        "It uses the host's PCI device 0000:06:12.5.",
        "It uses the host's USB device 0x1234:0xbeef.",
        "It uses the host's MDEV device c2177883-f1bb-47f0-914d-32a22e3a8804.",
    ]
    assert {blocker["code"] for blocker in facts["blockers"]} == {
        "host_device",
        "host_interface",
        "host_file_system",
        "shared_memory",
        "local_disk",
        "invariant_tsc",
        "unmigratable_cpu",
    }
    assert all(blocker["remedy"] for blocker in facts["blockers"])
