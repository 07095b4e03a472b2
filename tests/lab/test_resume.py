# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever dies in the middle of an execution, the same playbook again finishes the job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import faults
from tests.lab.controller import EXECUTIONS, Controller, Executor, until, until_copying
from tests.lab.guests import IMAGES
from tests.lab.lab import Lab
from tests.lab.playbook import PlaybookRun, run_playbook
from tests.lab.power.lab_power import LabPower
from tests.lab.power.places import IPMI, Places

pytestmark = pytest.mark.lab

EVACUATE = ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
# So slow that a migration of a big guest takes some ten seconds.
SLOW_MBIT = 80.0
BIG: dict[str, Any] = {"memory_mib": 192, "fill_mib": 96}


@pytest.fixture
def lab(blank_cluster: Lab) -> Lab:
    """The cluster that an operator's commands are given to."""
    return blank_cluster


@pytest.fixture
def away_from_kvm1(tmp_path: Path) -> str:
    """A policy that keeps all VMs off the coordinator."""
    path = tmp_path / "policy.yml"
    rule = {
        "type": "host_affinity",
        "name": "away",
        "domains": ["vm1", "vm2", "vm3"],
        "hosts": ["kvm1"],
        "mode": "forbid",
    }
    path.write_text(yaml.safe_dump({"rules": [rule]}))
    return f"drover_policy={path}"


def start_big(lab: Lab, count: int) -> None:
    """Start guests on kvm2 whose migrations take long."""
    for number in range(1, count + 1):
        lab.start_guest(f"vm{number}", "kvm2", autostart=True, **BIG)
    faults.limit_bandwidth(lab.hosts["kvm2"], SLOW_MBIT)


def fast_again(lab: Lab) -> None:
    faults.unlimit_bandwidth(lab.hosts["kvm2"])


def places(lab: Lab) -> dict[str, list[str]]:
    """Return the hosts that know each VM; every VM must run wherever it is known."""
    found = {}
    for name, where in lab.guests().items():
        assert [place.state for place in where] == ["running"] * len(where), (name, where)
        found[name] = [place.host for place in where]
    return found


def places_of(lab: Lab, guest: str) -> dict[str, str]:
    """Return the state of a VM on each host that knows it."""
    return {place.host: place.state for place in lab.where(guest)}


def assert_finished(lab: Lab, run: PlaybookRun) -> None:
    """Everything left kvm2, each VM runs once, is defined once, starts with its host, and no lock
    and nothing unfinished is left."""
    assert run.code == 0, run.output
    for name, where in places(lab).items():
        assert len(where) == 1, (name, where)
        assert where != ["kvm2"], name
        assert all(place.autostart and place.persistent for place in lab.where(name)), name
        lab.check_ran_once(name)
    status = run_playbook(lab, "drover.libvirt.status").output
    assert not [word for word in ("Running:", "Unfinished:", "Locked:") if word in status], status


def under_way(lab: Lab, *arguments: str) -> tuple[Controller, Executor]:
    """Start to evacuate kvm2 and wait until memory of a VM is being copied."""
    controller = Controller(lab, *EVACUATE, *arguments)
    executor = Executor(lab.hosts["kvm1"])
    until_copying(controller, executor)
    return controller, executor


def test_a_second_operator_is_refused_whatever_the_coordinator(lab: Lab) -> None:
    """Who evacuates another host is told who is first, since when, where and what for; no host is
    marked; the first is not disturbed. The status shows the execution and its progress."""
    start_big(lab, 3)
    first, _executor = under_way(lab)
    # Its coordinator would be kvm2: the lock holds for the cluster, not for one host.
    second = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm1")
    assert second.code != 0
    for words in ("evacuate kvm2, started by", "ago (20", "on kvm1", "0 of 3 migrations done"):
        assert words in second.sentence, second.output
    status = run_playbook(lab, "drover.libvirt.status").output
    assert "Running: evacuate kvm2, started by" in status
    assert "kvm1  " not in lab.hosts["kvm3"].run(["ls", "/var/lib/drover/marks"]).stdout
    fast_again(lab)
    assert_finished(lab, first.wait())


