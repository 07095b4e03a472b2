# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each goal needs to be true after the last migration."""

from __future__ import annotations

from typing import Any

import pytest

from planner.attainment.attained import Attained
from planner.attainment.goals import attained, hosts_to_see

Vms = list[dict[str, Any]]


def step(domain: str, source: str, destination: str, *after: str) -> dict[str, Any]:
    """Return a step; its id is the name of the VM and where it goes."""
    ends = {"source": source, "destination": destination}
    return {
        "id": f"{domain}>{destination}",
        "domain": domain,
        "uuid": f"u-{domain}",
        **ends,
        "after": list(after),
    }


def plan(goal: str, *steps: dict[str, Any], hosts: tuple[str, ...] = ("kvm1",), **more: Any) -> Any:
    """Return what is read of a plan."""
    return {"goal": goal, "goal_hosts": list(hosts), "steps": list(steps), **more}


def vm(name: str, state: str = "running") -> dict[str, Any]:
    """Return a VM as a host has it."""
    return {"name": name, "uuid": f"u-{name}", "active": state != "shutoff", "state": state}


def judged(document: Any, seen: dict[str, Vms | None], **outcomes: str) -> Attained:
    """Judge a plan; steps that are not named have moved."""
    told = [
        {"id": item["id"], "outcome": outcomes.get(item["domain"], "moved")}
        for item in document["steps"]
    ]
    return attained(document, told, seen)


EMPTYING = plan("evacuate", step("a", "kvm1", "kvm2"), step("b", "kvm1", "kvm3", "a>kvm2"))


def test_an_empty_host_is_evacuated() -> None:
    assert judged(EMPTYING, {"kvm1": [vm("off", "shutoff")]}).holds


def test_what_was_started_meanwhile_is_named_and_evacuated_too() -> None:
    """The run had said "2 of 2 migrations succeeded", and the host was not empty."""
    found = judged(EMPTYING, {"kvm1": [vm("late")]})
    assert found.message == "kvm1 is not empty: late (running, not there when this was planned)."
    assert found.worth_another_plan
    assert [(lack.domain, lack.planned) for lack in found.lacks] == [("late", False)]


def test_a_migration_that_failed_is_not_tried_again() -> None:
    """Also not for the sake of a VM that was started meanwhile."""
    found = judged(EMPTYING, {"kvm1": [vm("b"), vm("late")], "kvm3": []}, b="not_moved")
    assert found.message.startswith("kvm1 is not empty: b (running), late (running, not there")
    assert not found.worth_another_plan


@pytest.mark.parametrize("there", [[], [vm("a", "shutoff")]], ids=["gone", "off"])
def test_a_vm_that_is_gone_or_off_keeps_no_host_from_being_empty(there: Vms) -> None:
    assert judged(EMPTYING, {"kvm1": there, "kvm2": [], "kvm3": [vm("b")]}, a="not_moved").holds


def test_what_waited_for_such_a_vm_is_planned_once_more() -> None:
    seen: dict[str, Vms | None] = {"kvm1": [vm("b")], "kvm2": [], "kvm3": []}
    found = judged(EMPTYING, seen, a="not_moved", b="skipped")
    assert not found.holds
    assert found.worth_another_plan


def test_what_had_no_time_is_not_planned_once_more() -> None:
    found = judged(EMPTYING, {"kvm1": [vm("b")], "kvm2": [vm("a")], "kvm3": []}, b="skipped")
    assert not found.worth_another_plan


def test_a_vm_that_somebody_else_moved_away_is_away() -> None:
    seen: dict[str, Vms | None] = {"kvm1": [], "kvm2": [], "kvm4": [vm("a")], "kvm3": [vm("b")]}
    assert judged(EMPTYING, seen, a="not_moved").holds


def test_a_host_that_is_not_seen_is_not_called_empty() -> None:
    found = judged(EMPTYING, {"kvm1": None})
    assert found.message == "kvm1 does not answer, so what runs there is not known."
    assert found.silent == ("kvm1",)
    assert not found.worth_another_plan


def test_a_vm_whose_place_is_unknown_is_no_success() -> None:
    found = judged(EMPTYING, {"kvm1": [], "kvm2": None}, a="unknown")
    assert found.message == "It is not known where a is."
    assert [lack.state for lack in found.lacks] == ["unknown"]


