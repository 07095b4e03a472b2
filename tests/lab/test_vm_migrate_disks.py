# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations that copy disks, on real libvirt and QEMU: every byte arrives, no file is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.guests import TinyGuest
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.moving import Moving, move, stays

pytestmark = pytest.mark.lab

#: No storage pool covers it, and every host has its own.
LOCAL = Path("/var/lib/vms")
#: The guest writes into the first MiB only.
_PATTERN = "-P 0xab 1M 24M"


@pytest.fixture
def local(lab: Lab) -> Iterator[Lab]:
    """The lab with an empty directory for images of its own on each host."""
    for host in lab.hosts.values():
        host.run(["mkdir", "-p", str(LOCAL)])
    yield lab
    lab.remove_guests()
    for host in lab.hosts.values():
        host.run(["umount", "-q", str(LOCAL)], check=False)
        host.run(["rm", "-rf", str(LOCAL)])


def _image(host: Host, name: str, image_format: str, *options: str) -> Path:
    """Make an image of 64 MiB with a known content on a host."""
    path = LOCAL / name
    host.run(["qemu-img", "create", "-q", "-f", image_format, *options, str(path), "64M"])
    host.run(["qemu-io", "-f", image_format, "-c", f"write {_PATTERN}", str(path)])
    return path


def _start(lab: Lab, image: Path, image_format: str, disk_writes_s: int = 5) -> None:
    guest = TinyGuest(
        "vm1", image=image, image_format=image_format, disk_writes_s=disk_writes_s, fill_mib=8
    )
    lab.start(guest, "kvm1")


def _holds_the_content(host: Host, image: Path, image_format: str) -> bool:
    """Whether the image has, byte for byte, what was written before the guest started."""
    command = ["qemu-io", "-r", "-U", "-f", image_format, "-c", f"read {_PATTERN}", str(image)]
    read = host.run(command, check=False)
    return read.returncode == 0 and "verification failed" not in read.stdout


def _files(host: Host) -> list[str]:
    return host.run(["ls", str(LOCAL)]).stdout.split()


def _pools(host: Host) -> set[str]:
    return set(host.run(["virsh", "pool-list", "--all", "--name"]).stdout.split())


def _refusal(lab: Lab, **options: Any) -> str:
    """Try in vain to migrate vm1; return the reason."""
    result = move(lab, "vm1", **{"copy_storage": "all", **options})
    assert (result.outcome, result.error_code) == ("not_moved", "prerequisite_failed"), result
    assert stays(lab, "vm1") == ("kvm1",)
    return result.reason


@pytest.mark.parametrize("image_format", ["qcow2", "raw"])
def test_copies_a_disk_with_the_memory(local: Lab, image_format: str) -> None:
    """The guest writes on, the content is there, as thin as before, and the old image is told of."""
    here, there = local.hosts["kvm1"], local.hosts["kvm2"]
    image = _image(here, "vm1.img", image_format)
    _start(local, image, image_format)
    result = move(local, "vm1", copy_storage="all", bandwidth_mib_s=30)
    assert result.outcome == "moved", result.reason
    assert (result.disk_copied_mib or 0) > 8
    assert any(f"The old image {image} is still on kvm1." in w for w in result.warnings)
    assert _holds_the_content(there, image, image_format)
    assert int(there.run(["du", "-m", str(image)]).stdout.split()[0]) < 40
    assert _pools(there) == {"images", "shared"}
    assert stays(local, "vm1") == ("kvm1", "kvm2")
    assert "disk error" not in local.serial("vm1", "kvm2")


def test_removes_the_old_image_when_asked_to(local: Lab) -> None:
    """Then the VM can come back the same way, with what it wrote meanwhile."""
    image = _image(local.hosts["kvm1"], "vm1.img", "qcow2")
    _start(local, image, "qcow2")
    options: dict[str, Any] = {"copy_storage": "all", "remove_source_images": True}
    assert move(local, "vm1", **options).outcome == "moved"
    assert _files(local.hosts["kvm1"]) == []
    stays(local, "vm1")
    assert move(local, "vm1", "kvm2", "kvm1", **options).outcome == "moved"
    assert _files(local.hosts["kvm2"]) == []
    assert _holds_the_content(local.hosts["kvm1"], image, "qcow2")
    assert stays(local, "vm1") == ("kvm1", "kvm2", "kvm1")


