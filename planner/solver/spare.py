# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail, where a policy requires it.

A placement is judged by simulated failure. Where a failure leaves VMs without a place that have one now, rows for just
that failure go into the exact model, which is solved again, until no failure is left or there is no placement.
"""

from __future__ import annotations

from ..cluster.placement import Placement
from ..errors import Infeasible, SpareLost
from ..goal.balance import Balance
from ..goal.relocation import Relocation
from ..problem import Problem
from .indexed import Indexed
from .infeasible import amounts
from .milp.backend import Effort
from .milp.failures import add_failure
from .milp.model import EXACT_COLUMNS, build, movers_within, solve_exactly
from .milp.relaxation import find_spare_room
from .solution import Solution, proved_solution

ROUNDS = 8
"""How often failures are added to the model."""

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
        raise Infeasible(_sentence(problem, solution.placement, {}))
    if isinstance(problem.goal, Balance):
        raise SpareLost(_sentence(problem, solution.placement, {}), _moves(problem, solution))
    return _mended(problem, solution, effort)


def _mended(problem: Problem, solution: Solution, effort: Effort) -> Solution:
    indexed = Indexed(problem)
    failures: list[Failure] = []
    placement = solution.placement
    for _round in range(ROUNDS):
        failures += _new_failures(problem, placement, failures)
        variables = build(indexed, movers_within(indexed, indexed.leavers))
        for failed in failures:
            add_failure(variables, failed)
        answer = solve_exactly(variables, effort, spread=bool(indexed.leavers))
        if not answer.has_values:
            room = find_spare_room(indexed, _all_failures(problem, placement, failures), effort)
            told = {host: amounts(much) for host, much in room.items()}
            raise Infeasible(_sentence(problem, placement, told))
        placement = indexed.placement(variables.moves(answer.values))
        if not problem.worsens_spare(placement):
            proved = None if answer.bound is None else answer.bound + variables.constant
            best = max((b for b in (solution.bound, proved) if b is not None), default=None)
            return proved_solution(placement, problem.objective_s(placement), best)
    raise SpareLost(_sentence(problem, placement, {}), _moves(problem, solution))


def _new_failures(problem: Problem, placement: Placement, known: list[Failure]) -> list[Failure]:
    """Return the failures that would leave VMs without a place after the plan, and would not now."""
    now = {violation.subjects for violation in problem.stranded_now}
    found = [violation.subjects for violation in problem.stranded_by_failure(placement)]
    return [failed for failed in found if failed not in now and failed not in known]


def _all_failures(problem: Problem, placement: Placement, known: list[Failure]) -> list[Failure]:
    """Return all failures that have to be survived, if the model stays small enough; else those known."""
    now = {violation.subjects for violation in problem.stranded_now}
    tried = problem.policies.spare_hosts.failures(problem.snapshot, placement)
    every = list(dict.fromkeys([*known, *(failed for failed in tried if failed not in now)]))
    columns = len(every) * len(placement) * len(problem.failover_limits)
    return every if columns <= EXACT_COLUMNS else known


def _moves(problem: Problem, solution: Solution) -> tuple[tuple[str, str], ...]:
    """Return the VMs that move to hosts whose failure is the trouble, with the host."""
    hosts = {h for v in problem.stranded_by_failure(solution.placement) for h in v.subjects}
    moved = problem.snapshot.placement.moves_to(solution.placement)
    return tuple(
        (domain, destination)
        for domain, (_source, destination) in moved.items()
        if destination in hosts
    )


def _sentence(problem: Problem, placement: Placement, room: dict[str, str]) -> str:
    """Say which failure there would be no room for after the plan, and what would do."""
    trouble = problem.stranded_by_failure(placement)[0].sentence.rstrip(".")
    ways = [f"free {' and '.join(f'{much} on {host}' for host, much in sorted(room.items()))}"]
    ways = [*(ways if room else []), "make spare_hosts never_worsen"]
    return f"{trouble} after this plan, and spare_hosts is required; {', or '.join(ways)}."
