# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that was written earlier, or by somebody else, runs only if it is Drover's and fits the cluster as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from planner.errors import InputError, PlanningError, PlanOutdated
from planner.pipeline import make_plan
from planner.seal import sealed
from planner.validity import check_plan
from tests.unit.planner.builders import cluster

NOW = "2026-11-24T22:00:00+00:00"
LATER = "2026-11-24T22:30:00+00:00"
GOAL = {"goal": "evacuate", "hosts": ["a"], "now": NOW}
FACTS = cluster(a={"x": 200, "y": 100}, b={"z": 100}, c={})
PLAN = make_plan(FACTS, None, GOAL)


def check(plan: dict[str, Any], facts: Any = FACTS, policy: Any = None, **options: Any) -> Any:
    """Check a plan half an hour after it was made."""
    return check_plan(plan, facts, policy, LATER, **options)


def test_a_plan_runs_on_the_cluster_it_was_made_for() -> None:
    """Also when what is busy has changed, which a plan does not depend on."""
    assert check(PLAN) == PLAN
    facts = copy.deepcopy(FACTS)
    facts["domains"][0]["cpu_usage"] += 0.25
    assert check(facts=facts, plan=PLAN)["steps"] == PLAN["steps"]


def test_what_hosts_use_themselves_may_have_changed() -> None:
    """It does so by the minute, and each migration asks for the memory that is free then."""
    facts = copy.deepcopy(FACTS)
    for host in facts["hosts"]:
        host["own_use"] = {"memory_mib": 50, "cpu_usage": 0.0}
    assert check(PLAN, facts)["steps"] == PLAN["steps"]


def test_addresses_are_those_of_the_inventory() -> None:
    """Whatever the file says; the seal is no secret, so anybody can make one."""
    forged = copy.deepcopy(PLAN)
    forged["hosts"][1].update(uri="qemu+ssh://b/system?command=/x", migration_address="6.6.6.6")
    checked = check(sealed(forged))
    assert [(host["uri"], host["migration_address"]) for host in checked["hosts"]] == [
        (host["uri"], host["migration_address"]) for host in PLAN["hosts"]
    ]


def test_a_changed_plan_is_refused() -> None:
    """One letter of a reason is enough."""
    changed = {**PLAN, "message": PLAN["message"] + " "}
    with pytest.raises(InputError, match="somebody has changed it"):
        check(changed)


def test_the_plan_that_was_approved_is_the_plan_that_runs() -> None:
    """By its digest."""
    check(PLAN, approved=PLAN["plan_digest"])
    other = make_plan(FACTS, None, {**GOAL, "hosts": ["b"]})
    with pytest.raises(InputError, match="The plan that was approved has the digest"):
        check(other, approved=PLAN["plan_digest"])


def test_an_old_plan_is_refused() -> None:
    """And one of the future, and one that does not say."""
    check(PLAN, max_age_s=3600)
    for plan, age_s, words in (
        (PLAN, 600, "is not within 600 s"),
        (make_plan(FACTS, None, {**GOAL, "now": "2027-01-01T00:00:00+00:00"}), 600, "not within"),
        (make_plan(FACTS, None, {"goal": "evacuate", "hosts": ["a"]}), 600, "when it was made"),
    ):
        with pytest.raises(PlanOutdated, match=words):
            check(plan, max_age_s=age_s)


def test_every_difference_of_the_cluster_is_named() -> None:
    """VMs that moved, went and came, and hosts."""
    facts = cluster(a={"x": 200}, b={"z": 100, "y": 100}, d={"new": 50})
    with pytest.raises(
        PlanOutdated, match="has changed since this plan was made; plan again"
    ) as told:
        check(PLAN, facts)
    for words in (
        "Host d is new.",
        "Host c is gone.",
        "VM y was on a, and is on b.",
        "VM new was on no host, and is on d.",
    ):
        assert words in str(told.value)


