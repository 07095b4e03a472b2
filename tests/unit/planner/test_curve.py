# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How even a cluster gets with how many migrations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from planner.documents import validate
from planner.pipeline import make_plan
from planner.report.text import render
from tests.benchmarks.instances import synthetic
from tests.unit.planner.builders import TIGHT, cluster

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
    assert {k: v for k, v in make_plan(CROWDED, TIGHT, CURVE).items() if k != "curve"} == plain
