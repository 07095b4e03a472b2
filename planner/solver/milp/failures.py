# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that leave room for the VMs of hosts that fail: a place for each of them on the others, beside the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from ..indexed import Indexed
from .constraints import count_on, load_change
from .program import Pairs
from .variables import Variables


def add_failure(
    variables: Variables,
    failed: Collection[str],
    extra: Mapping[tuple[int, int], int] | None = None,
) -> None:
    """Every VM that would be on the failed hosts has another place, under the failover limits.

    Parameters
    ----------
    extra
        Columns of room more than there is, by host and resource, to find out how much is missing.
    """
    indexed = variables.indexed
    numbers = {indexed.number[name] for name in failed}
    filled: dict[int, list[tuple[int, str]]] = defaultdict(list)
    takers = _takers(indexed, numbers)
    for name in indexed.problem.snapshot.placement:
        pairs, constant = count_on(variables, [name], numbers)
        if pairs or constant:
            places = _places(variables, name, takers)
            for host, column in places.items():
                filled[host].append((column, name))
            there = [(column, -value) for column, value in pairs]
            variables.program.row([*((c, 1.0) for c in places.values()), *there], "=", constant)
    for host in takers:
        _add_room(variables, host, filled[host], extra or {})


def _takers(indexed: Indexed, failed: set[int]) -> list[int]:
    """Return the hosts that could take VMs over."""
    names = indexed.problem.failover_limits
    return [
        number
        for number, name in enumerate(indexed.hosts)
        if name in names and number not in failed and number not in indexed.leaving
    ]


def _places(variables: Variables, domain: str, takers: list[int]) -> dict[int, int]:
    """Return a new column for each host that could run a VM."""
    indexed = variables.indexed
    can_run = indexed.problem.eligibility.can_run
    return {
        host: variables.program.binary() for host in takers if can_run(domain, indexed.hosts[host])
    }


def _add_room(
    variables: Variables,
    host: int,
    filled: list[tuple[int, str]],
    extra: Mapping[tuple[int, int], int],
) -> None:
    """What a host carries then is no more than it may give out on such a day."""
    indexed = variables.indexed
    limit = indexed.problem.failover_limits[indexed.hosts[host]]
    domains = indexed.problem.snapshot.domains
    for resource in range(3) if filled else ():
        taken: Pairs = [(column, domains[name].demand[resource]) for column, name in filled]
        more = [(extra[host, resource], -1.0)] if (host, resource) in extra else []
        change = load_change(variables, host, resource)
        room = limit[resource] - indexed.loads[host][resource]
        variables.program.row([*change, *taken, *more], "<=", room)