def test_a_vm_that_grew_or_was_replaced_is_a_difference() -> None:
    """It may not fit where it fitted, and another one of the same name is another one."""
    for change, words in (
        ({"memory_mib": 400}, "VM x has memory_mib 400, and the plan 200"),
        ({"uuid": "other"}, "VM x has uuid other"),
        ({"vcpus": 3}, "The VMs of a have vcpus"),
    ):
        facts = copy.deepcopy(FACTS)
        next(domain for domain in facts["domains"] if domain["name"] == "x").update(change)
        with pytest.raises(PlanOutdated, match=words):
            check(PLAN, facts)


def test_a_host_that_is_new_and_empty_is_told() -> None:
    """No VM is elsewhere by that, and there is no figure of it in the plan."""
    facts = copy.deepcopy(FACTS)
    facts["hosts"].append({**facts["hosts"][0], "name": "d"})
    with pytest.raises(PlanOutdated, match=r"plan again\. Host d is new\."):
        check(PLAN, facts)


def forged(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return the plan with a change, and a seal that fits it."""
    plan = copy.deepcopy(PLAN)
    change(plan)
    return sealed(plan)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda plan: plan["limits"].update(per_host=1000), "limits.per_host 1000, and the policy"),
        (lambda plan: plan["limits"].update(cluster=1000), "limits.cluster 1000, and the policy"),
        (lambda plan: plan["limits"].update(per_host=-1), "must be at least 1"),
        (lambda plan: plan["steps"][0].update(memory_mib=-100), "must be at least 0"),
        (lambda plan: plan["steps"][0].update(memory_mib=1), "has memory_mib"),
        (lambda plan: plan["steps"][0].update(start_s=float("inf")), "is not an amount|JSON"),
        (lambda plan: plan["steps"].append(plan["steps"][0]), "same id"),
        (lambda plan: plan["steps"][0].update(after=[plan["steps"][0]["id"]]), "waits for|before"),
        (lambda plan: plan.update(steps=[]), "waves are not the steps"),
        (lambda plan: plan.update(steps=[], waves=[]), "do not lead to the placement"),
        (lambda plan: plan["steps"][0].update(destination="nowhere"), "names nowhere"),
        (lambda plan: plan["steps"][0].update(destination="z"), "names z"),
        (lambda plan: plan["steps"][0].update(domain="b"), "names b"),
        (lambda plan: plan["steps"][0].update(after=["nothing"]), "waits for nothing, which does"),
        (lambda plan: plan["steps"][0].update(destination="a"), "is to be emptied"),
        (lambda plan: plan.update(hosts=plan["hosts"][:2]), "Host c is new"),
        (lambda plan: plan["hosts"][1].update(memory_limit_mib=10**9), "1e.09 MiB, and the policy"),
        (lambda plan: plan["asked"].update(hosts=["b"]), "is not what was asked for"),
        (lambda plan: plan.update(goal_hosts=["b"]), "is not what was asked for"),
        (lambda plan: plan.pop("asked"), "lacks asked"),
        (lambda plan: plan["asked"].update(goal="conquer"), "is not one of"),
        (lambda plan: plan.update(digest=7), "is not a text"),
        (lambda plan: plan.update(hosts=plan["hosts"][:1]), "Host b is new"),
    ],
)
def test_a_forged_plan_is_refused(change: Callable[[dict[str, Any]], Any], words: str) -> None:
    """With one sentence, whatever seal it has; all of these ran."""
    with pytest.raises(PlanningError, match=words) as told:
        check(forged(change))
    assert "\n" not in str(told.value)


def test_a_stricter_policy_refuses_the_plan() -> None:
    """It was made for a looser one."""
    policy = {"limits": {"bandwidth_mib_s": 10, "max_migrations": 1}}
    with pytest.raises(PlanOutdated, match="more than 1 migrations"):
        check(PLAN, policy=policy)
