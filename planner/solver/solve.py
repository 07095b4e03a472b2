# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a problem to a placement: the quick way where it is provably enough, the exact model where it is not."""

from __future__ import annotations

from functools import singledispatch

from ..cluster.placement import Placement
from ..errors import Infeasible
from ..goal.balance import Balance
from ..goal.base import Goal
from ..goal.consolidation import Consolidation
from ..goal.evacuation import Evacuation
from ..goal.relocation import Relocation
from ..goal.repair import Repair
from ..goal.restoration import Restoration
from ..patience import patience
from ..problem.problem import Problem
from .balancing.balance import solve_balance
from .consolidation.consolidate import solve_consolidation
from .evacuating.evacuate import solve_evacuation
from .indexed import Indexed
from .milp.backend import Effort
from .refusal.explanation import explain_relocation
from .repairing.relieved import solve_relieved
from .repairing.repair import solve_repair
from .restoring.restore import solve_restoration
from .solution import Solution, proved_solution
from .spare.keep import keep_spare


def solve(problem: Problem, effort: Effort | None = None) -> Solution:
    """Find the best placement for a problem.

    Raises
    ------
    Infeasible
        No placement reaches the goal; the message says what is missing and what would help.
    TimeLimit
        The solver found nothing in time.
    """
    if problem.goal.may_do_nothing and not problem.goal.repair_s:
        _refuse_broken(problem, problem.snapshot.placement)
    effort = effort or Effort()
    patience().begin()
    solution = keep_spare(problem, solve_goal(problem.goal, problem, effort), effort)
    _refuse_broken(problem, solution.placement)
    return solution


def _refuse_broken(problem: Problem, placement: Placement) -> None:
    """A required rule has to hold in the end; a goal that does not repair it waits until it is repaired."""
    if broken := problem.required_broken(placement):
        remedy = (
            "no migration that is allowed repairs it: let more VMs move,"
            if problem.goal.repair_s
            else "repair it first with the goal repair,"
        )
        raise Infeasible(
            f"{broken.sentence.rstrip('.')}; as the rule is required, {remedy} or make it never_worsen."
        )


@singledispatch
def solve_goal(goal: Goal, problem: Problem, effort: Effort) -> Solution:
    """Find the best placement, as the kind of goal needs it."""
    raise NotImplementedError(f"no way to solve {type(goal).__name__}")


@solve_goal.register
def _solve_goal_evacuation(goal: Evacuation, problem: Problem, effort: Effort) -> Solution:
    if goal.for_maintenance:
        return solve_evacuation(goal, problem, effort)
    return solve_relieved(problem, lambda posed: solve_evacuation(goal, posed, effort))


@solve_goal.register
def _solve_goal_restoration(goal: Restoration, problem: Problem, effort: Effort) -> Solution:
    return solve_restoration(goal, problem, effort)


@solve_goal.register
def _solve_goal_relocation(goal: Relocation, problem: Problem, effort: Effort) -> Solution:
    """Nothing to choose: it is allowed, or the reason is said."""
    placement = problem.snapshot.placement
    if placement[goal.domain] == goal.destination:
        return proved_solution(placement, problem.objective.value_s(placement), None)
    indexed = Indexed(problem)
    explain_relocation(problem, indexed)
    moved = indexed.placement({indexed.item_of[goal.domain]: indexed.number[goal.destination]})
    return proved_solution(
        moved, problem.objective.value_s(moved), problem.objective.value_s(moved)
    )


@solve_goal.register
def _solve_goal_balance(goal: Balance, problem: Problem, effort: Effort) -> Solution:
    return solve_relieved(problem, lambda posed: solve_balance(goal, posed, effort))


@solve_goal.register
def _solve_goal_consolidation(goal: Consolidation, problem: Problem, effort: Effort) -> Solution:
    return solve_relieved(problem, lambda posed: solve_consolidation(goal, posed, effort))


@solve_goal.register
def _solve_goal_repair(goal: Repair, problem: Problem, effort: Effort) -> Solution:
    return solve_repair(goal, problem, effort)
