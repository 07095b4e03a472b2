# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Balance: the pool says who should leave, best fit and local search say where to, and the search is iterated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..goal.balance import Balance
from ..problem import Problem
from .indexed import Indexed
from .milp.backend import Effort
from .milp.pool import PoolAnswer, solve_pool
from .search.even import Evening
from .search.iterated import iterate
from .search.scale import Scale
from .search.state import State
from .solution import Solution, proved_solution

WHOLE_ITEMS = 400
"""Up to so many VMs, the pool is solved with VMs that leave whole: a tighter bound, in a second or two."""

SMALL_HOSTS = 24
"""Up to so many hosts, several starts take no time."""

FACTORS = (1.0, 0.25, 0.5, 2.0, 4.0)
"""What imbalance counts at first, in different tries in a small cluster."""

POOL_GAP, POOL_NODES = 2e-5, 200
"""Limits of the pool's exact model: of gaps and nodes, never of time, so that a busy machine plans the same."""

MEDIUM_ITEMS, LARGE_ITEMS, NEAR = 1000, 5000, 0.005
"""Beyond so many VMs, one answer is enough if its gap is no more; beyond so many, only the pool's movers start."""

MEDIUM_HOSTS, ROUNDS = 128, 100
"""Up to so many hosts, the search is iterated, and how often: that takes a second or two."""

CHANGES = 100_000


def solve_balance(goal: Balance, problem: Problem, effort: Effort) -> Solution:
    """Find a placement in the band at little cost; the present one if nothing is due, or nothing is gained."""
    indexed = Indexed(problem)
    scale = Scale(indexed, goal)
    present = problem.snapshot.placement
    now = problem.objective_s(present)
    if not goal.is_due(problem.snapshot, problem.limits):
        return proved_solution(present, now, scale.weight_s * scale.band.ideal)
    pool = _pool(indexed, scale, effort)
    bound = pool.bound_s if pool else None
    evening = min(
        _starts(indexed, scale, pool),
        key=lambda e: problem.objective_s(indexed.placement(e.state.moves())),
    )
    if len(scale.members) <= MEDIUM_HOSTS:
        iterate(evening, ROUNDS)
    placement = indexed.placement(evening.state.moves())
    reached = problem.objective_s(placement)
    worst = now - (bound if bound is not None else reached)
    if now - reached <= goal.setting.min_gain * worst:
        return proved_solution(present, now, bound)
    return proved_solution(placement, reached, bound)


def _pool(indexed: Indexed, scale: Scale, effort: Effort) -> PoolAnswer | None:
    whole = len(indexed.items) <= WHOLE_ITEMS
    quick = replace(effort, gap=POOL_GAP, max_nodes=POOL_NODES) if whole else effort
    return solve_pool(indexed, scale, quick, whole=whole)


def _starts(indexed: Indexed, scale: Scale, pool: PoolAnswer | None) -> Iterator[Evening]:
    """Make answers from the present placement and from the pool's movers.

    In a small cluster also with imbalance weighed lighter and heavier at first: that leads the search elsewhere,
    and takes no time. In a large one, the second answer is only made if the first is far from the bound.
    """
    if pool is None:
        yield _evened(indexed, scale, 1.0, [])
        return
    movers = [item for item, part in pool.movers.items() if part > 0.5]
    if len(indexed.items) <= MEDIUM_ITEMS:
        small = len(scale.members) <= SMALL_HOSTS and len(indexed.items) <= 2 * WHOLE_ITEMS
        for factor in FACTORS if small else (1.0,):
            yield _evened(indexed, scale, factor, movers)
            yield _evened(indexed, scale, factor, [])
        return
    if len(indexed.items) <= LARGE_ITEMS:
        evening = _evened(indexed, scale, 1.0, [])
        yield evening
        if _is_near(evening, pool):
            return
    yield _evened(indexed, scale, 1.0, movers)


def _is_near(evening: Evening, pool: PoolAnswer) -> bool:
    indexed = evening.state.indexed
    reached = indexed.problem.objective_s(indexed.placement(evening.state.moves()))
    return reached - pool.bound_s <= NEAR * reached


def _evened(indexed: Indexed, scale: Scale, factor: float, movers: list[int]) -> Evening:
    evening = Evening(State(indexed), scale.weighted(factor))
    evening.insert(movers)
    evening.improve(CHANGES)
    if factor != 1.0:
        evening = Evening(evening.state, scale)
        evening.improve(CHANGES)
    evening.take_back()
    evening.improve(CHANGES)
    return evening
