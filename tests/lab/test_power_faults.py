# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while hosts sleep, go down and come up; slower than the other tests of power."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from tests.lab.controller import Controller, until
from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook
from tests.lab.power import trouble
from tests.lab.power.lab_power import LabPower
from tests.lab.power.operator import PATIENCE, POLICY, mark, night, on, power, prove, run
from tests.lab.power.places import IPMI, PASSWORD, REDFISH, Places

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def no_power_afterwards(module_lab: Lab) -> Iterator[None]:
    """Take BMCs and the variables of the inventory away again."""
    yield
    Places(module_lab.layout).remove(host.number for host in module_lab.hosts.values())
    module_lab.write_inventory()


def guests_on(lab: Lab, host: str) -> list[str]:
    """Return the VMs of a host."""
    return [name for name, places in lab.guests().items() if host in {p.host for p in places}]


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


def test_only_the_policy_cuts_the_power_of_a_host_that_does_not_go_down(blank_cluster: Lab) -> None:
    """Its OS has gone down and its power stays on: that is reported, and left so. With the policy's word it is cut."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    kvm3 = lab.hosts["kvm3"]
    kvm3.trouble(trouble.STUCK)
    stuck = power(lab, "off", shutdown_timeout_s=6)
    assert stuck.code == 0, stuck.output
    assert "its BMC says that it is on" in stuck.output
    assert "It is marked as unconfirmed. Look after it, then run the same command again." in (
        " ".join(stuck.output.split())
    )
    assert mark(lab, "kvm1")["state"] == "unconfirmed"
    assert "kvm3" in on(lab)
    cut = power(lab, "off", "-e", "drover_force_off=true")
    assert cut.code == 0, cut.output
    assert "kvm3" not in on(lab)
    assert mark(lab, "kvm2")["state"] == "asleep"


@pytest.mark.parametrize("method", [IPMI, REDFISH])
def test_a_wrong_password_wakes_nobody(blank_cluster: Lab, method: str) -> None:
    """It was changed while the host slept. That is said, without the password; once it is right the same command
    finishes."""
    lab = blank_cluster
    LabPower.give(lab, method)
    slept = power(lab, "off")
    assert slept.code == 0, slept.output
    wrong = "wr0ng-of-lab"
    refused = power(lab, "on", "-vvv", "--diff", password=wrong)
    assert refused.code != 0
    assert "kvm3 was not switched on: kvm3 cannot be switched" in refused.output
    assert {IPMI: "Incorrect password provided", REDFISH: "HTTP Error 401"}[
        method
    ] in refused.output
    assert "It was tried twice." in refused.output
    assert (wrong in refused.output, PASSWORD in refused.output) == (False, False)
    assert not lab.hosts["kvm3"].is_on
    assert mark(lab, "kvm1")["state"] == "waking"
    woken = power(lab, "on", password=PASSWORD)
    assert woken.code == 0, woken.output
    assert mark(lab, "kvm2")["state"] == "on"


def test_a_host_that_does_not_come_up_is_doubtful(blank_cluster: Lab) -> None:
    """Without boot, and without its storage: each has its sentence, and no VM comes to it. Repaired, the same command
    takes it back."""
    lab = blank_cluster
    LabPower.give(lab, REDFISH)
    kvm3 = lab.hosts["kvm3"]
    for number in range(8):
        lab.start_guest(f"vm{number}", "kvm1")
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
    balanced = run_playbook(lab, "drover.libvirt.balance")
    assert balanced.code == 0, balanced.output
    assert guests_on(lab, "kvm3") == []
    kvm3.end_trouble()
    kvm3.power_cut()
    whole = power(lab, "on", boot_timeout_s=30)
    assert whole.code == 0, whole.output
    assert mark(lab, "kvm2")["state"] == "on"
    assert run_playbook(lab, "drover.libvirt.balance").code == 0
    assert guests_on(lab, "kvm3") != []
    for number in range(8):
        lab.check_ran_once(f"vm{number}")


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
    """Its BMC has lost power while it slept. The run tries twice, names it, keeps that it is doubtful and ends with an
    error, but the load has its hosts. When the BMC answers again the same command takes the host back, and only
    power_test makes it one that plans put to sleep."""
    lab = blank_cluster
    bmcs = LabPower.give(lab, IPMI)
    prove(lab)
    by_hand = {**PATIENCE, "drover_hosts": "kvm3,kvm4", "drover_power_state": "off"}
    slept = run_playbook(lab, "drover.libvirt.power", "-e", json.dumps(by_hand))
    assert slept.code == 0, slept.output
    lab.start_guest("vm1", "kvm1")
    wake = ["drover.libvirt.wake", "-e", json.dumps({**PATIENCE, "drover_demand": 40})]
    with bmcs.silent(lab.hosts["kvm3"]):
        woken = run_playbook(lab, *wake)
    assert woken.code != 0
    assert "kvm3 was not switched on" in woken.output
    assert "It was tried twice." in woken.output
    assert on(lab) == ["kvm1", "kvm2", "kvm4"]
    assert (mark(lab, "kvm4")["state"], bool(mark(lab, "kvm4")["doubtful"])) == ("waking", True)
    again = run_playbook(lab, *wake)
    assert again.code == 0, again.output
    assert power(lab, "on").code == 0
    assert on(lab) == ["kvm1", "kvm2", "kvm3", "kvm4"]
    tonight = run(lab, "nightly", night(1, 60), "--check")
    assert "kvm3: it is doubtful" in " ".join(tonight.output.split())
    lab.check_ran_once("vm1")


def test_two_operators_begin_the_same_night(blank_cluster: Lab) -> None:
    """As when a run of cron takes longer than the pause to the next. Whether the second one is kept out, or comes when
    the first one has just ended: the same hosts sleep, and a third finds nothing to do."""
    lab = blank_cluster
    LabPower.give(lab, IPMI)
    prove(lab)
    for number in range(8):
        lab.start_guest(f"vm{number}", f"kvm{number % 4 + 1}")
    variables = json.dumps({**PATIENCE, "drover_policy": night(1, 60)})
    first = Controller(lab, "drover.libvirt.nightly", "-e", variables)
    until(
        lambda: "going_down" in {mark(lab, "kvm1", h).get("state") for h in ("kvm3", "kvm4")}, 600
    )
    second = run(lab, "nightly", night(1, 60))
    done = first.wait(600)
    assert done.code == 0, done.output
    assert second.code == 0 or "the night" in second.sentence, second.output
    assert on(lab) == ["kvm1", "kvm2"]
    third = run(lab, "nightly", night(1, 60))
    assert (third.code, third.changed) == (0, 0), third.output
    for number in range(8):
        lab.check_ran_once(f"vm{number}")
