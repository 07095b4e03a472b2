# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lets a VM run on its destination: libvirt where a lock on an image binds both hosts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.ad_hoc import run_module
from tests.lab.guests import IMAGES
from tests.lab.lab import Lab
from tests.lab.moving import stays

pytestmark = pytest.mark.lab


def _locks_told(lab: Lab, **options: Any) -> dict[str, Any] | None:
    """Move vm1 to kvm2 by the module on its host; return what is said of its locks, if anything."""
    arguments = {
        "name": "vm1",
        "source": "kvm1",
        "destination": "kvm2",
        "destination_uri": "qemu+ssh://root@kvm2/system",
        "migration_address": lab.hosts["kvm2"].migration_address,
        **options,
    }
    moved = run_module(lab, "kvm1", "vm_migrate", **arguments).results["kvm1"]
    assert moved["outcome"] == "moved", moved["msg"]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
    return next((each for each in moved["prerequisites"] if each["id"] == "image_locks"), None)


def test_a_vm_with_a_disk_is_proved_to_be_locked(lab: Lab) -> None:
    """QEMU's own lock on the shared image is seen from the destination."""
    lab.start_guest("vm1", "kvm1")
    told = _locks_told(lab)
    assert told is not None
    assert told["passed"]
    assert told["evidence"].startswith("kvm2 sees the lock that the VM holds on /srv/")


def test_a_layered_disk_is_bound_by_its_upper_image(lab: Lab) -> None:
    """The lock of a qcow2 image is seen like any other; the image below is only read."""
    base, upper = IMAGES / "base.qcow2", IMAGES / "vm1.qcow2"
    qcow2 = ["qemu-img", "create", "-q", "-f", "qcow2"]
    lab.hosts["kvm1"].run([*qcow2, str(base), "16M"])
    lab.hosts["kvm1"].run([*qcow2, "-b", str(base), "-F", "qcow2", str(upper)])
    lab.start_guest("vm1", "kvm1", image=upper, image_format="qcow2")
    told = _locks_told(lab)
    assert told is not None
    assert told["passed"], told
    assert str(upper) in told["evidence"]
    assert str(base) not in told["evidence"]


def test_a_vm_without_a_disk_waits_for_its_source(lab: Lab) -> None:
    """There is no lock that could bind the hosts, and the result says so."""
    lab.start_guest("vm1", "kvm1", disk=False)
    told = _locks_told(lab)
    assert told is not None
    assert not told["passed"]
    assert "kvm2 does not see the locks" in told["evidence"]


def test_who_names_a_handover_gets_it(lab: Lab) -> None:
    """With the controller's own handover nobody looks for locks."""
    lab.start_guest("vm1", "kvm1")
    assert _locks_told(lab, handover="controller") is None
