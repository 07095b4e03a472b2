# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fewer migrations would do: how even the hosts get, or how many are in use, with how many migrations."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..cluster.placement import Placement
from ..cluster.resources import Resources
from ..errors import Infeasible, TimeLimit
from ..goal.balance import Balance
from ..patience import patience
from ..problem.problem import Problem
from ..solver.milp.backend import Effort
from ..solver.solve import solve

SOLVED_VMS = 120
"""Up to this many VMs, each point of a balance is solved on its own; those of a consolidation always are."""

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1)
"""Of the plan's migrations: where the curve has points, beside those at none, one and two."""


def curve(problem: Problem, final: Placement, effort: Effort | None) -> dict[str, Any]:
    """Return points of the curve from doing nothing to the placement of a plan.

    Parameters
    ----------
    final
        The placement of the plan; the last point.

    Returns
    -------
    dict
        ``solved``: whether each point is the best that was found with at most this many migrations; else the points are
        the plan's own migrations, the one that gains most next. ``points``: ``migrations``, ``memory_mib`` and the
        terms of the objective that people know.
    """
    is_balance = isinstance(problem.goal, Balance)
    solved = not is_balance or len(problem.snapshot.placed) <= SOLVED_VMS
    number = len(problem.snapshot.placement.moves_to(final))
    wanted = _numbers(number)
    steps = _by_gain(problem, final) if is_balance else []
    best = problem.snapshot.placement
    points = [best]
    for most in wanted[1:-1]:
        candidates = [best]
        if steps and _is_allowed(problem, steps[most]):
            candidates.append(steps[most])
        if solved and not patience().is_over:
            # Where nothing is found with so few migrations, the point is that of fewer.
            with suppress(Infeasible, TimeLimit):
                candidates.append(_solved(problem, most, effort))
        best = min(candidates, key=problem.objective.value_s)
        points += [best] if best != points[-1] else []
    points += [final] if final != points[-1] else []
    return {"solved": solved, "points": [_point(problem, placement) for placement in points]}


def _numbers(most: int) -> list[int]:
    """Return the numbers of migrations to look at, none and all among them."""
    return sorted({0, min(1, most), min(2, most), *(round(share * most) for share in SHARES)})


def _solved(problem: Problem, most: int, effort: Effort | None) -> Placement:
    limits = replace(problem.policies.limits, max_migrations=most)
    goal = problem.goal
    if isinstance(goal, Balance):  # a small gain is a point of the curve, too
        goal = replace(goal, setting=replace(goal.setting, min_gain=0.0))
    limited = replace(problem, goal=goal, policies=replace(problem.policies, limits=limits))
    return solve(limited, effort).placement


def _by_gain(problem: Problem, final: Placement) -> list[Placement]:
    """Make the moves of a plan one by one, each time the one that gains most; return the placement after each."""
    gauge = _Gauge(problem, final)
    found = [problem.snapshot.placement]
    while gauge.changes_s:
        domain = min(gauge.changes_s, key=lambda name: (gauge.changes_s[name], name))
        gauge.move(domain)
        found.append(found[-1].move({domain: final[domain]}))
    return found


class _Gauge:
    """What each move of a plan would change the objective by, while others are made.

    Attributes
    ----------
    changes_s
        Per VM that is still to move.
    """

    def __init__(self, problem: Problem, final: Placement) -> None:
        goal = problem.goal
        assert isinstance(goal, Balance)
        self._problem = problem
        self._ends = problem.snapshot.placement.moves_to(final)
        self._band = goal.band(problem.snapshot, problem.room.limits)
        self._loads = problem.snapshot.loads(problem.snapshot.placement)
        self._members = set(goal.members(problem.snapshot))
        self._worth_s = goal.weight_s(problem.snapshot) / max(1, len(self._members))
        self.changes_s = {domain: self._change_s(domain) for domain in self._ends}

    def move(self, domain: str) -> None:
        """Make a move, and judge those again that share a host with it."""
        demand, ends = self._problem.snapshot.domains[domain].demand, self._ends[domain]
        self._loads[ends[0]] = self._loads[ends[0]].minus(demand)
        self._loads[ends[1]] = self._loads[ends[1]].plus(demand)
        del self.changes_s[domain]
        for other in self.changes_s:
            if set(self._ends[other]) & set(ends):
                self.changes_s[other] = self._change_s(other)

    def _change_s(self, domain: str) -> float:
        demand = self._problem.snapshot.domains[domain].demand
        source, host = self._ends[domain]
        change = (
            self._crowding(source, self._loads[source].minus(demand))
            + self._crowding(host, self._loads[host].plus(demand))
            - self._crowding(source, self._loads[source])
            - self._crowding(host, self._loads[host])
        )
        return self._worth_s * change + self._problem.objective.cost_s(domain)

    def _crowding(self, host: str, load: Resources) -> float:
        if host not in self._members:
            return 0.0
        return self._band.crowding(load, self._problem.room.limits[host])


def _is_allowed(problem: Problem, placement: Placement) -> bool:
    """Tell whether a placement could be the end of a plan: capacities, firm rules, spare hosts."""
    loads = problem.snapshot.loads(placement)
    return (
        all(load.fits(problem.room.caps[host]) for host, load in loads.items())
        and problem.keeps_rules(placement)
        and not (problem.spare.is_kept and problem.spare.worsens(placement))
    )


def _point(problem: Problem, placement: Placement) -> dict[str, Any]:
    moved = problem.snapshot.placement.moves_to(placement)
    terms = problem.goal.terms(problem.snapshot, problem.room.limits, placement)
    return {
        "migrations": len(moved),
        "memory_mib": sum(problem.snapshot.domains[name].memory_mib for name in moved),
        "terms": {term.name: term.value for term in terms if not term.weight_s},
    }