def test_the_same_playbook_follows_what_runs(lab: Lab) -> None:
    """Run again while its first controller lives, it shows the progress, waits for the end and has
    nothing left to do; both succeed."""
    start_big(lab, 2)
    first, _executor = under_way(lab)
    second = Controller(lab, *EVACUATE)
    until(lambda: "Following: evacuate kvm2" in second.output())
    fast_again(lab)
    followed = second.wait()
    assert "Nothing to do" in followed.output
    assert first.wait().code == 0
    assert_finished(lab, followed)


def test_after_a_killed_controller_the_execution_is_followed(lab: Lab) -> None:
    """The executor, still alive, is kept alive by its follower, and does its whole plan."""
    start_big(lab, 3)
    first, executor = under_way(lab, "-e", "drover_heartbeat_timeout=15")
    first.kill()
    second = Controller(lab, *EVACUATE)
    until(lambda: "Following: evacuate kvm2" in second.output())
    fast_again(lab)
    assert_finished(lab, second.wait())
    assert not executor.events("stopping")


def test_an_executor_killed_in_mid_copy_is_settled_by_its_controller(lab: Lab) -> None:
    """libvirt finishes the migration by itself; the controller sees that the executor is gone and
    has the VM resumed at once. The same playbook again finishes."""
    start_big(lab, 2)
    first, executor = under_way(lab)
    executor.signal("KILL")
    fast_again(lab)
    run = first.wait()
    assert run.code != 0
    assert "The executor died" in run.sentence
    assert sum(where != ["kvm2"] for where in places(lab).values()) == 1
    assert_finished(lab, run_playbook(lab, *EVACUATE))


def test_both_killed_in_mid_copy(lab: Lab) -> None:
    """The same playbook again waits for the migration that libvirt carries on, settles it and plans
    the rest; also when the plan of the execution was lost with it."""
    start_big(lab, 2)
    first, executor = under_way(lab)
    first.kill()
    executor.signal("KILL")
    lab.hosts["kvm1"].run(["sh", "-c", "truncate -s 0 /var/lib/drover/executions/*/plan.json"])
    status = run_playbook(lab, "drover.libvirt.status").output
    assert "Unfinished: evacuate kvm2" in status
    assert "Its executor is gone" in status
    second = Controller(lab, *EVACUATE)
    until(lambda: "Settle what dead executions left behind" in second.output())
    fast_again(lab)
    assert_finished(lab, second.wait())


@pytest.mark.parametrize(("handover", "state"), [("controller", "paused"), ("auto", "running")])
def test_both_killed_in_the_handover(lab: Lab, handover: str, state: str) -> None:
    """The source's QEMU is gone and nobody resumed the destination: the VM stands still there until
    the same playbook again resumes it, and never ran twice. Where a lock on its disk let libvirt
    hand it over, it runs without anybody's help, and is looked after by the same playbook again."""
    start_big(lab, 2)
    first, executor = under_way(lab, "-e", json.dumps({"drover_migration": {"handover": handover}}))
    [begun, *_more] = executor.events("migration_begun")
    assert begun["mark"]["waits"] == (handover == "controller")
    moving = begun["domain"]
    executor.signal("STOP")
    fast_again(lab)
    until(lambda: "kvm2" not in places_of(lab, moving))
    assert list(places_of(lab, moving).values()) == [state]
    first.kill()
    executor.signal("KILL")
    run = run_playbook(lab, *EVACUATE)
    assert_finished(lab, run)


def test_both_killed_in_a_quick_move(lab: Lab) -> None:
    """libvirt saves the VM to the end, and nobody restores it until the same playbook again does, on
    the host that it was going to, where it goes on with its memory."""
    lab.start_guest("vm1", "kvm2", autostart=True, **BIG)
    quick = {"mode": "quick", "save_directory": str(IMAGES)}
    first = Controller(lab, *EVACUATE, "-e", json.dumps({"drover_migration": quick}))
    executor = Executor(lab.hosts["kvm1"])
    until(lambda: any(lab.layout.backing.rglob("vm1.*.part")))
    executor.signal("KILL")
    first.kill()
    until(lambda: [place.state for place in lab.where("vm1")] == ["shutoff"])
    assert_finished(lab, run_playbook(lab, *EVACUATE))
    assert not [path.name for path in lab.layout.backing.rglob("vm1.*-*")]


