# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail, where a policy requires it.

A placement is judged by simulated failure. Where a failure leaves VMs without a place that have one now, rows for just
that failure go into the exact model, which is solved again, until no failure is left or there is no placement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from ..cluster.placement import Placement
from ..cluster.resources import TOLERANCE, Resources, in_words
from ..errors import Infeasible, SpareLost
from ..goal.balance import Balance
from ..goal.relocation import Relocation
from ..problem import Problem
from .indexed import Indexed
from .infeasible import amounts
from .milp.backend import Effort
from .milp.failures import Cuts
from .milp.model import build, solve_exactly
from .milp.program import Verdict
from .milp.relaxation import find_spare_room
from .solution import Solution, proved_solution

ROUNDS = 8
"""How often failures are added to the model."""

COLUMNS = 4000
"""For so many places of VMs a failure is put into the model."""

GAP, NODES = 1e-4, 200
"""Limits of the models: of gaps and nodes, never of time, so that a busy machine plans the same."""

HOSTS_NAMED = 4
"""Room that would have to be freed on more hosts than this is no remedy that anybody would take."""


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
    if not required or not problem.worsens_spare(solution.placement):
        return solution
    if isinstance(problem.goal, Relocation):
        raise Infeasible(_sentence(problem, solution.placement, []))
    if isinstance(problem.goal, Balance):
        told = _sentence(problem, solution.placement, [], proved=False)
        raise SpareLost(told, _moves(problem, solution), solution.bound)
    return _mended(problem, solution, effort)


def _mended(problem: Problem, solution: Solution, effort: Effort) -> Solution:
    """Move only who has to leave, if that is enough; else let all VMs make room, if the model stays small enough."""
    _refuse_by_sums(problem)
    search = _Search(problem, solution, effort)
    leavers, everything = search.indexed.leavers, range(len(search.indexed.items))
    for movers in (leavers, everything):
        found = search.solve(movers) if movers and search.is_small(movers) else None
        if found:
            return found
    if search.is_small(everything) and search.verdict is Verdict.INFEASIBLE:
        raise Infeasible(_sentence(problem, search.placement, _ways(search)))
    told = _sentence(problem, search.placement, [], proved=False)
    raise SpareLost(told, _moves(problem, solution), solution.bound)


def _refuse_by_sums(problem: Problem) -> None:
    """Refuse where all VMs are more than the hosts hold without the largest that may fail, however they are placed."""
    spare = problem.policies.spare_hosts.count
    for resource, key in enumerate(Resources._fields):
        missing = _missing(problem, resource)
        if missing > TOLERANCE and not problem.stranded_now:
            raise Infeasible(
                f"If {spare} more {'host' if spare == 1 else 'hosts'} failed while {' and '.join(problem.goal.hosts)} "
                f"cannot be used, there would be no place for all VMs, and spare_hosts is required; free "
                f"at least {in_words(key, ceil(missing))}, or make spare_hosts never_worsen."
            )


def _missing(problem: Problem, resource: int) -> float:
    """Return how much more the VMs take than the hosts that remain hold without the largest of them."""
    sizes = sorted(
        max(limit[resource], problem.loads[name][resource])
        for name, limit in problem.failover_limits.items()
        if name not in problem.goal.must_leave
    )
    needed = sum(load[resource] for load in problem.loads.values())
    return needed - sum(sizes[: max(0, len(sizes) - problem.policies.spare_hosts.count)])


class _Search:
    """The exact model, with rows for more and more failures.

    Attributes
    ----------
    placement, verdict
        The last one that lost spare room, and how the last solve ended.
    """

    def __init__(self, problem: Problem, solution: Solution, effort: Effort) -> None:
        self.indexed = Indexed(problem)
        self.placement = solution.placement
        self.verdict: Verdict | None = None
        self.cuts = Cuts(problem)
        self._problem = problem
        self._bound = solution.bound
        self._effort = replace(effort, gap=GAP, max_nodes=NODES)

    def is_small(self, movers: Sequence[int]) -> bool:
        """Tell whether a model with some failures in it can be solved."""
        hosts = len(self.indexed.hosts)
        at_a_host = 1 + len(self._problem.snapshot.placement) // max(1, hosts)
        return (len(movers) + at_a_host) * hosts <= COLUMNS

    def solve(self, movers: Sequence[int]) -> Solution | None:
        """Return a solution in which these items move; ``None`` if none was found."""
        for _round in range(ROUNDS):
            self.cuts.add(self.placement)
            variables = build(self.indexed, movers)
            self.cuts.apply(variables)
            answer = solve_exactly(variables, self._effort, spread=bool(self.indexed.leavers))
            self.verdict = answer.verdict
            if not answer.has_values:
                return None
            self.placement = self.indexed.placement(variables.moves(answer.values))
            if not self._problem.worsens_spare(self.placement):
                return proved_solution(
                    self.placement, self._problem.objective_s(self.placement), self._bound
                )
        self.verdict = None
        return None


def _moves(problem: Problem, solution: Solution) -> tuple[tuple[str, str], ...]:
    """Return the VMs that move to hosts whose failure is the trouble, with the host."""
    hosts = {h for v in problem.stranded_by_failure(solution.placement) for h in v.subjects}
    moved = problem.snapshot.placement.moves_to(solution.placement)
    return tuple(
        (domain, destination)
        for domain, (_source, destination) in moved.items()
        if destination in hosts
    )


def _ways(search: _Search) -> list[str]:
    """Say what room would do, if that is room on a few hosts."""
    indexed = search.indexed
    room = find_spare_room(indexed, search.cuts.failures, Effort(gap=GAP, max_nodes=NODES))
    if not 0 < len(room) <= HOSTS_NAMED:
        return []
    return [
        f"free {' and '.join(f'{amounts(much)} on {host}' for host, much in sorted(room.items()))}"
    ]


def _sentence(
    problem: Problem, placement: Placement, ways: Sequence[str], *, proved: bool = True
) -> str:
    """Say which failure there would be no room for after the plan, and what would do."""
    trouble = problem.stranded_by_failure(placement)[0].sentence.rstrip(".")
    told = ", or ".join([*ways, "make spare_hosts never_worsen"])
    search = "" if proved else "; no other placement was found"
    return f"{trouble} after this plan, and spare_hosts is required{search}; {told}."
