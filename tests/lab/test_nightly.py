# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A night of the lab: hosts that are not needed go to sleep, and are back when the load rises."""

from __future__ import annotations

import json
import re

import pytest

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook
from tests.lab.power.lab_power import LabPower
from tests.lab.power.operator import PATIENCE, POLICY, night, on, prove, run
from tests.lab.power.places import IPMI
from tests.lab.test_power_supply import ipmitool

pytestmark = pytest.mark.lab


def test_a_night(blank_cluster: Lab) -> None:
    """In the evening two of four hosts go to sleep, and their BMCs say so; a second run changes nothing. When the load
    rises they are woken and balanced; a second run changes nothing. Every VM runs exactly once all the time, also those
    that start with the host that they have left."""
    lab = blank_cluster
    bmcs = LabPower.give(lab, IPMI)
    prove(lab)
    names = [f"vm{number}" for number in range(12)]
    for number, name in enumerate(names):
        lab.start_guest(name, f"kvm{number % 4 + 1}", autostart=True)
    shown = run(lab, "nightly", night(1, 60), "--check", "--diff")
    assert shown.code == 0, shown.output
    assert "+kvm4: asleep" in shown.output
    assert on(lab) == ["kvm1", "kvm2", "kvm3", "kvm4"]
    evening = run(lab, "nightly", night(1, 60))
    assert evening.code == 0, evening.output
    assert on(lab) == ["kvm1", "kvm2"]
    for name in ("kvm3", "kvm4"):
        assert ipmitool(bmcs, lab.hosts[name], "chassis", "power", "status").endswith("off\n")
    again = run(lab, "nightly", night(1, 60))
    assert (again.code, again.changed) == (0, 0), again.output
    more = [f"more{number}" for number in range(12)]
    for number, name in enumerate(more):
        lab.start_guest(name, f"kvm{number % 2 + 1}", vcpus=2)
    risen = run(lab, "power_saving", POLICY)
    assert risen.code == 0, risen.output
    assert on(lab) == ["kvm1", "kvm2", "kvm3", "kvm4"]
    where = [
        len([name for name in names + more if lab.where(name)[0].host == host])
        for host in lab.hosts
    ]
    assert min(where) >= 4, where
    calm = run(lab, "power_saving", POLICY)
    assert (calm.code, calm.changed) == (0, 0), calm.output
    for name in names + more:
        lab.check_ran_once(name)


@pytest.mark.slow
def test_the_morning_wakes_what_the_night_put_to_sleep(blank_cluster: Lab) -> None:
    """When the window has closed; hosts that somebody put to sleep by hand sleep on, until a demand needs them."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    prove(lab)
    lab.start_guest("vm1", "kvm1")
    by_hand = json.dumps({**PATIENCE, "drover_hosts": "kvm3", "drover_power_state": "off"})
    assert run_playbook(lab, "drover.libvirt.power", "-e", by_hand).code == 0
    assert run(lab, "nightly", night(1, 60)).code == 0
    assert on(lab) == ["kvm1", "kvm2"]
    morning = run(lab, "nightly", night(60, 0))
    assert morning.code == 0, morning.output
    assert on(lab) == ["kvm1", "kvm2", "kvm4"]
    again = run(lab, "nightly", night(60, 0))
    assert (again.code, again.changed) == (0, 0), again.output
    more = json.dumps({**PATIENCE, "drover_demand": 60})
    woken = run_playbook(lab, "drover.libvirt.wake", "-e", more)
    assert woken.code == 0, woken.output
    assert on(lab) == ["kvm1", "kvm2", "kvm3", "kvm4"]
    lab.check_ran_once("vm1")


@pytest.mark.slow
def test_a_host_that_gives_out_too_much_is_relieved(blank_cluster: Lab) -> None:
    """Its VMs keep more CPU busy than the policy lets it give out, and no host sleeps that could help: some of them go
    to the other hosts. With --check that is said, and nobody moves."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    names = [f"spinner{number}" for number in range(6)]
    for name in names:
        lab.start_guest(name, "kvm1", spin=True)
    # Half a CPU of the four that each host has.
    policy = {**POLICY, "capacity": {"vcpu_overcommit": 100}, "headroom": {"cpu": 0.875}}
    shown = run(lab, "power_saving", policy, "--check", "--diff")
    assert shown.code == 0, shown.output
    assert re.search(r"kvm1 gives out \d\.\d CPUs, more than the 0\.5 that it may", shown.output)
    assert [lab.where(name)[0].host for name in names] == ["kvm1"] * 6
    relieved = run(lab, "power_saving", policy)
    assert relieved.code == 0, relieved.output
    left = [name for name in names if lab.where(name)[0].host == "kvm1"]
    assert 1 <= len(left) < 6, relieved.output
    assert on(lab) == ["kvm1", "kvm2", "kvm3", "kvm4"]
    for name in names:
        lab.check_ran_once(name)
