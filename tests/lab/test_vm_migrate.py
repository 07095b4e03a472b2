# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a migration does with a VM on real libvirt and QEMU when nothing fails."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import libvirt
import pytest

from tests.lab.ad_hoc import run_module
from tests.lab.domains import Place
from tests.lab.echo_client import EchoClient
from tests.lab.lab import Lab
from tests.lab.moving import Moving, move, ssh_uri, stays, wait_until

pytestmark = pytest.mark.lab


def test_moves_a_running_vm_once(lab: Lab) -> None:
    """A running VM is on the destination afterwards, once, with its autostart, and never stopped."""
    lab.start_guest("vm1", "kvm1", autostart=True)
    result = move(lab, "vm1")
    assert (result.outcome, result.error_code) == ("moved", "")
    assert lab.where("vm1") == [Place("kvm2", "running", persistent=True, autostart=True)]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_measures_the_pause_and_the_copy(lab: Lab) -> None:
    """The result tells the pause as we saw it, libvirt's own figure, and how much was copied."""
    lab.start_guest("vm1", "kvm1", fill_mib=16)
    result = move(lab, "vm1")
    assert result.downtime_ms is not None
    assert result.downtime_reported_ms is not None
    assert result.downtime_ms > 0
    assert (result.memory_processed_mib or 0) > 16
    assert (result.iterations or 0) >= 2
    assert result.phases.transfer_s > 0


def test_moves_back_and_forth(lab: Lab) -> None:
    """Five migrations in a row leave no trace that would hinder the next one."""
    lab.start_guest("vm1", "kvm1")
    route = ("kvm1", "kvm2", "kvm3", "kvm1", "kvm3", "kvm2")
    for source, destination in pairwise(route):
        assert move(lab, "vm1", source, destination).outcome == "moved"
        stays(lab, "vm1")
    assert stays(lab, "vm1") == route


def test_does_nothing_when_it_is_there(lab: Lab) -> None:
    """A VM that runs on the destination already is left alone."""
    lab.start_guest("vm1", "kvm2")
    result = move(lab, "vm1")
    assert (result.outcome, result.changed) == ("already_there", False)


def test_removes_a_definition_left_behind(lab: Lab) -> None:
    """A VM that runs on the destination but is still defined on the source is defined once after."""
    lab.start_guest("vm1", "kvm2")
    definition = lab.hosts["kvm2"].connection().lookupByName("vm1").XMLDesc(0)
    lab.hosts["kvm1"].connection().defineXML(definition)
    result = move(lab, "vm1")
    assert (result.outcome, result.changed) == ("already_there", True)
    assert [place.host for place in lab.where("vm1")] == ["kvm2"]


def test_keeps_a_paused_vm_paused(lab: Lab) -> None:
    """A VM that a user paused is paused on the destination, too."""
    lab.start_guest("vm1", "kvm1")
    stays(lab, "vm1")
    lab.hosts["kvm1"].connection().lookupByName("vm1").suspend()
    result = move(lab, "vm1", source_uri=ssh_uri(lab, "kvm1"))
    assert result.outcome == "moved", result.reason
    assert [(p.host, p.state) for p in lab.where("vm1")] == [("kvm2", "paused")]


def test_moves_a_paused_vm_on_once_it_ran(lab: Lab) -> None:
    """One that came paused is moved on when it has run there, however little; before that never."""
    lab.start_guest("vm1", "kvm1")
    stays(lab, "vm1")
    lab.hosts["kvm1"].connection().lookupByName("vm1").suspend()
    assert move(lab, "vm1", source_uri=ssh_uri(lab, "kvm1")).outcome == "moved"
    on = {"source": "kvm2", "destination": "kvm1", "source_uri": ssh_uri(lab, "kvm2")}
    refused = move(lab, "vm1", **on)
    assert (refused.outcome, refused.error_code) == ("not_moved", "prerequisite_failed")
    assert "has not run on kvm2" in refused.reason
    domain = lab.hosts["kvm2"].connection().lookupByName("vm1")
    domain.resume()
    domain.suspend()
    moved = move(lab, "vm1", **on)
    assert moved.outcome == "moved", moved.reason


def test_keeps_a_transient_vm_transient(lab: Lab) -> None:
    """A VM without a definition has none on the destination either."""
    lab.start_guest("vm1", "kvm1")
    lab.hosts["kvm1"].connection().lookupByName("vm1").undefine()
    assert move(lab, "vm1").outcome == "moved"
    assert lab.where("vm1") == [Place("kvm2", "running", persistent=False, autostart=False)]


