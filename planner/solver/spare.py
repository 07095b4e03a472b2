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
from .milp.failures import add_failure
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

Failure = tuple[str, ...]


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
    cuts = _Cuts(problem, solution, effort)
    leavers, everything = cuts.indexed.leavers, range(len(cuts.indexed.items))
    for movers in (leavers, everything):
        found = cuts.solve(movers) if movers and cuts.is_small(movers) else None
        if found:
            return found
    if cuts.is_small(everything) and cuts.verdict is Verdict.INFEASIBLE:
        raise Infeasible(_sentence(problem, cuts.placement, _ways(cuts)))
    told = _sentence(problem, cuts.placement, [], proved=False)
    raise SpareLost(told, _moves(problem, solution), solution.bound)


def _refuse_by_sums(problem: Problem) -> None:
    """Refuse where all VMs are more than the hosts hold without the largest that may fail, however they are placed."""
    everywhere = list(problem.failover_limits)
    others = [name for name in everywhere if name not in problem.goal.must_leave]
    spare = problem.policies.spare_hosts.count
    for resource, key in enumerate(Resources._fields):
        missing = _missing(problem, others, resource)
        if missing > TOLERANCE >= _missing(problem, everywhere, resource):
            raise Infeasible(
                f"If {spare} more {'host' if spare == 1 else 'hosts'} failed while {' and '.join(problem.goal.hosts)} "
                f"cannot be used, there would be no place for all VMs, and spare_hosts is required; free "
                f"at least {in_words(key, ceil(missing))}, or make spare_hosts never_worsen."
            )


def _missing(problem: Problem, hosts: Sequence[str], resource: int) -> float:
    """Return how much more the VMs take than these hosts hold without the largest that may fail."""
    sizes = sorted(problem.failover_limits[name][resource] for name in hosts)
    needed = sum(load[resource] for load in problem.loads.values())
    return needed - sum(sizes[: max(0, len(sizes) - problem.policies.spare_hosts.count)])


class _Cuts:
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
        self.failures: list[Failure] = []
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
            self.failures += _new_failures(self._problem, self.placement, self.failures)
            variables = build(self.indexed, movers)
            for failed in self.failures:
                add_failure(variables, failed)
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


def _new_failures(problem: Problem, placement: Placement, known: list[Failure]) -> list[Failure]:
    """Return the failures that would leave VMs without a place after the plan, and would not now."""
    now = {violation.subjects for violation in problem.stranded_now}
    found = [violation.subjects for violation in problem.stranded_by_failure(placement)]
    return [failed for failed in found if failed not in now and failed not in known]


def _moves(problem: Problem, solution: Solution) -> tuple[tuple[str, str], ...]:
    """Return the VMs that move to hosts whose failure is the trouble, with the host."""
    hosts = {h for v in problem.stranded_by_failure(solution.placement) for h in v.subjects}
    moved = problem.snapshot.placement.moves_to(solution.placement)
    return tuple(
        (domain, destination)
        for domain, (_source, destination) in moved.items()
        if destination in hosts
    )


def _ways(cuts: _Cuts) -> list[str]:
    """Say what room would do, if that is room on a few hosts."""
    indexed = cuts.indexed
    room = find_spare_room(indexed, cuts.failures, Effort(gap=GAP, max_nodes=NODES))
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
