# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""While VMs move, their owners start, stop, remove and move some; what was asked for holds at the end, or is missed."""

from __future__ import annotations

import json
from typing import Any

import libvirt
import pytest

from tests.lab import faults
from tests.lab.controller import Controller, Executor, until_copying
from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

EVACUATE = ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
BIG: dict[str, Any] = {"memory_mib": 128, "fill_mib": 64}
# So slow that a migration of such a guest takes some five seconds.
SLOW_MBIT = 100.0


@pytest.fixture
def lab(blank_cluster: Lab) -> Lab:
    """The cluster that an operator's commands are given to."""
    return blank_cluster


def domain(lab: Lab, name: str, host: str = "kvm2") -> libvirt.virDomain:
    """Return a VM of a host, as its owner has it."""
    return lab.hosts[host].connection().lookupByName(name)


def start_off(lab: Lab, name: str, host: str = "kvm2") -> None:
    """Define a VM that is off."""
    lab.start_guest(name, host)
    domain(lab, name, host).destroy()


def running_on(lab: Lab, host: str) -> list[str]:
    """Return the names of the VMs that run on a host."""
    return sorted(each.name() for each in lab.hosts[host].connection().listAllDomains(1))


def under_way(lab: Lab, *arguments: str) -> Controller:
    """Evacuate kvm2, slowly, and wait until memory is being copied."""
    faults.limit_bandwidth(lab.hosts["kvm2"], SLOW_MBIT)
    controller = Controller(lab, *EVACUATE, *arguments)
    until_copying(controller, Executor(lab.hosts["kvm1"]))
    return controller


def test_a_vm_that_is_started_meanwhile_is_evacuated_too(lab: Lab) -> None:
    """The run had said "2 of 2 migrations succeeded", while the VM that its owner had started went on on the host."""
    start_off(lab, "late")
    for name in ("vm1", "vm2"):
        lab.start_guest(name, "kvm2", **BIG)
    controller = under_way(lab)
    domain(lab, "late").create()
    done = controller.wait()
    assert done.code == 0, done.output
    words = "kvm2 is not empty: late (running, not there when this was planned)."
    assert f"{words} This is planned once more." in done.output
    assert running_on(lab, "kvm2") == []
    mark = json.loads(lab.hosts["kvm1"].run(["cat", "/var/lib/drover/marks/kvm2.json"]).stdout)
    assert sorted(entry["name"] for entry in mark["evacuated"]) == ["late", "vm1", "vm2"]
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    back = run_playbook(lab, "drover.libvirt.restore", "-e", "drover_hosts=kvm2")
    assert back.code == 0, back.output
    assert running_on(lab, "kvm2") == ["late", "vm1", "vm2"]


def test_a_host_that_cannot_be_emptied_in_time_is_called_not_empty(lab: Lab) -> None:
    """With one plan allowed, the run fails and names what runs there."""
    start_off(lab, "late")
    lab.start_guest("vm1", "kvm2", **BIG)
    controller = under_way(lab, "-e", "goal_tries=1")
    domain(lab, "late").create()
    done = controller.wait()
    assert done.code == 2, done.output
    assert done.sentence == "kvm2 is not empty: late (running, not there when this was planned)."
    assert running_on(lab, "kvm2") == ["late"]