def test_copies_the_upper_layer_only(local: Lab) -> None:
    """Both hosts have the lower image; what lies over it is copied and nothing else."""
    here, there = local.hosts["kvm1"], local.hosts["kvm2"]
    base = _image(here, "base.qcow2", "qcow2")
    there.path(base).write_bytes(here.path(base).read_bytes())
    upper = LOCAL / "vm1.qcow2"
    here.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(upper)]
    )
    _start(local, upper, "qcow2")
    stays(local, "vm1")
    assert "layered on another one" in _refusal(local)
    result = move(local, "vm1", copy_storage="inc")
    assert result.outcome == "moved", result.reason
    assert int(there.run(["du", "-m", str(upper)]).stdout.split()[0]) < 4
    assert _holds_the_content(there, upper, "qcow2")
    assert str(base) in there.run(["qemu-img", "info", "-U", str(upper)]).stdout
    assert stays(local, "vm1") == ("kvm1", "kvm2")


def test_leaves_shared_disks_alone(local: Lab) -> None:
    """Of two disks the one on shared storage is not copied, which would be onto itself."""
    here = local.hosts["kvm1"]
    image = _image(here, "vm1.img", "raw")
    guest = TinyGuest("vm1", disk_writes_s=5)
    local.start(guest, "kvm1")
    defined = here.connection().lookupByName("vm1")
    defined.destroy()
    defined.undefine()
    second = (
        "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
        f"<source file='{image}'/><target dev='hdb' bus='ide'/></disk><controller type='usb'"
    )
    definition = guest.xml().replace("<controller type='usb'", second, 1)
    here.connection().defineXML(definition).create()
    options: dict[str, Any] = {"copy_storage": "all", "remove_source_images": True}
    result = move(local, "vm1", bandwidth_mib_s=30, **options)
    assert result.outcome == "moved", result.reason
    assert 8 < (result.disk_copied_mib or 0) < 65
    assert result.actions == (f"Removed the image {image} from kvm1.",)
    assert "disk error" not in local.serial("vm1", "kvm2")


def test_refuses_what_would_overwrite_or_not_fit(local: Lab) -> None:
    """A file on the destination, a full or missing directory, a wrong name: nothing begins."""
    here, there = local.hosts["kvm1"], local.hosts["kvm2"]
    image = _image(here, "vm1.img", "qcow2")
    _start(local, image, "qcow2")
    assert "no writable disk vdx" in _refusal(local, migrate_disks=("vdx",))
    there.path(image).write_text("somebody's only copy")
    assert "is not overwritten" in _refusal(local, migrate_disks=("hda",))
    assert there.path(image).read_text() == "somebody's only copy"
    result = move(local, "vm1", copy_storage="all")
    assert (result.outcome, result.error_code) == ("not_moved", "storage_not_shared")
    there.run(["rm", str(image)])
    there.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(LOCAL)])
    assert "has 8 MiB free in /var/lib/vms; the disks to copy take" in _refusal(local)
    there.run(["umount", str(LOCAL)])
    there.run(["rmdir", str(LOCAL)])
    assert str(LOCAL) in _refusal(local)


def test_a_disk_that_fills_up_leaves_nothing_behind(local: Lab) -> None:
    """The VM keeps running where it was, the partial copy is gone, and there is room again."""
    here, there = local.hosts["kvm1"], local.hosts["kvm2"]
    image = _image(here, "vm1.img", "qcow2")
    _start(local, image, "qcow2")
    there.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(LOCAL)])
    moving = Moving(local, "vm1", options={"copy_storage": "all", "bandwidth_mib_s": 4})
    moving.wait_until_disk_copied(4)
    there.run(["dd", "if=/dev/zero", f"of={LOCAL}/other", "bs=1M"], check=False)
    result = moving.result()
    assert (result.outcome, result.error_code) == ("not_moved", "disk_full"), result.reason
    assert result.actions == (f"Removed the image {image} from kvm2.",)
    assert _files(there) == ["other"]
    there.run(["rm", f"{LOCAL}/other"])
    assert move(local, "vm1", copy_storage="all").outcome == "moved"
    assert _holds_the_content(there, image, "qcow2")
    assert stays(local, "vm1") == ("kvm1", "kvm2")