def test_both_killed_between_two_migrations(lab: Lab) -> None:
    """What ended well is left alone; what had just been started, or not at all, is done."""
    for number in range(1, 5):
        lab.start_guest(f"vm{number}", "kvm2", autostart=True)
    first = Controller(lab, *EVACUATE)
    executor = Executor(lab.hosts["kvm1"])
    until(lambda: executor.events("migration_ended"))
    executor.signal("KILL")
    first.kill()
    assert_finished(lab, run_playbook(lab, *EVACUATE))


@pytest.mark.slow
def test_a_coordinator_that_lost_power_and_came_back(lab: Lab, away_from_kvm1: str) -> None:
    """While it is off nobody may plan, and the refusal says what to do. When it is back, what had
    been on its way is settled and the rest is done."""
    start_big(lab, 3)
    first, _executor = under_way(lab, "-e", away_from_kvm1)
    first.kill()
    lab.hosts["kvm1"].power_cut()
    refused = run_playbook(lab, *EVACUATE, "-e", away_from_kvm1, "-e", "drover_unreachable=ignore")
    assert refused.code != 0
    for words in ("evacuate kvm2, by", "Host kvm1 does not answer", "drover_fenced=kvm1"):
        assert words in refused.sentence, refused.output
    lab.hosts["kvm1"].power_on()
    lab.hosts["kvm1"].wait_ready()
    fast_again(lab)
    assert_finished(lab, run_playbook(lab, *EVACUATE, "-e", away_from_kvm1))


@pytest.mark.slow
def test_a_dead_coordinator_is_passed_on_the_operators_word(lab: Lab, away_from_kvm1: str) -> None:
    """With the coordinator off for good the others continue without it, and its silence is not an error. A VM that
    stands still where its migration ended stays as it is: nobody is there to tell why."""
    start_big(lab, 3)
    by_controller = json.dumps({"drover_migration": {"handover": "controller"}})
    first, _executor = under_way(lab, "-e", away_from_kvm1, "-e", by_controller)
    first.kill()
    lab.hosts["kvm1"].power_cut()
    fast_again(lab)
    until(lambda: any(where[0].host != "kvm2" for where in lab.guests().values()))
    run = run_playbook(
        lab,
        *EVACUATE,
        "-e",
        away_from_kvm1,
        "-e",
        "drover_fenced=kvm1",
    )
    assert run.code == 0, run.output
    assert "is broken on the operator's word" in run.output
    states = {name: [place.state for place in where] for name, where in lab.guests().items()}
    assert sorted(states.values()) == [["paused"], ["running"], ["running"]]
    assert not [name for name, where in lab.guests().items() if where[0].host == "kvm2"]


@pytest.mark.slow
def test_a_vm_that_went_to_a_dead_host_holds_up_nothing_else(
    lab: Lab, away_from_kvm1: str, no_power_afterwards: None
) -> None:
    """It was handed over to a host that lost its power and stays off: nobody can tell whether it runs there.
    The status says so and everything else goes on, until the BMC of the dead host proves that it is off."""
    start_big(lab, 3)
    by_controller = json.dumps({"drover_migration": {"handover": "controller"}})
    first, executor = under_way(lab, "-e", away_from_kvm1, "-e", by_controller)
    [begun, *_more] = executor.events("migration_begun")
    moving, there = begun["domain"], destination_of(executor, begun["id"])
    executor.signal("STOP")
    fast_again(lab)
    until(lambda: list(places_of(lab, moving)) == [there])
    lab.hosts[there].power_cut()
    first.kill()
    executor.signal("KILL")
    ignore = ("-e", "drover_unreachable=ignore")
    run = run_playbook(lab, *EVACUATE, *ignore)
    assert run.code == 0, run.output
    for other in {"vm1", "vm2", "vm3"} - {moving}:
        [(host, state)] = places_of(lab, other).items()
        assert (host != "kvm2", state) == (True, "running")
    unknown = f"Unknown: {moving} may be on kvm2 or on {there}."
    assert unknown in run_playbook(lab, "drover.libvirt.status", *ignore).output
    LabPower.give(lab, IPMI)
    run = run_playbook(lab, *EVACUATE, *ignore)
    assert run.code == 0, run.output
    assert unknown not in run_playbook(lab, "drover.libvirt.status", *ignore).output
    journals = lab.hosts["kvm1"].run(["sh", "-c", f"cat {EXECUTIONS}/*/journal.jsonl"]).stdout
    words = [json.loads(line) for line in journals.splitlines() if "hosts_fenced" in line]
    assert [word["hosts"] for word in words] == [[there]]
    assert f"({there} by the BMC)" in words[0]["by"]


