# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing VMs back: a knapsack for each host, solved exactly; without time for that, one VM after the other."""

from __future__ import annotations

from contextlib import suppress

from ...errors import TimeLimit
from ...goal.restoration import Restoration
from ...problem.problem import Problem
from ..budget import Budget, BudgetLeft
from ..exact import solve_among
from ..indexed import Indexed
from ..milp.backend import Effort
from ..milp.model import movers_within
from ..refusal.explanation import explain_evacuation
from ..search.state import State
from ..solution import Solution, proved_solution


def solve_restoration(goal: Restoration, problem: Problem, effort: Effort) -> Solution:
    """Bring as many VMs back as fit, those of the highest priority first."""
    indexed = Indexed(problem)
    with suppress(TimeLimit):
        return solve_among(
            problem,
            indexed,
            effort,
            lambda: explain_evacuation(problem, indexed, effort),
            movers_within(indexed, indexed.leavers),
        )
    placement = indexed.placement(_returned(goal, indexed).moves())
    return proved_solution(placement, problem.objective.value_s(placement), None)


def _returned(goal: Restoration, indexed: Indexed) -> State:
    """Bring VMs back one after the other, those first whose return is worth most for what it costs."""
    state, snapshot = State(indexed), indexed.problem.snapshot
    left = BudgetLeft(Budget(indexed), state.where, {})
    worth = {
        number: sum(goal.value_s(snapshot, name) for name in item.members) / max(item.cost_s, 1e-9)
        for number, item in enumerate(indexed.items)
        if item.destinations
    }
    for number in sorted(worth, key=lambda n: (-worth[n], n)):
        home = indexed.items[number].destinations[0]
        fits = state.has_room(number, home) and state.obeys(number, home)
        if fits and left.allows([(number, home)]):
            left.pay(number, home)
            state.move(number, home)
    return state
