# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking hosts below their limits, and repairing rules: the cheapest VMs that do it leave, each to the host that is
emptiest then.

Which items leave is a covering problem for each host and rule, so small that it is solved exactly, whatever the size of
the cluster. Where they find a place, nothing could cost less: the sum is a bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..indexed import Indexed
from ..milp.backend import Effort, solve_program
from ..search.pack import Packing
from ..search.place import place_spreading
from ..search.state import State
from .cover import Cover, Need
from .rules import broken_rules

COVER = Effort(gap=1e-6, max_nodes=500, time_limit_s=30.0)

EJECTED = 40
"""This many items that find no room are tried with ejections; each looks at a few hosts only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Who leaves the hosts that are over their limits.

    Attributes
    ----------
    items
        Numbers of the items that leave.
    bound_s
        What a repair costs at least for this: migrations, and what no migration could relieve.
    """

    items: tuple[int, ...]
    bound_s: float


def over_full(indexed: Indexed) -> list[int]:
    """Return the hosts that carry more than a limit."""
    return [
        host
        for host, (load, limit) in enumerate(zip(indexed.loads, indexed.limits, strict=True))
        if any(limit) and not load.fits(limit)
    ]


def departures(indexed: Indexed, repair_s: float, *, rules: bool = True) -> Departures:
    """Choose the cheapest items whose leaving takes hosts below their limits, and repairs broken rules.

    Parameters
    ----------
    repair_s
        What it is worth that a violation is repaired, in seconds of migration.
    rules
        Whether broken rules count, or only hosts over their limits.
    """
    wanted = [_Relief(indexed, host, repair_s) for host in over_full(indexed)]
    needs: list[Need] = [*wanted, *(broken_rules(indexed, repair_s) if rules else ())]
    items: list[int] = []
    bound_s = 0.0
    for together in _sharing_items(needs):
        chosen, least_s = _cover(indexed, together)
        items += chosen
        bound_s += least_s
    return Departures(items=tuple(sorted(items)), bound_s=bound_s)


class _Relief:
    """A host over its limits: items leave it until it carries what it may.

    Attributes
    ----------
    items
        Those that can.
    """

    def __init__(self, indexed: Indexed, host: int, repair_s: float) -> None:
        self.items = frozenset(indexed.items_at[host])
        self._indexed = indexed
        self._host = host
        self._repair_s = repair_s

    def add(self, cover: Cover) -> None:
        """Add a row for each resource that is over its limit."""
        limits, loads = self._indexed.limits[self._host], self._indexed.loads[self._host]
        for resource, (limit, load) in enumerate(zip(limits, loads, strict=True)):
            if load > limit and limit > 0:
                row = [
                    (cover.leaves[item], self._indexed.items[item].demand[resource])
                    for item in sorted(self.items)
                ]
                cover.need(row, load - limit, self._repair_s / limit)


def _sharing_items(needs: Sequence[Need]) -> list[list[Need]]:
    """Group needs that the same item may serve: what none has in common is solved on its own."""
    groups: list[tuple[set[int], list[Need]]] = []
    for need in needs:
        touched = [group for group in groups if group[0] & need.items]
        groups = [group for group in groups if not group[0] & need.items]
        items = set(need.items).union(*(group[0] for group in touched))
        groups.append((items, [*(n for group in touched for n in group[1]), need]))
    return [group[1] for group in groups]


def _cover(indexed: Indexed, needs: Sequence[Need]) -> tuple[list[int], float]:
    """Return the items that leave, and a bound of what that costs in seconds."""
    items = sorted(frozenset[int]().union(*(need.items for need in needs)))
    cover = Cover({item: indexed.items[item].cost_s for item in items})
    for need in needs:
        need.add(cover)
    answer = solve_program(cover.program, cover.costs, COVER)
    if not answer.has_values:
        return [], 0.0
    chosen = [item for item, column in cover.leaves.items() if answer.values[column] > 0.5]
    return chosen, answer.bound or 0.0


def relieve(indexed: Indexed, leaving: Departures) -> State:
    """Send the items that leave to hosts below their limits; those without a place stay."""
    state = State(indexed)
    full = set(over_full(indexed))
    rest = set(range(len(indexed.hosts))) - full
    left = place_spreading(state, leaving.items, rest)
    if left:
        Packing(state, sorted(rest)).squeeze(left[:EJECTED])
    return state
