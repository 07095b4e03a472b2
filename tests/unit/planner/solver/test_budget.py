# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a plan in all: migrations, memory and time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import Infeasible, TooLong
from planner.pipeline import make_plan
from planner.report.text import render
from planner.solver.solve import solve
from planner.verify import find_faults
from tests.benchmarks.instances import synthetic
from tests.unit.planner.builders import TIGHT, cluster, evacuation, policy, problem, rule
from tests.unit.planner.strategies import clusters

BALANCE = {"goal": "balance", "aggressiveness": 5}
CROWDED = cluster(a={"w": 100, "x": 300, "y": 300, "z": 200}, b={}, c={}, d={})


def limited(**limits: Any) -> dict[str, Any]:
    """Return a policy with these limits, each host in one migration at a time."""
    return {**TIGHT, "limits": limits}


def moved_mib(plan: dict[str, Any]) -> int:
    """Return the memory that a plan moves."""
    return sum(step["memory_mib"] for step in plan["steps"])


def test_memory_is_limited_in_all() -> None:
    """Of 600 MiB that should leave, 0.3 GiB may: the plan moves no more and says what that leaves undone."""
    assert moved_mib(make_plan(CROWDED, TIGHT, BALANCE)) > 308
    plan = make_plan(CROWDED, limited(max_memory_gib=0.3), BALANCE)
    assert 0 < moved_mib(plan) <= 308
    assert plan["limits"]["max_memory_gib"] == 0.3
    assert any(w.startswith("Left out for limits.max_memory_gib (0.3): ") for w in plan["warnings"])
    assert "0.3 GiB at most" in render(plan)


def test_time_is_limited_in_all() -> None:
    """Migrations of about 2.3 s, one after the other: in 5 s there are two of them."""
    assert len(make_plan(CROWDED, TIGHT, BALANCE)["steps"]) == 3
    plan = make_plan(CROWDED, limited(duration_s=5), BALANCE)
    assert len(plan["steps"]) == 2
    assert plan["makespan_s"] <= 5
    assert "done within 5 s" in render(plan)


def test_the_most_valuable_migrations_are_kept() -> None:
    """If only one migration is allowed, it is one of the large VMs of the crowded host, not the small one."""
    plan = make_plan(CROWDED, limited(max_migrations=1), BALANCE)
    assert [step["memory_mib"] for step in plan["steps"]] == [300]


@pytest.mark.parametrize("limits", [{"max_memory_gib": 9}, {"duration_s": 20}])
def test_a_consolidation_empties_what_it_can_within_the_limits(limits: dict[str, float]) -> None:
    """With less memory or time than the fewest hosts take, some hosts are emptied, and none in vain."""
    facts = synthetic(8, 40, seed=3)
    every = make_plan(facts, None, {"goal": "consolidate"})
    plan = make_plan(facts, {"limits": limits}, {"goal": "consolidate"})
    assert 0 < len(plan["power_off"]) < len(every["power_off"])
    left = {step["source"] for step in plan["steps"]}
    assert left <= set(plan["power_off"])


def test_nothing_within_the_limits_is_not_nothing_to_do() -> None:
    """Where the limits leave everything out, the message does not claim that the cluster is balanced."""
    plan = make_plan(CROWDED, limited(max_migrations=0), BALANCE)
    assert plan["steps"] == []
    assert plan["message"].startswith("Nothing is moved: within the limits")
    assert plan["warnings"][0].startswith("Left out for limits.max_migrations (0): ")


def test_a_vm_that_the_limits_keep_from_its_home_is_told_so() -> None:
    """There is room at home for both, and the limit lets one return: the other one stays for the limit."""
    facts = cluster(a={}, b={"x": 300, "y": 200})
    goal = {"goal": "restore", "hosts": ["a"], "domains": ["x", "y"]}
    plan = make_plan(facts, limited(max_migrations=1), goal)
    assert "VM x stays on b: the limits of the plan leave it out." in plan["warnings"]


def test_limits_that_leave_nothing_out_are_not_mentioned() -> None:
    """A limit that is not reached changes nothing, and there is no remark."""
    plan = make_plan(CROWDED, limited(max_migrations=9, max_memory_gib=9, duration_s=900), BALANCE)
    assert plan["steps"] == make_plan(CROWDED, TIGHT, BALANCE)["steps"]
    assert plan["warnings"] == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_memory_gib": 0.5}, "moves 0.9 GiB and limits.max_memory_gib allows 0.5; raise it"),
        ({"duration_s": 4}, "keeps a busy for 9 s, 1 at a time, and there are 4 s; give it 9 s"),
    ],
)
def test_an_evacuation_leaves_nothing_out(limits: dict[str, float], words: str) -> None:
    """What has to leave is not left out: the limit that would do is named."""
    with pytest.raises(Infeasible, match=words):
        make_plan(CROWDED, limited(**limits), evacuation("a"))


