# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the limits of a plan in all left out, and what it would have been good for."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ..cluster.placement import Placement
from ..errors import Infeasible
from ..goal.base import Term
from ..problem.problem import Problem
from ..schedule.plan import Plan
from ..solver.milp.backend import Effort
from ..solver.solution import PROVED, Solution
from ..solver.solve import solve

COSTS = ("migration cost", "preferences not kept", "migrations")


def unlimited(problem: Problem, effort: Effort | None) -> Solution | None:
    """Return what a goal would reach without the limits of a plan in all; ``None`` where it may leave nothing out.

    A goal that may leave nothing out is refused instead, and what cannot be reached without limits cannot within them.
    """
    if not (problem.goal.may_do_nothing and problem.time.totals):
        return None
    with suppress(Infeasible):
        return solve(problem.without_totals(), effort)
    return None


def left_out(problem: Problem, plan: Plan, reachable: Solution | None) -> tuple[str, ...]:
    """Compare a plan with what the goal would reach without limits; nothing, where they leave nothing out."""
    if reachable is None:
        return ()
    free, placement = problem.without_totals(), reachable.placement
    least = PROVED * abs(plan.objective)
    if free.objective.value_s(plan.placement) - free.objective.value_s(placement) <= least:
        return ()
    return (_compared(free, plan, placement, problem.time.totals.values()),)


def _compared(free: Problem, plan: Plan, placement: Placement, limits: Iterable[str]) -> str:
    now = len(free.snapshot.placement.moves_to(plan.placement))
    then = len(free.snapshot.placement.moves_to(placement))
    planned = {term.name: term.value for term in _figures(free, plan.placement)}
    changes = [
        f"{term.name} {term.value:g} instead of {planned[term.name]:g} {term.unit}"
        for term in _figures(free, placement)
        if planned.get(term.name, term.value) != term.value
    ]
    return (
        f"Left out for {' and '.join(limits)}: {then} migrations instead of {now} would reach: "
        f"{', '.join(changes) or 'a lower objective'}."
    )


def _figures(problem: Problem, placement: Placement) -> list[Term]:
    """Return what the goal is about, in the figures that people know, where it has such."""
    terms = [term for term in problem.objective.terms(placement) if term.name not in COSTS]
    return [term for term in terms if not term.weight_s] or terms
