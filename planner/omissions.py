# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the limits of a plan in all left out, and what it would have been good for."""

from __future__ import annotations

from collections.abc import Iterable

from .cluster.placement import Placement
from .goal.base import Term
from .problem import Problem
from .schedule.plan import Plan
from .solver.milp.backend import Effort
from .solver.solution import PROVED
from .solver.solve import solve

COSTS = ("migration cost", "preferences not kept", "migrations")


def left_out(problem: Problem, plan: Plan, effort: Effort | None) -> tuple[str, ...]:
    """Compare a plan with what the goal would reach without limits in all; nothing, where they leave nothing out.

    Only for goals that may leave something out; what the others need, they are refused.
    """
    if not (problem.goal.may_do_nothing and problem.totals):
        return ()
    free = problem.without_totals()
    placement = solve(free, effort).placement
    least = PROVED * abs(plan.objective)
    if free.objective_s(plan.placement) - free.objective_s(placement) <= least:
        return ()
    return (_compared(free, plan, placement, problem.totals.values()),)


def _compared(free: Problem, plan: Plan, placement: Placement, limits: Iterable[str]) -> str:
    now = len(free.snapshot.placement.moves_to(plan.placement))
    then = len(free.snapshot.placement.moves_to(placement))
    changes = [
        f"{other.name} {other.value:g} instead of {term.value:g} {term.unit}"
        for term, other in zip(
            _figures(free, plan.placement), _figures(free, placement), strict=True
        )
        if term.value != other.value
    ]
    return (
        f"Left out for {' and '.join(limits)}: {then} migrations instead of {now} would reach: "
        f"{', '.join(changes) or 'a lower objective'}."
    )


def _figures(problem: Problem, placement: Placement) -> list[Term]:
    """Return what the goal is about, in the figures that people know, where it has such."""
    terms = [term for term in problem.terms(placement) if term.name not in COSTS]
    return [term for term in terms if not term.weight_s] or terms
