# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the solver says of tiny clusters, against a look at all placements."""

from __future__ import annotations

import pytest

from planner.errors import Infeasible
from planner.policy.base import Strictness
from planner.problem.problem import Problem
from planner.solver.solution import Solution, SolveStatus
from planner.solver.solve import solve
from tests.unit.planner.tiny import case, least_objective_s

BLOCK = 40
"""Clusters of one test."""

BLOCKS = 4


def solved(posed: Problem) -> Solution | None:
    """Return what the solver finds; ``None`` if it refuses."""
    try:
        return solve(posed)
    except Infeasible:
        return None


def waits_for_a_repair(posed: Problem) -> bool:
    """Tell whether a required rule is broken, which goals that may wait leave to the goal repair."""
    snapshot = posed.snapshot
    may_wait = posed.goal.may_do_nothing and not posed.goal.repair_s
    return may_wait and any(
        rule.strictness is Strictness.REQUIRED and rule.amount(snapshot, snapshot.placement)
        for rule in posed.policies.rules
    )


def is_relieved_first(posed: Problem) -> bool:
    """Tell whether hosts are over their limits, which a consolidation relieves first, at what it costs."""
    return posed.goal.frees_hosts and posed.room.excess(posed.snapshot.placement) > 0


@pytest.mark.parametrize("kind", ["evacuate", "restore", "repair", "consolidate"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_brute_force_finds_no_better_placement(kind: str, block: int) -> None:
    """Of any tiny cluster, with rules and spare hosts: what is refused is impossible, and what is found is the best."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        posed = case(seed, kind).problem()
        if posed is None:
            continue
        least, solution = least_objective_s(posed), solved(posed)
        if solution is None:
            assert least is None or waits_for_a_repair(posed), seed
            continue
        assert least is not None, seed
        if not is_relieved_first(posed):
            assert solution.objective == pytest.approx(least, abs=0.01, rel=1e-4), seed
        assert solution.bound <= least + 0.01, seed


@pytest.mark.parametrize("block", range(BLOCKS))
def test_brute_force_beats_no_bound_of_a_balance(block: int) -> None:
    """A balance is found by search; but nothing is better than its bound, nor than what it calls optimal."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        posed = case(seed, "balance").problem()
        least = posed and least_objective_s(posed)
        solution = posed and solved(posed)
        if least is None or solution is None:
            continue
        assert solution.bound <= least + 0.01, seed
        if solution.status is SolveStatus.OPTIMAL:
            assert solution.objective <= least * 1.0002, seed
