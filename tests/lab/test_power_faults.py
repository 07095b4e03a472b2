# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while hosts sleep, go down and come up; slower than the other tests of power."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from tests.lab.controller import until
from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook
from tests.lab.power import trouble
from tests.lab.power.lab_power import LabPower
from tests.lab.power.operator import PATIENCE, POLICY, mark, night, on, power, prove, run
from tests.lab.power.places import IPMI, REDFISH, Places

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def no_power_afterwards(module_lab: Lab) -> Iterator[None]:
    """Take BMCs and the variables of the inventory away again."""
    yield
    Places(module_lab.layout).remove(host.number for host in module_lab.hosts.values())
    module_lab.write_inventory()


def test_a_bmc_that_falls_silent_leaves_the_host_unconfirmed(blank_cluster: Lab) -> None:
    """It is said, and the same command again finishes when the BMC answers."""
    lab = blank_cluster
    bmcs = LabPower.give(lab, IPMI)
    kvm3 = lab.hosts["kvm3"]

    def fall_silent() -> None:
        until(lambda: not kvm3.is_on)
        bmcs.silence(kvm3)

    watch = threading.Thread(target=fall_silent)
    watch.start()
    first = power(lab, "off")
    watch.join()
    assert first.code == 0, first.output
    assert "nobody has said that its power is off" in first.output
    assert mark(lab, "kvm2")["state"] == "unconfirmed"
    bmcs.answer(kvm3)
    again = power(lab, "off")
    assert again.code == 0, again.output
    assert mark(lab, "kvm2")["state"] == "asleep"


def test_a_deaf_host_is_not_cut_off(blank_cluster: Lab) -> None:
    """It stays marked and takes no VMs; when it hears again, the same command finishes."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    lab.hosts["kvm3"].trouble(trouble.DEAF)
    deaf = power(lab, "off", shutdown_timeout_s=6)
    assert deaf.code != 0
    assert "kvm3 was told to shut down and still answers after 6 s" in deaf.output
    assert lab.hosts["kvm3"].is_on
    assert mark(lab, "kvm1")["state"] == "going_down"
    lab.hosts["kvm3"].end_trouble()
    again = power(lab, "off", shutdown_timeout_s=60)
    assert again.code == 0, again.output
    assert not lab.hosts["kvm3"].is_on


def test_a_host_that_does_not_come_up_is_doubtful(blank_cluster: Lab) -> None:
    """Without boot, and without its storage: each has its sentence. Repaired, the same command takes it back."""
    lab = blank_cluster
    LabPower.give(lab, REDFISH)
    kvm3 = lab.hosts["kvm3"]
    slept = power(lab, "off")
    assert slept.code == 0, slept.output
    kvm3.trouble(trouble.NO_BOOT)
    dead = power(lab, "on", boot_timeout_s=5)
    assert "kvm3 does not answer over SSH 5 s after it was switched on" in dead.output
    doubt = mark(lab, "kvm1")
    assert (doubt["state"], bool(doubt["doubtful"])) == ("waking", True)
    kvm3.end_trouble()
    kvm3.power_cut()
    kvm3.trouble(trouble.NO_STORAGE)
    bare = power(lab, "on", boot_timeout_s=30)
    assert "kvm3 is up without its storage" in bare.output
    kvm3.end_trouble()
    kvm3.power_cut()
    whole = power(lab, "on", boot_timeout_s=30)
    assert whole.code == 0, whole.output
    assert mark(lab, "kvm2")["state"] == "on"


def test_a_host_fails_while_others_sleep(blank_cluster: Lab) -> None:
    """Enough are woken for the VMs that it had, and nobody goes to sleep meanwhile."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    prove(lab)
    for number in range(12):
        lab.start_guest(f"vm{number}", f"kvm{number % 2 + 1}")
    assert run(lab, "nightly", night(1, 60)).code == 0
    assert on(lab) == ["kvm1", "kvm2"]
    lab.hosts["kvm2"].power_cut()
    failed = run(lab, "power_saving", POLICY)
    assert "kvm2 failed." in failed.output
    assert len(on(lab)) == 2, failed.output
    again = run(lab, "power_saving", POLICY)
    assert again.changed == 0, again.output


def test_the_next_best_is_woken_instead_of_one_that_does_not_come_up(blank_cluster: Lab) -> None:
    """Its BMC has lost power: the run names it and ends with an error, but the load has its hosts."""
    lab = blank_cluster
    bmcs = LabPower.give(lab, IPMI)
    prove(lab)
    by_hand = {**PATIENCE, "drover_hosts": "kvm3,kvm4", "drover_power_state": "off"}
    slept = run_playbook(lab, "drover.libvirt.power", "-e", json.dumps(by_hand))
    assert slept.code == 0, slept.output
    lab.start_guest("vm1", "kvm1")
    with bmcs.silent(lab.hosts["kvm3"]):
        woken = run_playbook(
            lab, "drover.libvirt.wake", "-e", json.dumps({**PATIENCE, "drover_demand": 40})
        )
    assert woken.code != 0
    assert "kvm3 was not switched on" in woken.output
    assert on(lab) == ["kvm1", "kvm2", "kvm4"]
    lab.check_ran_once("vm1")
