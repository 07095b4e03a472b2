# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose VMs keep more CPU busy than the policy lets them: who takes load off them, and who is woken for it.

Hosts that have been filled for the night have little room when the load rises, and the sum over all hosts does not show
that one of them is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..cluster.resources import TOLERANCE
from ..errors import PlanningError
from ..goal.repair import Repair
from ..pipeline import plan_problem
from ..problem.problem import Problem
from ..schedule.plan import Plan
from .waking import with_woken


@dataclass(frozen=True, kw_only=True)
class Relief:
    """What helps hosts that give out too much CPU.

    Attributes
    ----------
    crowded
        Those hosts, with their busy CPUs and what they may give out.
    woken
        Hosts that are woken first.
    plan
        Of the migrations, as if these were on.
    """

    crowded: Mapping[str, tuple[float, float]]
    woken: tuple[str, ...]
    plan: Plan


def relief(problem: Problem, asleep: Sequence[str]) -> Relief | None:
    """Return what takes hosts below the CPU that they may give out; ``None`` where nothing has to, or nothing does.

    Parameters
    ----------
    asleep
        Hosts that may be woken, the best first. None, one, two, four... of them are tried, for as long as that helps.
    """
    crowded = _crowded(problem)
    if not crowded:
        return None
    best, left = None, _excess(problem, problem.snapshot.placement)
    number = 0
    while left > TOLERANCE:
        woken = tuple(asleep[:number])
        plan = _repaired(with_woken(problem, woken))
        then = _excess(problem, plan.placement) if plan else left
        if plan and then < left - TOLERANCE:
            best, left = Relief(crowded=crowded, woken=woken, plan=plan), then
        elif number:
            break
        if number >= len(asleep):
            break
        number = max(1, 2 * number)
    return best


def _crowded(problem: Problem) -> dict[str, tuple[float, float]]:
    found = {}
    for name, host in problem.snapshot.hosts.items():
        busy, limit = problem.room.loads[name].cpu_usage, problem.room.limits[name].cpu_usage
        if host.is_up and busy > limit + TOLERANCE:
            found[name] = (busy, limit)
    return found


def _excess(problem: Problem, placement: Mapping[str, str]) -> float:
    """Return the busy CPUs beyond what the hosts that are on, or are woken, may give out."""
    capacity, hosts = problem.policies.capacity, problem.snapshot.hosts
    loads = problem.snapshot.loads(placement)
    return sum(
        max(0.0, load.cpu_usage - capacity.limit(hosts[name]).cpu_usage)
        for name, load in loads.items()
        if load.cpu_usage
    )


def _repaired(problem: Problem) -> Plan | None:
    try:
        return plan_problem(
            replace(problem, goal=Repair(effort=problem.goal.effort)), explained=False
        )
    except PlanningError:
        return None
