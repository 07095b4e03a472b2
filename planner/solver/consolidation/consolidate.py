# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consolidation: hosts emptied one by one, and a selection of hosts that is provably least and then packed; in a
small cluster, one exact model where neither proves to be the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...cluster.placement import Placement
from ...goal.consolidation import Consolidation
from ...patience import patience
from ...problem.problem import Problem
from ..budget import Budget
from ..indexed import Indexed
from ..milp.backend import Effort
from ..milp.failures import Cuts
from ..search.pack import FULLNESS, Packing
from ..search.state import Preferences, State, manners
from ..solution import Solution, SolveStatus, proved_solution
from .emptying import RANKS, Emptying, Rank, emptied
from .improving import empty_more, exchange_hosts
from .selection import Selection, hosts_in_use, select_hosts
from .selection_and_placement import is_small, select_and_place

SELECTION = Effort(gap=1e-7, max_nodes=5000)
EXACT = Effort(gap=1e-7)
"""How hard the models are tried; hosts are worth so much that a gap of a migration is tiny."""

SLACKS = (0.0, 0.01, 0.03)
"""Fractions of room to spare that a selection is tried with, so that the pieces fit, before one more host is kept."""

ROUNDS = 16
"""How often failures are added to the exact model."""

MORE_HOSTS = 12
"""This many hosts beyond the bound are tried one by one; then a third more each time, up to all that are in use."""


def solve_consolidation(goal: Consolidation, problem: Problem, effort: Effort) -> Solution:
    """Find a placement on the fewest hosts; the present one if nothing better is found.

    Hosts are emptied one by one, which is never far off, and a selection of hosts is packed, which often meets the
    bound; the better answer wins. In a small cluster the exact model has the last word.
    """
    indexed = Indexed(problem)
    first = _first(indexed, goal, effort) or Selection(kept=frozenset(), bound_s=0.0)
    stepwise = _empty_step_by_step(indexed, goal, first)
    selected = _select_then_pack(indexed, goal, effort, first, stepwise)
    quick = min(selected, stepwise, key=_objective)
    if quick.status is SolveStatus.OPTIMAL or not is_small(indexed):
        return quick
    return _exactly(indexed, goal, effort, quick)


def _objective(solution: Solution) -> float:
    return solution.objective


def _empty_step_by_step(indexed: Indexed, goal: Consolidation, first: Selection) -> Solution:
    """Return the best placement that emptying hosts in several orders leads to; the present one if none is better."""
    problem = indexed.problem
    present = problem.snapshot.placement
    found = [
        _emptied_with_spare(indexed, goal, rank, len(first.kept), manner)
        for manner in manners(problem)
        for rank in RANKS
    ]
    best = min(filter(None, found), key=Emptying.objective_s, default=None)
    if best is None:
        return proved_solution(present, problem.objective.value_s(present), first.bound_s)
    known = [{}, best.packing.state.moves()]
    exchange_hosts(best)
    if _is_allowed(problem, indexed.placement(best.packing.state.moves())):
        known.append(best.packing.state.moves())
    return min((_solution(indexed, moves, first.bound_s) for moves in known), key=_objective)


def _emptied_with_spare(
    indexed: Indexed, goal: Consolidation, rank: Rank, least: int, manner: Preferences
) -> Emptying | None:
    """Empty as many hosts as leave spare room: all that can be, or else one, two, four... fewer."""
    more = 0
    while least + more <= len(hosts_in_use(indexed)):
        emptying = emptied(indexed, goal, rank, least + more, manner)
        empty_more(emptying, least + more)
        emptying.bring_home()
        if _is_allowed(indexed.problem, indexed.placement(emptying.packing.state.moves())):
            return emptying
        more = max(2 * more, len(emptying.used) + 1 - least)
    return None


def _first(indexed: Indexed, goal: Consolidation, effort: Effort) -> Selection | None:
    """Return the best selection with a bound that holds where room for failing hosts is missing already.

    Spare room that is missing now is not asked for, so the rows that ask for it choose well, but bound nothing.
    """
    first = select_hosts(indexed, goal, SELECTION.within(effort))
    if not indexed.problem.spare.stranded_now:
        return first
    free = select_hosts(indexed, goal, SELECTION.within(effort), spare=False)
    return replace(first, bound_s=free.bound_s) if first and free else free


