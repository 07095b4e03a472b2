# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts over their limits are relieved first, whatever else a goal wants: a balance may not leave one behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...cluster.placement import Placement
from ...goal.repair import REPAIR_S
from ...problem.problem import Problem
from ..budget import Budget
from ..indexed import Indexed
from ..solution import Solution, proved_solution
from .relief import departures, over_full, relieve

Way = Callable[[Problem], Solution]
"""How a goal is reached."""


def solve_relieved(problem: Problem, way: Way) -> Solution:
    """Reach a goal; where hosts carry more than their limits, from the placement in which they do not.

    Of the answers with and without relief, the one that leaves hosts least over their limits is taken, and of several
    such ones the best for the goal. The bound is that of the goal alone.
    """
    plain = way(problem)
    if not problem.room.excess(plain.placement):
        return plain
    indexed = Indexed(problem)
    if not over_full(indexed):
        return plain
    state = relieve(indexed, departures(indexed, REPAIR_S, rules=False))
    relief = indexed.placement(state.moves())
    relieved = replace(problem, snapshot=problem.snapshot.after(_moved(problem, relief)))
    found = [plain.placement, relief, way(relieved).placement]
    allowed = [found[0], *(p for p in found[1:] if _is_allowed(problem, indexed, p))]
    best = min(allowed, key=lambda p: (problem.room.excess(p), problem.objective.value_s(p)))
    if best == plain.placement:
        return plain
    return proved_solution(best, problem.objective.value_s(best), plain.bound)


def _moved(problem: Problem, placement: Placement) -> dict[str, str]:
    ends = problem.snapshot.placement.moves_to(placement)
    return {name: destination for name, (_source, destination) in ends.items()}


def _is_allowed(problem: Problem, indexed: Indexed, placement: Placement) -> bool:
    """Tell whether a placement reaches the goal within the limits of a plan, and leaves the spare room there is."""
    return (
        not problem.goal.shortfalls(problem.snapshot, placement)
        and Budget(indexed).allows(indexed.moves_to(placement))
        and not (problem.spare.is_kept and problem.spare.worsens(placement))
    )
