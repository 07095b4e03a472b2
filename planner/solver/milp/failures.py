# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that leave room for the VMs of hosts that fail: a place for each of them on the others, beside the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...cluster.placement import Placement
from ...cluster.resources import TOLERANCE
from ...problem.problem import Problem
from ..indexed import Indexed
from .constraints import count_on, load_change
from .program import Pairs
from .variables import Variables

Failure = tuple[str, ...]
"""Hosts that fail together."""


@dataclass(frozen=True, kw_only=True)
class Refuge:
    """Who may take VMs over, and how much.

    Attributes
    ----------
    stranded
        VMs that may be left without a place, all failures taken together: as many as there are now.
    kept
        Columns that are 1 for a host that stays in use, where only those take VMs over.
    extra
        Columns of room more than there is, by host and resource, to find out how much is missing.
    """

    stranded: float = 0.0
    kept: Mapping[int, int] = field(default_factory=dict)
    extra: Mapping[tuple[int, int], int] = field(default_factory=dict)


class Cuts:
    """What placements that lose spare room teach the exact model, which is then solved again.

    Attributes
    ----------
    failures
        Failures that would leave VMs without a place.
    """

    def __init__(self, problem: Problem) -> None:
        self.failures: list[Failure] = []
        self._problem = problem
        self._refused: list[Placement] = []

    def add(self, placement: Placement) -> None:
        """Learn from a placement: the failures it has no room for; or, if they are known, not to propose it again.

        Failures that leave VMs without a place as things are count, too: all together may leave as many as now.
        """
        problem = self._problem
        both = (*problem.spare.stranded_now, *problem.spare.stranded(placement))
        found = dict.fromkeys(violation.subjects for violation in both)
        known = {*self.failures, *(f for f in found if problem.goal.must_leave.intersection(f))}
        new = [failed for failed in found if failed not in known]
        self.failures += new
        if not new:
            self._refused.append(placement)

    def apply(self, variables: Variables, kept: Mapping[int, int] | None = None) -> None:
        """Add the rows to a model; where hosts are kept or not, only those that are take VMs over."""
        refuge = Refuge(stranded=self._problem.spare.tolerated, kept=kept or {})
        add_failures(variables, self.failures, refuge)
        for placement in self._refused:
            _forbid(variables, placement)


def _forbid(variables: Variables, placement: Placement) -> None:
    """Exclude one placement, which the simulation refuses though the rows see places for all VMs."""
    indexed = variables.indexed
    pairs: Pairs = []
    present = 0
    for (item, host), column in variables.y.items():
        is_there = placement[indexed.items[item].members[0]] == indexed.hosts[host]
        pairs.append((column, -1.0 if is_there else 1.0))
        present += is_there
    variables.program.row(pairs, ">=", 1.0 - present)


def add_failures(variables: Variables, failures: Iterable[Failure], refuge: Refuge) -> None:
    """Every VM that would be on hosts that fail has another place, under the failover limits."""
    stranded: Pairs = []
    for failed in failures:
        stranded += _add_failure(variables, failed, refuge)
    if stranded:
        variables.program.row(stranded, "<=", refuge.stranded)


def _add_failure(variables: Variables, failed: Failure, refuge: Refuge) -> Pairs:
    """Add one failure; return the columns of the VMs that are left without a place."""
    indexed = variables.indexed
    numbers = {indexed.number[name] for name in failed}
    filled: dict[int, list[tuple[int, str]]] = defaultdict(list)
    takers = _takers(indexed, numbers)
    stranded: Pairs = []
    for name in indexed.problem.snapshot.placement:
        pairs, constant = count_on(variables, [name], numbers)
        if not pairs and not constant:
            continue
        places = _places(variables, name, takers)
        for host, column in places.items():
            filled[host].append((column, name))
        ends = [(column, 1.0) for column in places.values()]
        if refuge.stranded:
            stranded.append((variables.program.column(0.0, 1.0), 1.0))
            ends.append(stranded[-1])
        negated = [(column, -value) for column, value in pairs]
        variables.program.row([*ends, *negated], "=", constant)
    for host, taken in filled.items():
        _add_room(variables, host, taken, refuge)
    return stranded


def _takers(indexed: Indexed, failed: set[int]) -> list[int]:
    """Return the hosts that could take VMs over."""
    names = indexed.problem.room.failover_limits
    return [
        number
        for number, name in enumerate(indexed.hosts)
        if name in names and number not in failed and number not in indexed.leaving
    ]


def _places(variables: Variables, domain: str, takers: list[int]) -> dict[int, int]:
    """Return a new column for each host that could run a VM."""
    indexed = variables.indexed
    can_run = indexed.problem.ways.eligibility.can_run
    return {
        host: variables.program.binary() for host in takers if can_run(domain, indexed.hosts[host])
    }


def _add_room(
    variables: Variables, host: int, taken: list[tuple[int, str]], refuge: Refuge
) -> None:
    """What a host carries then is no more than it may give out on such a day; one that is fuller takes nothing."""
    indexed = variables.indexed
    limit = indexed.problem.room.failover_limits[indexed.hosts[host]]
    excess = [max(0.0, cap - most) for cap, most in zip(indexed.caps[host], limit, strict=True)]
    is_fuller = variables.program.binary() if max(excess) > TOLERANCE else None
    if is_fuller is not None:
        for column, _name in taken:
            variables.program.row([(column, 1.0), (is_fuller, 1.0)], "<=", 1.0)
    domains = indexed.problem.snapshot.domains
    for resource in range(3):
        row = load_change(variables, host, resource)
        row += [(column, domains[name].demand[resource]) for column, name in taken]
        if (host, resource) in refuge.extra:
            row.append((refuge.extra[host, resource], -1.0))
        if is_fuller is not None:
            row.append((is_fuller, -excess[resource]))
        room = limit[resource] - indexed.loads[host][resource]
        if host in refuge.kept:
            row.append((refuge.kept[host], -limit[resource]))
            room -= limit[resource]
        variables.program.row(row, "<=", room)