def _select_then_pack(
    indexed: Indexed, goal: Consolidation, effort: Effort, first: Selection, known: Solution
) -> Solution:
    """Pack the best selections of hosts, up to as many hosts as a placement that is known uses."""
    problem = indexed.problem
    present = problem.snapshot.placement
    now = problem.objective.value_s(present)
    most = len(set(known.placement.values())) - len(first.kept)
    for selection in _selections(indexed, goal, effort, first, most):
        if patience().is_over:
            break
        packed = filter(None, (_pack(indexed, selection, m) for m in manners(problem)))
        found = [_solution(indexed, state.moves(), first.bound_s) for state in packed]
        if not found:
            continue
        best = min(found, key=_objective)
        if best.objective >= now:
            break
        if _is_allowed(problem, best.placement):
            return best
    return proved_solution(present, now, first.bound_s)


def _is_allowed(problem: Problem, placement: Placement) -> bool:
    """Tell whether a placement leaves spare room, and as many hosts in use as the goal wants at least."""
    return not problem.spare.worsens(placement) and not problem.goal.shortfalls(
        problem.snapshot, placement
    )


def _solution(indexed: Indexed, moves: Mapping[int, int], bound_s: float) -> Solution:
    placement = indexed.placement(moves)
    migrations_s = sum(indexed.items[item].cost_s for item in moves)
    reached = indexed.problem.objective.value_s(placement)
    return proved_solution(placement, reached, bound_s, yardstick_s=migrations_s)


def _exactly(indexed: Indexed, goal: Consolidation, effort: Effort, quick: Solution) -> Solution:
    """Return the answer of the exact model, if it is better than one that is known, with the better bound.

    Failures that it has no room for are put into the model, which is solved again.
    """
    problem = indexed.problem
    bound_s, cuts = quick.bound, Cuts(problem)
    for _round in range(ROUNDS):
        answer = select_and_place(indexed, goal, EXACT.within(effort), cuts)
        if answer is None:
            break
        bound_s = max(bound_s, answer.bound_s or 0.0)
        found = _solution(indexed, answer.moves, bound_s)
        if found.objective >= quick.objective:
            break
        if _is_allowed(problem, found.placement):
            return found
        cuts.add(found.placement)
    return _solution(indexed, indexed.moves_to(quick.placement), bound_s)


def _selections(
    indexed: Indexed, goal: Consolidation, effort: Effort, first: Selection, most: int
) -> Iterable[Selection]:
    """Return selections from the best on: the same number of hosts with other hosts, then more hosts, up to `most`."""
    seen: set[frozenset[int]] = set()
    for more in _additions(most):
        for slack in SLACKS if more <= MORE_HOSTS else SLACKS[-1:]:
            at_least = len(first.kept) + more if more else 0
            found = (
                first
                if not more and not slack
                else select_hosts(
                    indexed, goal, SELECTION.within(effort), at_least=at_least, slack=slack
                )
            )
            if found is None or found.kept in seen or len(found.kept) > len(first.kept) + more:
                continue
            seen.add(found.kept)
            yield found


def _additions(most: int) -> Iterable[int]:
    """Return how many hosts to keep beyond the bound: a bound far off must not cost more tries than hosts."""
    more = 0
    while more <= min(most, MORE_HOSTS):
        yield more
        more += 1
    while more < most:
        yield more
        more += max(1, more // 3)


def _pack(indexed: Indexed, selection: Selection, manner: Preferences) -> State | None:
    """Pack the VMs of the other hosts into the selected ones; ``None`` if they do not fit."""
    evicted = [n for n, item in enumerate(indexed.items) if item.home not in selection.kept]
    budget = Budget(indexed)
    for fullness in FULLNESS:
        packing = Packing(State(indexed, manner), sorted(selection.kept), fullness)
        left = packing.fill(evicted)
        if left and len(left) <= max(8, len(evicted) // 20):
            left = packing.squeeze(left)
        if not left and budget.allows(packing.state.moves()):
            return packing.state
    return None
