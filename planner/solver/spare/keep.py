# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail, where a policy requires it.

A placement is judged by simulated failure. Where a failure leaves VMs without a place that have one now, rows for just
that failure go into the exact model, which is solved again, until no failure is left or there is no placement. Where
that would take long, free room is gathered by a local search first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Any

from ...cluster.placement import Placement
from ...cluster.resources import TOLERANCE, Resources, in_words
from ...errors import Infeasible, SpareLost
from ...goal.balance import Balance
from ...goal.relocation import Relocation
from ...problem.problem import Problem
from ..budget import Budget
from ..indexed import Indexed
from ..milp.backend import Effort
from ..milp.failures import Cuts
from ..milp.model import build, solve_exactly
from ..milp.program import Ending
from ..refusal.explanation import amounts
from ..refusal.remedies import find_spare_room
from ..search.state import State
from ..solution import Solution, proved_solution
from .gather import Gathering

ROUNDS = 16
"""How often failures are added to the model."""

COLUMNS = 4000
"""A model of this many columns, failures and all, is solved."""

EASY = 500
"""Up to this many VMs times hosts squared, the exact model takes no time, and tells what room would do."""

PIECES = 50
"""This many sizes of VMs are tried as the size of pieces that hosts cannot share."""

GAP, COLUMNS_TIMES_NODES = 1e-3, 40_000
"""Limits of the models: of gaps and nodes, never of time, so that a busy machine plans the same."""

EVENED = 400
"""Up to this many columns the model also makes the fullest host emptier."""

REMEDY_NODES = 50
"""How hard the least room that would do is looked for: a little more than that helps as well."""

HOSTS_NAMED = 4
"""Nobody would free room on more hosts than this, so no such remedy is named."""


def keep_spare(problem: Problem, solution: Solution, effort: Effort) -> Solution:
    """Return a solution that leaves the spare room that is required.

    Raises
    ------
    Infeasible
        There is none; the message says which failure there is no room for, and what would do.
    SpareLost
        None was found, for a goal that may do something else.
    """
    required = problem.policies.spare_hosts.is_required
    if not required or not problem.spare.worsens(solution.placement):
        return solution
    if isinstance(problem.goal, Relocation):
        raise Infeasible(_sentence(problem, solution.placement, []))
    if isinstance(problem.goal, Balance):
        message = _sentence(problem, solution.placement, [], proved=False)
        raise SpareLost(message, _moves(problem, solution), solution.bound)
    return _kept(problem, solution, effort)


def _kept(problem: Problem, solution: Solution, effort: Effort) -> Solution:
    """Move only the VMs that must leave, if that is enough; else let all VMs make room.

    In a small cluster the exact model does that; in others local search, and the exact model if that finds nothing and
    the model stays small enough.
    """
    _refuse_by_sums(problem)
    search = _Search(problem, solution, effort)
    indexed = search.indexed
    is_easy = len(indexed.items) * len(indexed.hosts) ** 2 <= EASY
    if not is_easy:
        _refuse_by_pieces(problem)
    found = search.solve(indexed.leavers) if indexed.leavers else None
    if not found and indexed.leavers and not is_easy:
        found = _gathered(indexed, solution)
    if found := found or search.solve(range(len(indexed.items))):
        return found
    if search.ending is Ending.INFEASIBLE:
        raise Infeasible(_sentence(problem, search.placement, _ways(search)))
    message = _sentence(problem, search.placement, [], proved=False)
    others = _moves(problem, solution) if search.ending is None else ()
    raise SpareLost(message, others, solution.bound)


def _gathered(indexed: Indexed, solution: Solution) -> Solution | None:
    """Return a placement that a local search finds from the one that lost the room; ``None`` if it finds none."""
    problem, state = indexed.problem, State(indexed)
    for item, host in indexed.moves_to(solution.placement).items():
        state.move(item, host)
    if not Gathering(state).run() or not Budget(indexed).allows(state.moves()):
        return None
    placement = indexed.placement(state.moves())
    return proved_solution(placement, problem.objective.value_s(placement), solution.bound)


def _refuse_by_sums(problem: Problem) -> None:
    """Refuse where hosts that fail would leave too little for the VMs, however they are placed before and after."""
    for resource, key in enumerate(Resources._fields):
        wanted, sizes = _wanted(problem, resource), _sizes(problem, resource)
        if _is_short(problem, wanted, sizes):
            missing = sum(wanted.elements()) - sum(_without_largest(problem, sizes))
            raise Infeasible(
                f"{_if_hosts_failed(problem)} no place for all VMs, and spare_hosts is required; "
                f"free at least {in_words(key, ceil(missing))}, or make spare_hosts never_worsen."
            )


def _refuse_by_pieces(problem: Problem) -> None:
    """Refuse where the VMs are too large for that, as whole pieces of some size."""
    for resource, key in enumerate(Resources._fields):
        wanted, sizes = _wanted(problem, resource), _sizes(problem, resource)
        for piece in _pieces(wanted):
            needed, pieces = _cut(wanted, piece), [_whole(size, piece) for size in sizes]
            if _is_short(problem, needed, pieces):
                raise Infeasible(
                    f"{_if_hosts_failed(problem)} too few places for all VMs, and spare_hosts is required: in pieces "
                    f"of {in_words(key, piece)}, which hosts cannot share, the VMs need {sum(needed.elements())}, and "
                    f"there would be {sum(_without_largest(problem, pieces))}; free some, or make spare_hosts "
                    "never_worsen."
                )


def _wanted(problem: Problem, resource: int) -> Counter[float]:
    """Return how many VMs take how much."""
    return Counter(domain.demand[resource] for domain in problem.snapshot.placed.values())


