# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How even a cluster gets with how many migrations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from planner.documents import validate
from planner.errors import InputError, SpareLost
from planner.pipeline import make_plan
from planner.report.text import render
from tests.benchmarks.instances import POLICY, synthetic
from tests.unit.planner.builders import TIGHT, cluster, policy

CURVE = {"goal": "balance", "aggressiveness": 5, "curve": True}
CROWDED = cluster(a={"x": 400, "y": 300, "z": 200}, b={}, c={})


def memory(point: dict[str, Any]) -> float:
    """Return the deviation of memory of a point."""
    value: float = point["terms"]["deviation of memory"]
    return value


def test_the_curve_goes_from_nothing_to_the_plan() -> None:
    """Its first point is the cluster as it is, its last one the plan, and each is more even than the one before."""
    plan = make_plan(CROWDED, TIGHT, CURVE)
    validate("plan", plan)
    points = plan["curve"]["points"]
    terms = {term["name"]: term["value"] for term in plan["terms"]}
    assert [point["migrations"] for point in points] == [0, 1, 2]
    assert points[0]["memory_mib"] == 0
    assert points[-1]["terms"]["deviation of memory"] == terms["deviation of memory"]
    assert all(memory(one) > memory(other) for one, other in pairwise(points))


def test_a_point_is_what_a_plan_with_that_limit_reaches() -> None:
    """In a small cluster the point for one migration is the plan that one migration allows."""
    plan = make_plan(CROWDED, TIGHT, CURVE)
    assert plan["curve"]["solved"]
    limited = make_plan(CROWDED, {**TIGHT, "limits": {"max_migrations": 1}}, CURVE)
    assert plan["curve"]["points"][1] == limited["curve"]["points"][-1]


@pytest.mark.parametrize(("hosts", "vms"), [(8, 40), (16, 160)])
def test_more_migrations_are_never_worse(hosts: int, vms: int) -> None:
    """Solved or taken from the plan: the table says which, and the deviations of memory fall."""
    plan = make_plan(synthetic(hosts, vms, seed=2, first_fit=True), None, CURVE)
    points = plan["curve"]["points"]
    assert plan["curve"]["solved"] == (vms == 40)
    assert all(one["migrations"] < other["migrations"] for one, other in pairwise(points))
    assert memory(points[0]) > memory(points[len(points) // 2]) > memory(points[-1])
    words = "each number solved on its own" if vms == 40 else "the plan's own migrations"
    assert f"With fewer migrations ({words}" in render(plan)


def test_no_curve_without_being_asked() -> None:
    """It costs time, and a plan without it is the same plan."""
    plain = make_plan(CROWDED, TIGHT, {**CURVE, "curve": False})
    assert "curve" not in plain
    curved = make_plan(CROWDED, TIGHT, CURVE)
    its_own = {"curve", "asked", "plan_digest"}
    assert {k: v for k, v in plain.items() if k not in its_own} == {
        k: v for k, v in curved.items() if k not in its_own
    }


def test_a_consolidation_says_how_many_hosts_fewer_migrations_leave_in_use() -> None:
    """Each number of migrations is used for as many hosts as the plan limited to it empties, and never for fewer."""
    facts = synthetic(16, 160, seed=2, first_fit=True)
    wanted = {"goal": "consolidate", "curve": True}
    plan = make_plan(facts, POLICY, wanted)
    validate("plan", plan)
    points = plan["curve"]["points"]
    used = [point["terms"]["hosts in use"] for point in points]
    assert len(points) > 3
    assert used == sorted(used, reverse=True)
    assert used[-1] == len(set(plan["placement"].values()))
    limited = {**POLICY, "limits": {"per_host": 2, "max_migrations": points[2]["migrations"]}}
    again = make_plan(facts, limited, wanted)
    assert len(set(again["placement"].values())) == used[2]
    assert "With fewer migrations (each number solved on its own)" in render(plan)


@pytest.mark.parametrize("goal", ["repair", "evacuate"])
def test_other_goals_have_no_curve(goal: str) -> None:
    """What is asked for in vain is refused, not ignored."""
    with pytest.raises(InputError, match=r"goal\.curve: the goal \w+ has no curve"):
        make_plan(CROWDED, TIGHT, {"goal": goal, "hosts": ["a"], "curve": True})


def test_a_number_of_migrations_empties_as_many_hosts_as_it_can() -> None:
    """Where there is room for all, the hosts with the fewest VMs are emptied, and none of the number is wasted."""
    facts = cluster(
        a={"a1": 10, "a2": 10, "a3": 10},
        b={"b1": 10, "b2": 10},
        c={"c1": 10},
        d={f"d{number}": 10 for number in range(9)},
    )
    used = {
        most: len(
            set(
                make_plan(facts, policy(limits={"max_migrations": most}), {"goal": "consolidate"})[
                    "placement"
                ].values()
            )
        )
        for most in range(7)
    }
    assert used == {0: 4, 1: 3, 2: 3, 3: 2, 4: 2, 5: 2, 6: 1}


def test_a_number_of_migrations_without_an_answer_costs_no_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where so few migrations would use up required spare room, say; all of the plan's do not."""

    def lost(*_arguments: Any) -> None:
        raise SpareLost("If a failed, there would be no place for x.")

    monkeypatch.setattr("planner.advice.curve.solve", lost)
    plan = make_plan(CROWDED, TIGHT, CURVE)
    assert plan["curve"]["points"][-1]["migrations"] == len(plan["steps"]) == 2
