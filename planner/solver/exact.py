# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact model of a problem, solved and made a solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..cluster.placement import Placement
from ..errors import TimeLimit
from ..problem.problem import Problem
from .indexed import Indexed
from .milp.backend import Effort
from .milp.model import build, solve_exactly
from .milp.program import Ending
from .search.place import spread_moved
from .search.state import State
from .solution import Solution, proved_solution


def solve_among(
    problem: Problem,
    indexed: Indexed,
    effort: Effort,
    explain: Callable[[], None],
    movers: Sequence[int],
    destinations: Mapping[int, tuple[int, ...]] | None = None,
    bound: float | None = None,
) -> Solution:
    """Find the best placement in which only some items move.

    Parameters
    ----------
    explain
        Raises what makes the problem infeasible.
    destinations
        Per item fewer hosts than it may go to.
    bound
        A bound of the objective that is known.

    Raises
    ------
    Infeasible
        There is none.
    TimeLimit
        The solver found nothing in time.
    """
    variables = build(indexed, movers, dict(destinations or {}))
    if not variables.y and not indexed.leavers:
        placement: Placement = problem.snapshot.placement
        return proved_solution(
            placement, problem.objective.value_s(placement), problem.objective.value_s(placement)
        )
    answer = solve_exactly(variables, effort, spread=bool(indexed.leavers))
    if answer.ending is Ending.INFEASIBLE:
        explain()
    if not answer.has_values:
        raise TimeLimit(
            f"The solver found no placement in {effort.time_limit_s:g} s; "
            "name fewer hosts at a time, or leave a larger part of the cluster free."
        )
    placement = _evened(indexed, variables.moves(answer.values))
    proved = answer.bound + variables.constant if answer.bound is not None else None
    best = max((b for b in (bound, proved) if b is not None), default=None)
    return proved_solution(placement, problem.objective.value_s(placement), best)


def _evened(indexed: Indexed, moves: Mapping[int, int]) -> Placement:
    """Return a placement in which VMs that had to leave are spread as far as that costs nothing."""
    if not indexed.leavers:
        return indexed.placement(moves)
    state = State(indexed)
    for item, host in moves.items():
        state.move(item, host)
    spread_moved(state)
    return indexed.placement(state.moves())
