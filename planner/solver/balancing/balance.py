# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Balance: the pool says who should leave, best fit and local search say where to, and the search is iterated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...cluster.placement import Placement
from ...goal.balance import Balance
from ...problem.problem import Problem
from ..indexed import Indexed
from ..milp.backend import Effort
from ..search.state import Preferences, State, manners
from ..solution import Solution, proved_solution
from .even import BalanceSearch
from .iterated import iterate
from .pool import PoolBound, solve_pool
from .scale import Scale

WHOLE_ITEMS = 400
"""Up to this many VMs, the pool is solved with VMs that leave whole: a tighter bound, in a second or two."""

SMALL_HOSTS = 24
"""Up to this many hosts, several starts take no time."""

FACTORS = (1.0, 0.25, 0.5, 2.0, 4.0)
"""What imbalance counts at first, in different tries in a small cluster."""

POOL_GAP, POOL_NODES = 2e-5, 200
"""Limits of the pool's exact model: of gaps and nodes, never of time, so that a busy machine plans the same."""

MEDIUM_ITEMS, LARGE_ITEMS, NEAR = 1000, 5000, 0.005
"""Beyond this many VMs, one answer is enough if its gap is no more; beyond this many, only the pool's movers start."""

MEDIUM_HOSTS, ROUNDS = 128, 100
"""Up to this many hosts, the search is iterated, and how often: that takes a second or two."""

CHANGES = 100_000


def solve_balance(goal: Balance, problem: Problem, effort: Effort) -> Solution:
    """Find a placement in the band at little cost; the present one if nothing is due, or nothing is gained."""
    indexed = Indexed(problem)
    scale = Scale(indexed, goal)
    present = problem.snapshot.placement
    now = problem.objective.value_s(present)
    if not goal.is_due(problem.snapshot, problem.room.limits):
        return proved_solution(present, now, scale.weight_s * scale.band.ideal)
    pool = _pool(indexed, scale, effort)
    bound = pool.bound_s if pool else None
    found = [_searched(indexed, scale, pool, manner) for manner in manners(problem)]
    placement = min(found, key=problem.objective.value_s)
    reached = problem.objective.value_s(placement)
    worst = now - (bound if bound is not None else reached)
    if now - reached <= goal.setting.min_gain * worst:
        return proved_solution(present, now, bound)
    return proved_solution(placement, reached, bound)


def _searched(
    indexed: Indexed, scale: Scale, pool: PoolBound | None, manner: Preferences
) -> Placement:
    """Return the best placement that a search finds."""
    search = min(_starts(indexed, scale, pool, manner), key=BalanceSearch.cost_s)
    if len(scale.members) <= MEDIUM_HOSTS:
        iterate(search, ROUNDS)
    return indexed.placement(search.state.moves())


def _pool(indexed: Indexed, scale: Scale, effort: Effort) -> PoolBound | None:
    whole = len(indexed.items) <= WHOLE_ITEMS
    quick = replace(effort, gap=POOL_GAP, max_nodes=POOL_NODES) if whole else effort
    return solve_pool(indexed, scale, quick, whole=whole)


def _starts(
    indexed: Indexed, scale: Scale, pool: PoolBound | None, manner: Preferences
) -> Iterator[BalanceSearch]:
    """Make answers from the present placement and from the pool's movers.

    In a small cluster also with imbalance weighed lighter and heavier at first: that leads the search elsewhere,
    and takes no time. In a large one, the second answer is only made if the first is far from the bound.
    """
    if pool is None:
        yield _evened(State(indexed, manner), scale, 1.0, [])
        return
    movers = [item for item, part in pool.movers.items() if part > 0.5]
    if len(indexed.items) <= MEDIUM_ITEMS:
        small = len(scale.members) <= SMALL_HOSTS and len(indexed.items) <= 2 * WHOLE_ITEMS
        for factor in FACTORS if small else (1.0,):
            yield _evened(State(indexed, manner), scale, factor, movers)
            yield _evened(State(indexed, manner), scale, factor, [])
        return
    if len(indexed.items) <= LARGE_ITEMS:
        search = _evened(State(indexed, manner), scale, 1.0, [])
        yield search
        if _is_near(search, pool):
            return
    yield _evened(State(indexed, manner), scale, 1.0, movers)


def _is_near(search: BalanceSearch, pool: PoolBound) -> bool:
    indexed = search.state.indexed
    reached = indexed.problem.objective.value_s(indexed.placement(search.state.moves()))
    return reached - pool.bound_s <= NEAR * reached


def _evened(state: State, scale: Scale, factor: float, movers: list[int]) -> BalanceSearch:
    search = BalanceSearch(state, scale.weighted(factor))
    search.insert(movers)
    search.improve(CHANGES)
    if factor != 1.0:
        search = BalanceSearch(search.state, scale)
        search.improve(CHANGES)
    search.take_back()
    search.improve(CHANGES)
    return search
