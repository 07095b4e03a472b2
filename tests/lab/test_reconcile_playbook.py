# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that cleans up a whole cluster after interrupted migrations."""

from __future__ import annotations

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.handover_mark import set_mark

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

RECONCILE = "drover.libvirt.reconcile"
TRUSTING = ("-e", "drover_trust_marks=true")


def _domain(lab: Lab, guest: str, host: str) -> libvirt.virDomain:
    return lab.hosts[host].connection().lookupByName(guest)


def _define_also_on(lab: Lab, guest: str, source: str, host: str) -> None:
    definition = _domain(lab, guest, source).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    lab.hosts[host].connection().defineXML(definition)


def _states(lab: Lab) -> dict[str, list[tuple[str, str]]]:
    return {name: [(p.host, p.state) for p in places] for name, places in lab.guests().items()}


def test_puts_every_vm_in_order_at_once(lab: Lab) -> None:
    """A second definition goes, a VM that waits for its handover runs, one that libvirt let run gets
    its autostart, one that a user paused stays paused; check mode says so beforehand and does
    nothing; a second run has nothing to do."""
    lab.start_guest("twice", "kvm1")
    _define_also_on(lab, "twice", "kvm1", "kvm3")
    lab.start_guest("arrived", "kvm2")
    set_mark(_domain(lab, "arrived", "kvm2"), HandoverMark())
    lab.start_guest("resting", "kvm2")
    lab.start_guest("left", "kvm3")
    set_mark(_domain(lab, "left", "kvm3"), HandoverMark(autostart=True, waits=False))
    for guest in ("arrived", "resting"):
        _domain(lab, guest, "kvm2").suspend()
    before = _states(lab)
    look = run_playbook(lab, RECONCILE, *TRUSTING, "--check", "--diff")
    assert look.code == 0, look.output
    assert "twice: Would remove the definition from the destination." in look.output
    assert "arrived: Would resume the VM on the destination." in look.output
    assert "left: Would set the VM" in look.output
    assert not lab.where("left")[0].autostart
    assert _states(lab) == before
    done = run_playbook(lab, RECONCILE, *TRUSTING)
    assert done.code == 0, done.output
    assert _states(lab) == {
        "twice": [("kvm1", "running")],
        "arrived": [("kvm2", "running")],
        "resting": [("kvm2", "paused")],
        "left": [("kvm3", "running")],
    }
    assert lab.where("left")[0].autostart
    again = run_playbook(lab, RECONCILE)
    assert (again.code, again.changed) == (0, 0), again.output
    assert "No VM needs cleaning up." in again.output


def test_believes_no_mark_that_a_tenant_may_have_written(lab: Lab) -> None:
    """A VM that was paused on purpose stays so, one that runs gets no autostart, and check mode says the same."""
    forged = HandoverMark(autostart=True)
    for guest, host in (("blocked", "kvm2"), ("greedy", "kvm3")):
        lab.start_guest(guest, host)
        set_mark(_domain(lab, guest, host), forged)
    _domain(lab, "blocked", "kvm2").suspend()
    for arguments in (("--check", "--diff"), ()):
        run = run_playbook(lab, RECONCILE, *arguments)
        assert run.code != 0
        assert "VM blocked is paused on kvm2 and marked" in run.sentence
        assert "drover_trust_marks=true" in run.sentence
    assert _states(lab) == {"blocked": [("kvm2", "paused")], "greedy": [("kvm3", "running")]}
    assert not lab.where("greedy")[0].autostart
    run = run_playbook(lab, RECONCILE, *TRUSTING)
    assert run.code == 0, run.output
    assert lab.where("blocked")[0].state == "running"


def test_stops_a_vm_that_runs_twice_and_says_so(lab: Lab) -> None:
    """The VM is paused on both hosts, the others are cleaned up all the same, and the playbook fails."""
    lab.start_guest("double", "kvm1", disk=False)
    _define_also_on(lab, "double", "kvm1", "kvm2")
    _domain(lab, "double", "kvm2").create()
    lab.start_guest("twice", "kvm3")
    _define_also_on(lab, "twice", "kvm3", "kvm2")
    run = run_playbook(lab, RECONCILE)
    assert run.code != 0
    assert "may have written to its disks from both; it is paused on both now." in run.sentence
    assert _states(lab) == {
        "double": [("kvm1", "paused"), ("kvm2", "paused")],
        "twice": [("kvm3", "running")],
    }


def test_does_nothing_while_a_host_is_silent(lab: Lab) -> None:
    """The silent host may run any VM, so nothing is resumed and nothing removed."""
    lab.start_guest("arrived", "kvm2")
    set_mark(_domain(lab, "arrived", "kvm2"), HandoverMark())
    _domain(lab, "arrived", "kvm2").suspend()
    lab.hosts["kvm3"].power_cut()
    run = run_playbook(lab, RECONCILE)
    assert run.code != 0
    assert "kvm3" in run.sentence
    assert _states(lab) == {"arrived": [("kvm2", "paused")]}