def _if_hosts_failed(problem: Problem) -> str:
    spare = problem.policies.spare_hosts.count
    hosts = "1 more host" if spare == 1 else f"{spare} more hosts"
    emptied = " and ".join(sorted(problem.goal.must_leave))
    return (
        f"If {hosts} failed{f' while {emptied} cannot be used' if emptied else ''}, there would be"
    )


def _sizes(problem: Problem, resource: int) -> list[float]:
    """Return how much each host holds that remains; more, where it carries more. The largest are last."""
    return sorted(
        max(limit[resource], problem.room.loads[name][resource])
        for name, limit in problem.room.failover_limits.items()
        if name not in problem.goal.must_leave
    )


def _without_largest(problem: Problem, sizes: Sequence[float]) -> Sequence[float]:
    return sizes[: max(0, len(sizes) - problem.policies.spare_hosts.count)]


def _is_short(problem: Problem, wanted: Counter[Any], sizes: Sequence[float]) -> bool:
    """Tell whether failures would certainly leave more VMs without a place than now, all of them taken together.

    Each failure leaves as many at least as the largest VMs are that together take what is missing then.
    """
    spare, largest = problem.policies.spare_hosts.count, max(wanted, default=0)
    failures = [[size] for size in sizes] if spare == 1 else [sizes[-spare:]]
    short = sum(wanted.elements()) - sum(sizes)
    missing = (short + sum(failed) for failed in failures)
    stranded = sum(ceil(much / largest - TOLERANCE) for much in missing if much > TOLERANCE)
    return bool(stranded > problem.spare.tolerated)


def _pieces(wanted: Counter[float]) -> Iterator[float]:
    """Return sizes of pieces that hosts cannot share: the commonest sizes of VMs, their halves and thirds.

    Counted in whole pieces, the VMs of a host never need more than it has: so a sum of pieces is a necessary
    condition as much as a sum of MiB, and a stronger one where VMs are large.

    References
    ----------
    S. P. Fekete, J. Schepers, "New classes of fast lower bounds for bin packing problems", 2001,
    https://doi.org/10.1007/s101070100243.
    """
    for size, _count in wanted.most_common(PIECES):
        if size > 0:
            yield from (size, size / 2, size / 3)


def _cut(wanted: Counter[float], piece: float) -> Counter[int]:
    """Return how many VMs need how many whole pieces."""
    cut: Counter[int] = Counter()
    for size, count in wanted.items():
        cut[_whole(size, piece)] += count
    return cut


def _whole(size: float, piece: float) -> int:
    return floor(size / piece + TOLERANCE)


class _Search:
    """The exact model, with rows for more and more failures.

    Attributes
    ----------
    placement, ending
        The last one that lost spare room, and how the last solve ended.
    """

    def __init__(self, problem: Problem, solution: Solution, effort: Effort) -> None:
        self.indexed = Indexed(problem)
        self.placement = solution.placement
        self.ending: Ending | None = None
        self.cuts = Cuts(problem)
        self._problem = problem
        self._bound = solution.bound
        self._effort = replace(effort, gap=GAP)

    def solve(self, movers: Sequence[int]) -> Solution | None:
        """Return a solution in which these items move; ``None`` if none was found."""
        self.ending = None
        for _round in range(ROUNDS):
            self.cuts.add(self.placement)
            variables = build(self.indexed, movers)
            self.cuts.apply(variables)
            columns = len(variables.program.lower)
            if columns > COLUMNS:
                return None
            spread = bool(self.indexed.leavers) and columns <= EVENED
            answer = solve_exactly(variables, _limited(self._effort, columns), spread=spread)
            self.ending = answer.ending
            if not answer.has_values:
                return None
            self.placement = self.indexed.placement(variables.moves(answer.values))
            if not self._problem.spare.worsens(self.placement):
                return proved_solution(
                    self.placement, self._problem.objective.value_s(self.placement), self._bound
                )
        return None


def _limited(effort: Effort, columns: int) -> Effort:
    """Return an effort with as many nodes as a model of this many columns takes about a second for."""
    return replace(effort, max_nodes=max(1, COLUMNS_TIMES_NODES // columns))


def _moves(problem: Problem, solution: Solution) -> tuple[tuple[str, str], ...]:
    """Return the VMs that move to hosts whose failure is the trouble, with the host."""
    hosts = {h for v in problem.spare.stranded(solution.placement) for h in v.subjects}
    moved = problem.snapshot.placement.moves_to(solution.placement)
    return tuple(
        (domain, destination)
        for domain, (_source, destination) in moved.items()
        if destination in hosts
    )


def _ways(search: _Search) -> list[str]:
    """Say what room would do, if that is room on a few hosts."""
    indexed = search.indexed
    room = find_spare_room(indexed, search.cuts.failures, Effort(gap=0.1, max_nodes=REMEDY_NODES))
    if not 0 < len(room) <= HOSTS_NAMED:
        return []
    return [
        f"free {' and '.join(f'{amounts(much)} on {host}' for host, much in sorted(room.items()))}"
    ]


def _sentence(
    problem: Problem, placement: Placement, ways: Sequence[str], *, proved: bool = True
) -> str:
    """Say which failure there would be no room for after the plan, and what would do."""
    trouble = problem.spare.stranded(placement)[0].sentence.rstrip(".")
    remedies = ", or ".join([*ways, "make spare_hosts never_worsen"])
    search = "" if proved else "; no other placement was found"
    return f"{trouble} after this plan, and spare_hosts is required{search}; {remedies}."
