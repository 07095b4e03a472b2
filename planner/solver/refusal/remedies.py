# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest changes that would make an infeasible problem feasible, each found by an optimisation of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from ...cluster.resources import Resources
from ...policy.base import Rule
from ...problem.problem import Problem
from ..indexed import Indexed
from ..milp import constraints
from ..milp.backend import Effort, solve_program
from ..milp.failures import Failure, Refuge, add_failures
from ..milp.model import build, movers_within
from ..milp.program import Pairs, Solved
from ..milp.variables import Variables

RESOURCES = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedies:
    """Each alone is enough; ``None`` or empty where that way does not help.

    Attributes
    ----------
    room
        Per host the amounts to free there, the least in all.
    overcommit
        Per resource that has an overcommit: the least factor.
    left_out
        The fewest VMs to leave out (shut down, or exclude by other means).
    """

    room: dict[str, Resources] = field(default_factory=dict)
    overcommit: dict[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def find_remedies(indexed: Indexed, effort: Effort) -> Remedies:
    """Return what would help; only the VMs that have to leave are moved in this calculation."""
    return Remedies(
        room=_room(indexed, effort),
        overcommit=_overcommit(indexed, effort),
        left_out=_left_out(indexed, effort),
    )


def find_spare_room(
    indexed: Indexed, failures: Sequence[Failure], effort: Effort
) -> dict[str, Resources]:
    """Return the least room to free, per host, for the VMs of hosts that fail to have a place beside the plan."""
    variables = build(indexed, movers_within(indexed, indexed.leavers))
    missing = {
        (host, resource): variables.program.column()
        for host in range(len(indexed.hosts))
        for resource in RESOURCES
    }
    add_failures(variables, failures, Refuge(extra=missing))
    costs = {c: 1.0 / (indexed.limits[h][r] or 1.0) for (h, r), c in missing.items()}
    answer = solve_program(variables.program, costs, effort)
    return _amounts(indexed, missing, answer) if answer.has_values else {}


def find_conflict(problem: Problem, effort: Effort) -> tuple[Rule, ...]:
    """Return a smallest set of firm rules that, with the capacities, has no placement; empty if capacity
    alone is short.

    A deletion filter: each rule is left out in turn, for good where there is still no placement without it.

    References
    ----------
    J. W. Chinneck, E. W. Dravnieks, "Locating minimal infeasible constraint sets in linear programs", 1991.
    """
    kept = [rule for rule in problem.policies.rules if rule.is_firm]
    if _is_feasible(problem, [], effort):
        for rule in list(kept):
            fewer = [other for other in kept if other is not rule]
            if not _is_feasible(problem, fewer, effort):
                kept = fewer
        return tuple(kept)
    return ()


def _is_feasible(problem: Problem, rules: Sequence[Rule], effort: Effort) -> bool:
    indexed = Indexed(replace(problem, policies=replace(problem.policies, rules=tuple(rules))))
    movers = movers_within(indexed, indexed.leavers)
    return solve_program(build(indexed, movers).program, {}, effort).has_values


def _departures(variables: Variables) -> None:
    constraints.add_departures(variables)
    constraints.add_rules(variables)


def _room(indexed: Indexed, effort: Effort) -> dict[str, Resources]:
    """Minimise the missing room over all hosts, as a share of what a host has, on as few hosts as that takes."""
    variables = Variables(indexed, indexed.leavers)
    _departures(variables)
    costs: dict[int, float] = {}
    missing: dict[tuple[int, int], int] = {}
    for host, resource, pairs, room in _capacity_rows(variables):
        column = variables.program.column()
        limit = indexed.limits[host][resource] or 1.0
        costs[column] = 1.0 / limit
        missing[host, resource] = column
        variables.program.row([*pairs, (column, -1.0)], "<=", room)
    answer = solve_program(variables.program, costs, effort)
    if not answer.has_values:
        return {}
    return _amounts(indexed, missing, answer)


def _amounts(
    indexed: Indexed, missing: dict[tuple[int, int], int], answer: Solved
) -> dict[str, Resources]:
    found: dict[str, Resources] = {}
    for host, name in enumerate(indexed.hosts):
        amounts = [
            answer.values[missing[host, r]] if (host, r) in missing else 0.0 for r in RESOURCES
        ]
        if max(amounts) > 1e-6:
            found[name] = Resources(
                ceil(amounts[0] - 1e-6), ceil(amounts[1] - 1e-6), round(amounts[2], 2)
            )
    return found


def _overcommit(indexed: Indexed, effort: Effort) -> dict[str, float]:
    """Minimise one factor at a time that all hosts' memory (or vCPUs) may be overcommitted by."""
    capacity = indexed.problem.policies.capacity
    found = {}
    for resource, key, factor in (
        (0, "memory_overcommit", capacity.memory_overcommit),
        (1, "vcpu_overcommit", capacity.vcpu_overcommit),
    ):
        variables = Variables(indexed, indexed.leavers)
        _departures(variables)
        column = variables.program.column(factor)
        for host, r, pairs, room in _capacity_rows(variables):
            unit = indexed.limits[host][r] / factor
            load = indexed.loads[host][r]
            if r == resource:
                variables.program.row([*pairs, (column, -unit)], "<=", -load)
            else:
                variables.program.row(pairs, "<=", room)
        answer = solve_program(variables.program, {column: 1.0}, effort)
        if answer.has_values:
            found[key] = ceil(answer.values[column] * 100 - 1e-6) / 100
    return found


def _left_out(indexed: Indexed, effort: Effort) -> tuple[str, ...]:
    """Leave out as few VMs as possible, small ones first."""
    variables = Variables(indexed, indexed.leavers)
    constraints.add_rules(variables)
    for _host, _resource, pairs, room in _capacity_rows(variables):
        variables.program.row(pairs, "<=", room)
    total = sum(indexed.items[item].demand.memory_mib for item in indexed.leavers) or 1.0
    costs: dict[int, float] = {}
    skipped: dict[int, int] = {}
    for item in indexed.leavers:
        column = variables.program.binary()
        skipped[item] = column
        costs[column] = (
            len(indexed.items[item].members) + indexed.items[item].demand.memory_mib / total / 2
        )
        variables.program.row([*variables.leaves(item), (column, 1.0)], "=", 1.0)
    answer = solve_program(variables.program, costs, effort)
    if not answer.has_values:
        return ()
    return tuple(
        n for i, c in skipped.items() if answer.values[c] > 0.5 for n in indexed.items[i].members
    )


def _capacity_rows(variables: Variables) -> list[tuple[int, int, Pairs, float]]:
    indexed = variables.indexed
    return [
        (
            host,
            resource,
            constraints.load_change(variables, host, resource),
            indexed.caps[host][resource] - indexed.loads[host][resource],
        )
        for host in range(len(indexed.hosts))
        if variables.into[host]
        for resource in RESOURCES
    ]
