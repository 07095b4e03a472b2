# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferred rules in the search: they count what they are worth, and no plan that is known is better."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from planner.cluster.placement import Placement
from planner.pipeline import read_problem
from planner.solver.solve import solve
from tests.unit.planner.builders import Facts, domain, host

GOALS = ("balance", "consolidate")


def uneven(seed: int) -> Facts:
    """Return a cluster of six hosts, filled by chance."""
    chance = Random(seed)
    hosts = [host(f"n{number}", 65_536, 32) for number in range(6)]
    domains = [
        domain(
            f"v{number:02d}",
            f"n{min(5, int(6 * chance.random() ** 2))}",
            chance.choice([2048, 4096, 6144]),
            chance.choice([1, 2]),
            round(chance.random(), 2),
        )
        for number in range(22)
    ]
    return {"hosts": hosts, "domains": domains}


def preferences(seed: int, strictness: str, weight: float) -> dict[str, Any]:
    """Return a policy with rules of several kinds about VMs chosen by chance."""
    chance = Random(seed)
    names = [f"v{number:02d}" for number in range(22)]
    kinds: list[dict[str, Any]] = [
        {"type": "anti_affinity"},
        {"type": "affinity"},
        {"type": "host_affinity", "hosts": ["n0", "n3"]},
    ]
    rules = [
        {
            **chance.choice(kinds),
            "name": f"r{number}",
            "domains": chance.sample(names, 3),
            "strictness": strictness,
            **({"weight": weight} if strictness == "preferred" else {}),
        }
        for number in range(4)
    ]
    return {"rules": rules}


def planned(facts: Facts, policy: dict[str, Any], goal: str) -> Placement:
    """Return the placement that the solver finds."""
    return solve(read_problem(facts, policy, {"goal": goal})).placement


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("goal", GOALS)
def test_a_preference_never_leads_to_a_worse_plan_than_one_that_is_known(
    goal: str, seed: int
) -> None:
    """Neither the plan without preferences nor the one that keeps them all is better than the plan."""
    facts = uneven(seed)
    for weight in (30.0, 3600.0):
        policy = preferences(seed, "preferred", weight)
        problem = read_problem(facts, policy, {"goal": goal})
        reached = problem.objective.value_s(solve(problem).placement)
        for known in ({"rules": []}, preferences(seed, "never_worsen", weight)):
            assert reached <= problem.objective.value_s(planned(facts, known, goal)) + 0.01


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("seed", range(2))
def test_a_weight_never_leads_to_a_worse_plan_than_another_weight(goal: str, seed: int) -> None:
    """A plan that was made for other weights is not better at these ones, by more than its gap."""
    facts = uneven(seed)
    weights = (30.0, 300.0, 3600.0)
    plans = {w: planned(facts, preferences(seed, "preferred", w), goal) for w in weights}
    for weight in weights:
        problem = read_problem(facts, preferences(seed, "preferred", weight), {"goal": goal})
        objectives = {w: problem.objective.value_s(plan) for w, plan in plans.items()}
        assert objectives[weight] <= 1.01 * min(objectives.values())
