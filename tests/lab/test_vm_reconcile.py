# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleaning up a VM that is on two hosts: what is done, and what is left to a person."""

from __future__ import annotations

import libvirt
import pytest

from tests.lab.domains import Place
from tests.lab.lab import Lab
from tests.lab.moving import move, put_in_order, stays

pytestmark = pytest.mark.lab


def _domain(lab: Lab, host: str) -> libvirt.virDomain:
    return lab.hosts[host].connection().lookupByName("vm1")


def _define_also_on(lab: Lab, host: str, source: str) -> None:
    definition = _domain(lab, source).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    lab.hosts[host].connection().defineXML(definition)


def _run_also_on(lab: Lab, host: str, source: str) -> None:
    """Start the guest a second time, as nobody should: possible because it has no disk."""
    _define_also_on(lab, host, source)
    _domain(lab, host).create()


def test_leaves_a_vm_in_order_alone(lab: Lab) -> None:
    """A VM that one host has, and the other knows nothing of, needs no cleaning up."""
    lab.start_guest("vm1", "kvm1")
    result = put_in_order(lab, "vm1")
    assert (result.outcome, result.error_code, result.changed) == ("not_moved", "", False)
    lab.start_guest("vm2", "kvm2")
    assert put_in_order(lab, "vm2").outcome == "already_there"


def test_removes_the_definition_beside_a_running_vm(lab: Lab) -> None:
    """A VM that runs on one host and is defined on the other, too, is defined once afterwards."""
    lab.start_guest("vm1", "kvm1")
    _define_also_on(lab, "kvm2", "kvm1")
    look = put_in_order(lab, "vm1", look=True)
    assert look.actions == ("Would remove the definition from the destination.",)
    assert len(lab.where("vm1")) == 2
    result = put_in_order(lab, "vm1")
    assert result.actions == ("Removed the definition from the destination.",)
    assert lab.where("vm1") == [Place("kvm1", "running", persistent=True, autostart=False)]
    assert not put_in_order(lab, "vm1").changed


def test_pauses_a_vm_that_runs_twice_on_both_hosts(lab: Lab) -> None:
    """Nobody can know which host has the newer writes, so both stand still until a person says."""
    lab.start_guest("vm1", "kvm1", disk=False, autostart=True)
    _run_also_on(lab, "kvm2", "kvm1")
    result = put_in_order(lab, "vm1")
    assert (result.outcome, result.error_code) == ("quarantined", "quarantined")
    assert {(p.host, p.state, p.autostart) for p in lab.where("vm1")} == {
        ("kvm1", "paused", False),
        ("kvm2", "paused", False),
    }
    again = put_in_order(lab, "vm1")
    assert (again.error_code, again.changed) == ("twice_active", False)


def test_leaves_a_pause_of_unknown_origin_to_a_person(lab: Lab) -> None:
    """A VM that runs here and is paused there, without our mark, is neither paused nor removed."""
    lab.start_guest("vm1", "kvm1", disk=False)
    _run_also_on(lab, "kvm2", "kvm1")
    _domain(lab, "kvm2").suspend()
    result = put_in_order(lab, "vm1")
    assert (result.error_code, result.changed) == ("twice_active", False)
    refused = move(lab, "vm1")
    assert (refused.outcome, refused.error_code) == ("not_moved", "prerequisite_failed")
    assert {(p.host, p.state) for p in lab.where("vm1")} == {
        ("kvm1", "running"),
        ("kvm2", "paused"),
    }


def test_leaves_two_definitions_that_are_off_to_a_person(lab: Lab) -> None:
    """When it runs nowhere and nothing tells which definition is newer, both are kept."""
    lab.start_guest("vm1", "kvm1", disk=False)
    _define_also_on(lab, "kvm2", "kvm1")
    _domain(lab, "kvm1").destroy()
    result = put_in_order(lab, "vm1")
    assert (result.error_code, result.changed) == ("twice_defined", False)


def test_starts_nothing_while_a_host_is_silent(lab: Lab) -> None:
    """With one host off, whatever the other says, the answer is that it is not known."""
    lab.start_guest("vm1", "kvm1")
    lab.hosts["kvm2"].power_cut()
    result = put_in_order(lab, "vm1")
    assert result.error_code in ("connection_failed", "no_answer")
    assert stays(lab, "vm1") == ("kvm1",)