def destination_of(executor: Executor, step: str) -> str:
    """Return where the VM of a step goes."""
    [started] = [event for event in executor.events("migration_started") if event["id"] == step]
    return str(started["destination"])


@pytest.fixture
def no_power_afterwards(module_lab: Lab) -> Iterator[None]:
    """Take BMCs and the variables of the inventory away again."""
    yield
    Places(module_lab.layout).remove(host.number for host in module_lab.hosts.values())
    module_lab.write_inventory()


def test_the_coordinator_may_itself_receive_vms_when_it_loses_power(lab: Lab) -> None:
    """A VM that was moving to it keeps running where it was; one that ran on it starts again with it; none
    ever runs twice."""
    start_big(lab, 3)
    first, _executor = under_way(lab)
    first.kill()
    lab.hosts["kvm1"].power_cut()
    lab.hosts["kvm1"].power_on()
    lab.hosts["kvm1"].wait_ready()
    fast_again(lab)
    run = run_playbook(lab, *EVACUATE)
    assert run.code == 0, run.output
    for name, where in places(lab).items():
        assert len(where) == 1, (name, where)
        lab.check_ran_once(name)


def test_a_lock_of_an_execution_that_never_started_is_taken_over(lab: Lab) -> None:
    """A fresh one is somebody who is about to start; an old one that its coordinator knows nothing
    of is of a controller that died in between."""
    lab.start_guest("vm1", "kvm2", autostart=True)
    _write_locks(lab, "kvm1", "kvm3")
    _set_age(lab, 0, "kvm1", "kvm3")
    refused = run_playbook(lab, *EVACUATE)
    assert "is about to start: evacuate kvm3, by ann@desk" in refused.sentence, refused.output
    _set_age(lab, 200, "kvm1", "kvm3")
    assert_finished(lab, run_playbook(lab, *EVACUATE))


def test_of_two_who_come_at_the_same_moment_the_second_gives_back_what_it_took(
    lab: Lab, tmp_path: Path
) -> None:
    """One host that is locked for another execution stops all, before anything is done; the locks
    that were taken are given back, the other's stays."""
    _write_locks(lab, "kvm3")
    _set_age(lab, 0, "kvm3")
    path = tmp_path / "lock.yml"
    path.write_text(_LOCKING)
    run = run_playbook(lab, str(path))
    assert run.code != 0
    assert "The cluster is locked by ann@desk for another execution" in run.output
    assert "Something is done now" not in run.output
    kept = {
        name: host.run(["cat", f"{EXECUTIONS}/cluster-lock.json"], check=False).stdout
        for name, host in lab.hosts.items()
    }
    assert [name for name, text in kept.items() if text] == ["kvm3"]
    assert "ann@desk" in kept["kvm3"]


_LOCKING = """
- hosts: kvm
  gather_facts: false
  vars:
    executions_survey: {execution: e2, owner: bob, purpose: balance, instead_of: [], follow: null}
  tasks:
    - block:
        - ansible.builtin.include_role: {name: drover.libvirt.executions, tasks_from: lock}
          vars: {executions_coordinator: kvm1}
        - ansible.builtin.debug: {msg: Something is done now}
          run_once: true
      always:
        - ansible.builtin.include_role: {name: drover.libvirt.executions, tasks_from: unlock}
"""


def _write_locks(lab: Lab, *hosts: str) -> None:
    lock = (
        '{"coordinator": "kvm1", "execution": "e1", "owner": "ann@desk", '
        '"purpose": "evacuate kvm3", "since_s": 0}'
    )
    for name in hosts:
        lab.hosts[name].run(
            ["sh", "-c", f"mkdir -p {EXECUTIONS} && echo '{lock}' > {EXECUTIONS}/cluster-lock.json"]
        )


def _set_age(lab: Lab, seconds: int, *hosts: str) -> None:
    edit = (
        f'sed -i -E "s/(since_s\\": )[^}}]*/\\1$(($(date +%s) - {seconds}))/" '
        f"{EXECUTIONS}/cluster-lock.json"
    )
    for name in hosts:
        lab.hosts[name].run(["sh", "-c", edit])