def test_replaces_an_old_definition(lab: Lab) -> None:
    """An old definition of the VM on the destination is replaced, and the operator told."""
    lab.start_guest("vm1", "kvm1")
    definition = lab.hosts["kvm1"].connection().lookupByName("vm1").XMLDesc(0)
    stale = definition.replace("<vcpu placement='static'>1<", "<vcpu placement='static'>2<")
    lab.hosts["kvm2"].connection().defineXML(stale)
    result = move(lab, "vm1")
    assert result.outcome == "moved"
    inactive = lab.hosts["kvm2"].connection().lookupByName("vm1")
    assert inactive.vcpusFlags(libvirt.VIR_DOMAIN_VCPU_MAXIMUM) == 1
    assert "stale_definition" in [finding["id"] for finding in result.prerequisites]


def test_respects_a_users_pause_in_mid_copy(lab: Lab) -> None:
    """A VM that a user pauses while it is copied arrives, and stays paused."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    moving = Moving(lab, "vm1", options={"bandwidth_mib_s": 20})
    moving.wait_copying()
    moving.domain("kvm1").suspend()
    result = moving.result()
    assert result.outcome == "moved"
    assert [(p.host, p.state) for p in lab.where("vm1")] == [("kvm2", "paused")]
    assert any("paused by a user" in warning for warning in result.warnings)


def test_can_be_cancelled(lab: Lab) -> None:
    """A cancelled migration leaves the VM running where it was."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    moving = Moving(lab, "vm1", options={"bandwidth_mib_s": 5})
    moving.wait_copying()
    moving.stop.set()
    result = moving.result()
    assert (result.outcome, result.error_code) == ("not_moved", "cancelled")
    assert [(p.host, p.state) for p in lab.where("vm1")] == [("kvm1", "running")]
    assert move(lab, "vm1").outcome == "moved"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_module_moves_and_then_changes_nothing(lab: Lab) -> None:
    """On the source, as a playbook runs it: check mode tells, a run moves, the next changes not."""
    lab.start_guest("vm1", "kvm1")
    arguments: dict[str, Any] = {
        "name": "vm1",
        "source": "kvm1",
        "destination": "kvm2",
        "destination_uri": "qemu+ssh://root@kvm2/system",
        "migration_address": lab.hosts["kvm2"].migration_address,
    }
    seen = run_module(lab, "kvm1", "vm_migrate", check=True, **arguments).results["kvm1"]
    assert (seen["changed"], seen["error_code"]) == (True, "")
    assert [p.host for p in lab.where("vm1")] == ["kvm1"]
    moved = run_module(lab, "kvm1", "vm_migrate", **arguments).results["kvm1"]
    assert (moved["changed"], moved["outcome"]) == (True, "moved")
    again = run_module(lab, "kvm1", "vm_migrate", **arguments).results["kvm1"]
    assert (again["changed"], again["outcome"]) == (False, "already_there")
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_module_fails_with_all_that_is_missing(lab: Lab) -> None:
    """What is in the way is said at once, with what to do about it, and nothing moves."""
    lab.start_guest("vm1", "kvm1", bridge="br0")
    namesake = lab.hosts["kvm1"].connection().lookupByName("vm1").XMLDesc(0)
    uuid = lab.hosts["kvm1"].connection().lookupByName("vm1").UUIDString()
    lab.hosts["kvm2"].connection().defineXML(namesake.replace(uuid, uuid[:-4] + "0000"))
    lab.hosts["kvm2"].run(["ip", "link", "set", "br0", "down", "name", "away"])
    failed = run_module(
        lab,
        "kvm1",
        "vm_migrate",
        name="vm1",
        destination="kvm2",
        destination_uri="qemu+ssh://root@kvm2/system",
    ).results["kvm1"]
    lab.hosts["kvm2"].run(["ip", "link", "set", "away", "name", "br0", "up"])
    assert (failed["error_code"], failed["outcome"]) == ("prerequisite_failed", "not_moved")
    assert "There is no bridge br0 on kvm2." in failed["msg"]
    assert "kvm2 has another VM with the name vm1" in failed["msg"]
    assert stays(lab, "vm1") == ("kvm1",)


def _answers(client: EchoClient, number: int) -> None:
    wait_until(lambda: client.record().received > number, 20.0)


def test_a_tcp_session_survives_ten_migrations(lab: Lab) -> None:
    """One connection to a Linux guest stands through ten migrations; prints each longest gap."""
    guest = lab.start_linux_guest("linux", "kvm1")
    places = ["kvm1", "kvm2"]
    gaps_ms = []
    with EchoClient(guest.address, guest.port) as client:
        for _round in range(10):
            with EchoClient(guest.address, guest.port) as watch:
                uri = ssh_uri(lab, places[0])
                result = move(lab, "linux", *places, source_uri=uri)
                assert result.outcome == "moved"
                _answers(client, client.record().received + 5)
            gaps_ms.append(round(1000 * watch.record().longest_gap_s))
            places.reverse()
    assert client.record().broken is None
    print(f"longest gap of each migration: {gaps_ms} ms")
