# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quick and offline moves of VMs on real libvirt and QEMU, through the module on the source."""

from __future__ import annotations

import threading
import time
from typing import Any

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.arrival import has_agent
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.handover_mark import set_mark

from tests.lab import faults
from tests.lab.ad_hoc import run_module
from tests.lab.domains import Place
from tests.lab.guests import IMAGES
from tests.lab.lab import Lab
from tests.lab.moving import stays, wait_until

pytestmark = pytest.mark.lab


def _move(lab: Lab, mode: str, check: bool = False, **options: Any) -> dict[str, Any]:
    """Move vm1 from kvm1 to kvm2, by the module on kvm1."""
    where = {"save_directory": str(IMAGES)} if mode == "quick" else {}
    arguments = {
        "name": "vm1",
        "mode": mode,
        "source": "kvm1",
        "destination": "kvm2",
        "destination_uri": "qemu+ssh://root@kvm2/system",
        "migration_address": lab.hosts["kvm2"].migration_address,
        **where,
        **options,
    }
    results = run_module(lab, "kvm1", "vm_migrate", check=check, **arguments).results
    return results["kvm1"]


def _saved_images(lab: Lab) -> list[str]:
    found = lab.hosts["kvm1"].run(["find", str(IMAGES), "-name", "vm1.*-*"])
    return found.stdout.split()


def test_quick_moves_a_running_vm(lab: Lab) -> None:
    """The VM goes on with its memory on the destination, defined once, and the image is gone."""
    lab.start_guest("vm1", "kvm1", fill_mib=16, autostart=True)
    assert _move(lab, "quick", check=True)["changed"]
    moved = _move(lab, "quick")
    assert (moved["outcome"], moved["changed"]) == ("moved", True)
    assert moved["downtime_ms"] > 0
    assert lab.where("vm1") == [Place("kvm2", "running", persistent=True, autostart=True)]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
    assert _saved_images(lab) == []
    assert _move(lab, "quick")["outcome"] == "already_there"


def test_quick_finishes_what_was_interrupted(lab: Lab) -> None:
    """An image that nobody has claimed is restored where it was going, and only where that is asked."""
    lab.start_guest("vm1", "kvm1", fill_mib=16)
    stays(lab, "vm1")
    domain = lab.hosts["kvm1"].connection().lookupByName("vm1")
    set_mark(domain, HandoverMark())
    domain.save(str(IMAGES / f"vm1.{domain.UUIDString()}.saved"))
    look = _move(lab, "quick", check=True, state="reconciled")
    assert look["actions"] == ["Would finish the quick move that was interrupted."]
    assert [place.state for place in lab.where("vm1")] == ["shutoff"]
    finished = _move(lab, "quick", state="reconciled")
    assert (finished["outcome"], finished["changed"]) == ("moved", True)
    assert finished["downtime_ms"] is None
    assert [(place.host, place.state) for place in lab.where("vm1")] == [("kvm2", "running")]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
    assert _saved_images(lab) == []


def test_quick_keeps_a_paused_vm_paused(lab: Lab) -> None:
    """A VM that was paused is paused after its restore."""
    lab.start_guest("vm1", "kvm1")
    stays(lab, "vm1")
    lab.hosts["kvm1"].connection().lookupByName("vm1").suspend()
    moved = _move(lab, "quick")
    assert moved["outcome"] == "moved", moved["msg"]
    assert [(p.host, p.state) for p in lab.where("vm1")] == [("kvm2", "paused")]