BACK = plan("restore", step("a", "kvm2", "kvm1"))


def test_a_vm_that_was_to_come_back_is_back_unless_it_is_off_or_gone() -> None:
    assert judged(BACK, {"kvm1": [vm("a")]}).holds
    assert judged(BACK, {"kvm1": [], "kvm2": [vm("a", "shutoff")]}, a="not_moved").holds
    assert judged(BACK, {"kvm1": [], "kvm2": []}, a="not_moved").holds


def test_a_vm_that_somebody_took_elsewhere_is_brought_back_from_there() -> None:
    seen: dict[str, Vms | None] = {"kvm1": [], "kvm2": [], "kvm3": [vm("a")]}
    found = judged(BACK, seen, a="not_moved")
    assert found.message == "a is not on kvm1: it is running on kvm3."
    assert found.worth_another_plan


def test_the_vm_that_was_named_has_to_run_where_it_was_asked_to() -> None:
    """Another plan cannot bring a VM that is off; it may find one that somebody moved."""
    wanted = plan("migrate", step("a", "kvm1", "kvm2"), hosts=("kvm2",))
    assert judged(wanted, {"kvm2": [vm("a")]}).holds
    off = judged(wanted, {"kvm1": [vm("a", "shutoff")], "kvm2": []}, a="not_moved")
    assert (off.message, off.worth_another_plan) == (
        "a is not on kvm2: it is shutoff on kvm1.",
        False,
    )
    gone = judged(wanted, {"kvm1": [], "kvm2": []}, a="not_moved")
    assert gone.message == "a is not on kvm2: it is on no host any more."
    moved = judged(wanted, {"kvm1": [], "kvm2": [], "kvm3": [vm("a")]}, a="not_moved")
    assert moved.worth_another_plan


@pytest.mark.parametrize("goal", ["balance", "consolidate"])
def test_where_others_move_a_vm_to_is_their_affair(goal: str) -> None:
    arranged = plan(goal, step("a", "kvm1", "kvm2"), hosts=())
    seen: dict[str, Vms | None] = {"kvm1": [], "kvm2": [], "kvm3": [vm("a")]}
    assert judged(arranged, seen, a="not_moved").holds
    stayed = judged(arranged, {"kvm1": [vm("a")], "kvm2": []}, a="not_moved")
    assert stayed.message == "a is not on kvm2: it is running on kvm1."


def test_a_repair_looks_again_at_a_vm_that_somebody_moved() -> None:
    arranged = plan("repair", step("a", "kvm1", "kvm2"), hosts=())
    seen: dict[str, Vms | None] = {"kvm1": [], "kvm2": [], "kvm3": [vm("a")]}
    assert judged(arranged, seen, a="not_moved").worth_another_plan


def test_a_host_that_was_to_be_left_empty_is_empty() -> None:
    packed = plan("consolidate", step("a", "kvm1", "kvm2"), hosts=(), power_off=["kvm1", "kvm4"])
    assert judged(packed, {"kvm1": [], "kvm2": [vm("a")], "kvm4": []}).holds
    found = judged(packed, {"kvm1": [], "kvm2": [vm("a")], "kvm4": [vm("late")]})
    assert found.message == "kvm4 is not empty: late (running, not there when this was planned)."


def test_a_parked_vm_has_to_come_to_its_end() -> None:
    arranged = plan("balance", step("a", "kvm1", "kvm3"), step("a", "kvm3", "kvm2"), hosts=())
    outcomes = [{"id": "a>kvm3", "outcome": "moved"}, {"id": "a>kvm2", "outcome": "not_moved"}]
    found = attained(arranged, outcomes, {"kvm1": [], "kvm2": [], "kvm3": [vm("a")]})
    assert found.message == "a is not on kvm2: it is running on kvm3."


def test_only_hosts_that_the_goal_is_about_are_looked_at() -> None:
    assert hosts_to_see(EMPTYING) == ["kvm1"]
    packed = plan("consolidate", step("a", "kvm1", "kvm2"), hosts=(), power_off=["kvm1", "kvm4"])
    assert hosts_to_see(packed) == ["kvm1", "kvm2", "kvm4"]
