# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a problem to a placement: the quick way where it is provably enough, the exact model where it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

from ..cluster.placement import Placement
from ..errors import Infeasible, TimeLimit
from ..goal.balance import Balance
from ..goal.base import Goal
from ..goal.consolidation import Consolidation
from ..goal.evacuation import Evacuation
from ..goal.relocation import Relocation
from ..goal.repair import Repair
from ..goal.restoration import Restoration
from ..problem import Problem
from .balance import solve_balance
from .budget import Budget
from .consolidate import solve_consolidation
from .indexed import Indexed
from .infeasible import explain_evacuation, explain_relocation
from .milp.backend import Effort
from .milp.model import build, movers_within, solve_exactly
from .milp.program import Verdict
from .search.place import place_spreading
from .search.state import State
from .solution import Solution, SolveStatus, proved_solution
from .spare import keep_spare


def solve(problem: Problem, effort: Effort | None = None) -> Solution:
    """Find the best placement for a problem.

    Raises
    ------
    Infeasible
        No placement reaches the goal; the message says what is missing and what would help.
    TimeLimit
        The solver found nothing in time.
    """
    if problem.goal.may_do_nothing and not problem.goal.mend_s:
        _refuse_broken(problem, problem.snapshot.placement)
    effort = effort or Effort()
    solution = keep_spare(problem, solve_goal(problem.goal, problem, effort), effort)
    _refuse_broken(problem, solution.placement)
    return solution


def _refuse_broken(problem: Problem, placement: Placement) -> None:
    """A required rule has to hold in the end; a goal that does not mend it waits until it is mended."""
    if broken := problem.required_broken(placement):
        raise Infeasible(
            f"{broken.sentence.rstrip('.')}; as the rule is required, mend it first with the goal repair, "
            "or make it never_worsen."
        )


@singledispatch
def solve_goal(goal: Goal, problem: Problem, effort: Effort) -> Solution:
    """Find the best placement, as the kind of goal needs it."""
    raise NotImplementedError(f"no way to solve {type(goal).__name__}")


@solve_goal.register
def _solve_goal_evacuation(goal: Evacuation, problem: Problem, effort: Effort) -> Solution:
    """Only the VMs that have to leave move, if that works; then no plan costs less. Else the exact model decides."""
    indexed = Indexed(problem)
    least = sum(indexed.items[item].cost_s for item in indexed.leavers)
    state = State(indexed)
    placed = not problem.required_broken(problem.snapshot.placement) and not _place_in_tiers(
        goal, state
    )
    if placed and Budget(indexed).allows(state.moves()):
        placement = indexed.placement(state.moves())
        quick = proved_solution(placement, problem.objective_s(placement), least)
        if quick.status is SolveStatus.OPTIMAL:
            return quick
    return _exactly(
        problem, indexed, effort, least, lambda: explain_evacuation(problem, indexed, effort)
    )


@solve_goal.register
def _solve_goal_restoration(goal: Restoration, problem: Problem, effort: Effort) -> Solution:
    """As many as fit, the most precious first: a knapsack for each host, solved exactly."""
    indexed = Indexed(problem)
    return _exactly(
        problem, indexed, effort, None, lambda: explain_evacuation(problem, indexed, effort)
    )


@solve_goal.register
def _solve_goal_relocation(goal: Relocation, problem: Problem, effort: Effort) -> Solution:
    """Nothing to choose: it is allowed, or the reason is said."""
    placement = problem.snapshot.placement
    if placement[goal.domain] == goal.destination:
        return proved_solution(placement, problem.objective_s(placement), None)
    indexed = Indexed(problem)
    explain_relocation(problem, indexed)
    moved = indexed.placement({indexed.item_of[goal.domain]: indexed.number[goal.destination]})
    return proved_solution(moved, problem.objective_s(moved), problem.objective_s(moved))


@solve_goal.register
def _solve_goal_balance(goal: Balance, problem: Problem, effort: Effort) -> Solution:
    return solve_balance(goal, problem, effort)


@solve_goal.register
def _solve_goal_consolidation(goal: Consolidation, problem: Problem, effort: Effort) -> Solution:
    return solve_consolidation(goal, problem, effort)


@solve_goal.register
def _solve_goal_repair(goal: Repair, problem: Problem, effort: Effort) -> Solution:
    """Fewest violations first, then fewest migrations: the exact model of the VMs concerned, of all if it
    stays small."""
    indexed = Indexed(problem)
    return _exactly(
        problem,
        indexed,
        effort,
        None,
        lambda: explain_evacuation(problem, indexed, effort),
        fewest=_concerned(problem, indexed),
    )


def _concerned(problem: Problem, indexed: Indexed) -> list[int]:
    """Return the items of broken rules, and of hosts above their limits."""
    snapshot = problem.snapshot
    broken = [r for r in problem.policies.rules if r.amount(snapshot, snapshot.placement) > 0]
    names = {name for rule in broken for name in rule.domains}
    over = {
        violation.subjects[0]
        for violation in problem.policies.capacity.violations(snapshot, snapshot.placement)
    }
    return [
        n
        for n, i in enumerate(indexed.items)
        if names & set(i.members) or indexed.hosts[i.home] in over
    ]


def _place_in_tiers(goal: Evacuation, state: State) -> list[int]:
    """Place the leavers on preferred hosts, then on any but those to avoid, then on any; return the rest."""
    homeless = list(state.indexed.leavers)
    hosts = range(len(state.indexed.hosts))
    preferred = {h for h in hosts if state.indexed.hosts[h] in goal.prefer}
    welcome = {h for h in hosts if state.indexed.hosts[h] not in goal.avoid}
    for tier in (preferred, welcome, None):
        if tier is None or (tier and len(tier) < len(hosts)):
            homeless = place_spreading(state, homeless, tier)
    return homeless


def _exactly(
    problem: Problem,
    indexed: Indexed,
    effort: Effort,
    bound: float | None,
    explain: Callable[[], None],
    fewest: Sequence[int] | None = None,
) -> Solution:
    """Solve the exact model, with all VMs as movers if it stays small enough."""
    variables = build(
        indexed, movers_within(indexed, indexed.leavers if fewest is None else fewest)
    )
    if not variables.y and not indexed.leavers:
        placement: Placement = problem.snapshot.placement
        return proved_solution(
            placement, problem.objective_s(placement), problem.objective_s(placement)
        )
    answer = solve_exactly(variables, effort, spread=bool(indexed.leavers))
    if answer.verdict is Verdict.INFEASIBLE:
        explain()
    if not answer.has_values:
        raise TimeLimit(
            f"The solver found no placement in {effort.time_limit_s:g} s; "
            "name fewer hosts at a time, or leave a larger part of the cluster free."
        )
    placement = indexed.placement(variables.moves(answer.values))
    proved = answer.bound + variables.constant if answer.bound is not None else None
    best = max((b for b in (bound, proved) if b is not None), default=None)
    return proved_solution(placement, problem.objective_s(placement), best)
