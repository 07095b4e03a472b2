# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: fewest violations first, then the cheapest migrations.

The VMs that have to leave at least are a covering problem, whose answer bounds what a repair costs. Where a search
finds places for them, nothing is better. What it leaves goes to a model of the VMs concerned with few destinations
each, and in a small cluster, where that proves nothing, to the exact model of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from heapq import nsmallest

from ...cluster.placement import Placement
from ...errors import TimeLimit
from ...goal.repair import Repair
from ...patience import patience
from ...problem.problem import Problem
from ..budget import Budget
from ..exact import solve_among
from ..indexed import Indexed
from ..milp.backend import Effort
from ..milp.model import is_small
from ..refusal.explanation import explain_evacuation
from ..search.state import State
from ..solution import Solution, SolveStatus, proved_solution
from .relief import departures, over_full, relieve

CHOICES = 24
"""Destinations that a VM is given in the model of a large cluster: the emptiest, and the one that the search found."""

CONCERNED = 400
"""This many VMs are put into that model, those of broken rules first."""

BOUNDED = Effort(gap=1e-6, max_nodes=200, time_limit_s=10.0)


def solve_repair(goal: Repair, problem: Problem, effort: Effort) -> Solution:
    """Find a placement that breaks as little as possible; the present one if nothing is better."""
    indexed = Indexed(problem)
    leaving = departures(indexed, goal.repair_s)
    state = relieve(indexed, leaving)
    best = _searched(problem, indexed, state, leaving.bound_s)
    if best and (best.status is SolveStatus.OPTIMAL or _will_do(problem, best)):
        return best
    movers = _concerned(problem, indexed, state)
    found = _modelled(problem, indexed, effort, movers, state) if movers else None
    if found and (best is None or found.objective < best.objective):
        best = _proved(problem, found.placement, leaving.bound_s)
    if best and (best.status is SolveStatus.OPTIMAL or not is_small(indexed)):
        return best
    try:
        exact = _exactly(problem, indexed, effort, movers, leaving.bound_s)
    except TimeLimit:
        if best is None:
            raise
        return best
    placement = min(filter(None, (exact, best)), key=_objective).placement
    return _proved(problem, placement, max(leaving.bound_s, exact.bound))


def _will_do(problem: Problem, found: Solution) -> bool:
    """Tell whether a hasty repair is done: nothing is broken any more, though fewer migrations might do it."""
    if not patience().is_hasty or problem.room.excess(found.placement):
        return False
    return not any(
        r.amount(problem.snapshot, found.placement) for r in problem.policies.rules if r.is_firm
    )


def _searched(problem: Problem, indexed: Indexed, state: State, bound_s: float) -> Solution | None:
    """Return the better of the present placement and the relieved one; ``None`` where a required rule is broken."""
    present = problem.snapshot.placement
    if problem.required_broken(present):
        return None
    known = [present]
    if Budget(indexed).allows(state.moves()):
        known.append(indexed.placement(state.moves()))
    return min((_proved(problem, p, bound_s) for p in known), key=_objective)


def _proved(problem: Problem, placement: Placement, bound_s: float) -> Solution:
    return proved_solution(placement, problem.objective.value_s(placement), bound_s)


def _exactly(
    problem: Problem, indexed: Indexed, effort: Effort, movers: Sequence[int], bound_s: float
) -> Solution:
    """Return the answer of the exact model: of all VMs in a small cluster, else of those concerned."""
    small = is_small(indexed)
    answer = solve_among(
        problem,
        indexed,
        effort,
        lambda: explain_evacuation(problem, indexed, effort, proved=small),
        range(len(indexed.items)) if small else movers,
        bound=bound_s,
    )
    # Where only some VMs could move, a bound of the model bounds nothing.
    return answer if small else replace(answer, bound=bound_s)


def _objective(solution: Solution) -> float:
    return solution.objective


def _modelled(
    problem: Problem, indexed: Indexed, effort: Effort, movers: Sequence[int], state: State
) -> Solution | None:
    """Return the answer of the model with few destinations; ``None`` where it has none, or none in time."""
    few = {item: _choices(state, item) for item in movers}
    with suppress(TimeLimit):
        found = solve_among(problem, indexed, BOUNDED.within(effort), lambda: None, movers, few)
        if not problem.required_broken(found.placement):
            return found
    return None


def _concerned(problem: Problem, indexed: Indexed, state: State) -> list[int]:
    """Return the items of broken firm rules, of hosts that are over their limits, and those that the search moved."""
    snapshot = problem.snapshot
    firm = [r for r in problem.policies.rules if r.is_firm]
    broken = [rule for rule in firm if rule.amount(snapshot, snapshot.placement) > 0]
    ruled = [indexed.item_of[n] for rule in broken for n in rule.domains if n in indexed.item_of]
    crowded = [item for host in over_full(indexed) for item in indexed.items_at[host]]
    return sorted(dict.fromkeys([*ruled, *state.moves(), *crowded][: patience().much(CONCERNED)]))


def _choices(state: State, item: int) -> tuple[int, ...]:
    """Return the hosts that the model may send an item to."""
    indexed = state.indexed
    fitting: Iterable[int] = (
        host
        for host in indexed.items[item].destinations
        if state.has_room(item, host) and state.share(host, item) <= 1.0
    )
    near = nsmallest(CHOICES, fitting, key=lambda host: (state.share(host), host))
    found = state.where[item]
    return tuple(dict.fromkeys([*([found] if found != indexed.items[item].home else []), *near]))