def test_a_single_migration_keeps_the_limits_too() -> None:
    """A person who names VM and host is told which limit is in the way."""
    goal = {"goal": "migrate", "domain": "x", "destination": "b"}
    words = r"VM x may not go to b: that moves 0.3 GiB and limits.max_memory_gib allows 0.1; raise it to 0.3"
    with pytest.raises(Infeasible, match=words):
        make_plan(CROWDED, limited(max_memory_gib=0.1), goal)


def test_room_that_costs_more_than_the_limit_is_told_so() -> None:
    """x leaves a only if y makes room on b: two migrations, and one is allowed."""
    facts = cluster(a={"x": 900}, b={"y": 200}, c={"z": 500})
    assert len(make_plan(facts, TIGHT, evacuation("a"))["steps"]) == 2
    with pytest.raises(Infeasible, match=r"takes 2 migrations and limits.max_migrations allows 1"):
        make_plan(facts, limited(max_migrations=1), evacuation("a"))


def test_an_order_that_takes_too_long_is_told_so() -> None:
    """By the sums 7 s would do, but z, y and x have to go one after the other: the time that needs is named."""
    facts = cluster(a={"x": 900}, b={"y": 900}, c={"z": 900}, d={})
    rules = [
        rule("host_affinity", ["x"], hosts=["a", "b"]),
        {**rule("host_affinity", ["y"], hosts=["b", "c"]), "name": "other"},
    ]
    with pytest.raises(TooLong, match=r"would take 9 s .* there are 7 s; give them 9 s"):
        make_plan(facts, policy(*rules, limits={"per_host": 2, "duration_s": 7}), evacuation("a"))
    assert make_plan(
        facts, policy(*rules, limits={"per_host": 2, "duration_s": 9}), evacuation("a")
    )


def test_the_oracle_counts_what_is_moved() -> None:
    """A plan made without limits is refused under limits that it does not keep."""
    plan = make_plan(CROWDED, TIGHT, evacuation("a"))
    for limits, words in (
        ({"max_migrations": 3}, "more than 3 migrations"),
        ({"max_memory_gib": 0.5}, "GiB are moved, more than 0.5"),
        ({"duration_s": 5}, "and there are 5 s"),
    ):
        posed = problem(CROWDED, evacuation("a"), limited(**limits))
        assert any(words in fault for fault in find_faults(posed, plan))


@settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_every_plan_keeps_its_limits(data: st.DataObject) -> None:
    """Whatever the limits, there is a plan that verifies, and none of the goals that may wait fails."""
    facts = data.draw(clusters())
    limits = {
        "max_migrations": data.draw(st.sampled_from([None, 0, 1, 3])),
        "max_memory_gib": data.draw(st.sampled_from([None, 0.2, 0.7])),
        "duration_s": data.draw(st.sampled_from([None, 3, 6])),
    }
    for goal in ("balance", "consolidate", "repair"):
        make_plan(facts, policy(limits=limits), {"goal": goal})


def test_a_plan_that_keeps_within_its_limits_is_solved_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Limits that leave nothing out cost no second solve; limits that do are compared with what they left out."""
    solves: list[Any] = []

    def counting(*arguments: Any) -> Any:
        solves.append(arguments)
        return solve(*arguments)

    monkeypatch.setattr("planner.pipeline.solve", counting)
    monkeypatch.setattr("planner.advice.omissions.solve", counting)
    facts = synthetic(10, 80, seed=1, first_fit=True)
    wide = make_plan(facts, policy(limits={"max_migrations": 80}), {"goal": "consolidate"})
    assert len(solves) == 1
    assert not any("Left out" in warning for warning in wide["warnings"])
    tight = make_plan(facts, policy(limits={"max_migrations": 2}), {"goal": "consolidate"})
    assert len(solves) == 3
    assert any("Left out" in warning for warning in tight["warnings"])


def test_what_is_left_out_is_told_where_power_is_known_of_some_hosts_only() -> None:
    """The watts of the hosts in use are a figure of the placement without the limit, but not of the plan."""
    facts = cluster(a={"x": 200, "y": 200, "z": 200}, b={"u": 100, "v": 100})
    facts["hosts"][0]["power"] = {"idle_w": 100}
    plan = make_plan(facts, policy(limits={"max_migrations": 1}), {"goal": "consolidate"})
    assert any("hosts in use 1 instead of 2 hosts" in warning for warning in plan["warnings"])