@pytest.mark.slow
def test_quick_returns_when_the_destination_fails(lab: Lab) -> None:
    """When the destination's daemon dies after the save the VM keeps running where it was."""
    lab.start_guest("vm1", "kvm1", memory_mib=256, fill_mib=200, autostart=True)
    source = lab.hosts["kvm1"].connection().lookupByName("vm1")

    def kill_destination_during_save() -> None:
        wait_until(lambda: source.state()[0] != libvirt.VIR_DOMAIN_RUNNING, 60.0)
        faults.kill(lab.hosts["kvm2"].daemon("libvirtd"))

    killer = threading.Thread(target=kill_destination_during_save)
    killer.start()
    failed = _move(lab, "quick")
    killer.join()
    lab.hosts["kvm2"].start_daemon("libvirtd")
    lab.hosts["kvm2"].wait_ready()
    assert failed["outcome"] == "rolled_back", failed["msg"]
    assert lab.where("vm1") == [Place("kvm1", "running", persistent=True, autostart=True)]
    assert stays(lab, "vm1") == ("kvm1",)
    assert _saved_images(lab) == []
    moved = _move(lab, "quick")
    assert moved["outcome"] == "moved", moved["msg"]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_quick_refuses_a_directory_that_is_not_shared(lab: Lab) -> None:
    """Where the disks are not on the storage of the image nothing proves that they are shared."""
    lab.start_guest("vm1", "kvm1")
    for check in (True, False):
        refused = _move(lab, "quick", check=check, save_directory="/var/tmp")
        assert (refused["outcome"], refused["error_code"]) == ("not_moved", "image_unusable")
        assert "It is not proved that both hosts share" in refused["msg"]
    assert stays(lab, "vm1") == ("kvm1",)


def test_quick_refuses_beside_an_image_of_an_earlier_move(lab: Lab) -> None:
    """An image that somebody may have claimed is never restored a second time."""
    lab.start_guest("vm1", "kvm1")
    uuid = lab.hosts["kvm1"].connection().lookupByName("vm1").UUIDString()
    left = IMAGES / f"vm1.{uuid}.claimed.kvm3"
    lab.hosts["kvm1"].run(["touch", str(left)])
    refused = _move(lab, "quick")
    lab.hosts["kvm1"].run(["rm", str(left)])
    assert refused["error_code"] == "image_unusable"
    assert str(left) in refused["msg"]


def test_offline_moves_a_definition(lab: Lab) -> None:
    """A VM that is shut off is defined on the destination only, with its autostart."""
    lab.start_guest("vm1", "kvm1", autostart=True)
    refused = _move(lab, "offline")
    assert (refused["outcome"], refused["error_code"]) == ("not_moved", "prerequisite_failed")
    lab.hosts["kvm1"].connection().lookupByName("vm1").destroy()
    moved = _move(lab, "offline")
    assert (moved["outcome"], moved["changed"]) == ("moved", True)
    assert lab.where("vm1") == [Place("kvm2", "shutoff", persistent=True, autostart=True)]
    assert not _move(lab, "offline")["changed"]
    lab.hosts["kvm2"].connection().lookupByName("vm1").create()


def test_offline_refuses_saved_memory(lab: Lab) -> None:
    """The managed save image of a VM would stay behind, and its memory be lost."""
    lab.start_guest("vm1", "kvm1")
    lab.hosts["kvm1"].connection().lookupByName("vm1").managedSave()
    refused = _move(lab, "offline")
    assert refused["error_code"] == "prerequisite_failed"
    assert "Its memory is saved in a file of this host" in refused["msg"]
    lab.hosts["kvm1"].connection().lookupByName("vm1").create()
    assert stays(lab, "vm1") == ("kvm1",)


def _lag_s(lab: Lab, host: str) -> float:
    """Return by how much the clock of vm1 is behind this machine's, in seconds."""
    told = lab.hosts[host].connection().lookupByName("vm1").getTime()
    return time.time() - float(told["seconds"] + told["nseconds"] / 1e9)


def test_quick_sets_the_clock_where_an_agent_answers(lab: Lab) -> None:
    """A VM whose clock fell behind, for it stood still, has the right time after the move."""
    lab.start_linux_guest("vm1", "kvm1", agent=True, memory_mib=160)
    source = lab.hosts["kvm1"].connection().lookupByName("vm1")
    wait_until(lambda: has_agent(source.XMLDesc()), 30.0)
    source.suspend()
    time.sleep(4.0)
    source.resume()
    assert _lag_s(lab, "kvm1") > 3.0
    moved = _move(lab, "quick")
    assert (moved.get("outcome"), moved.get("warnings")) == ("moved", None), moved
    assert abs(_lag_s(lab, "kvm2")) < 1.5
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
