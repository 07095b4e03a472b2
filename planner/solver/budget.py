# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the migrations of one plan may take in all: their number, their memory, and the time of hosts and cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..cluster.resources import TOLERANCE
from .indexed import Indexed

Resource = str | int
"""``migrations``, ``memory`` (MiB), ``time`` (seconds of all migrations together), or the number of a host
(seconds that it takes part in migrations)."""

Use = tuple[Resource, float]
"""How much of a resource something takes."""


def added(uses: Iterable[Use]) -> dict[Resource, float]:
    """Return the sums by resource."""
    sums: dict[Resource, float] = defaultdict(float)
    for resource, amount in uses:
        sums[resource] += amount
    return sums


class Budget:
    """The limits of a plan in all, as amounts that each move takes a part of.

    Time is a necessary condition only: whether an order exists that ends in time is known when there is one.

    Attributes
    ----------
    limits
        What there is of each resource that is limited at all.
    """

    def __init__(self, indexed: Indexed) -> None:
        self._items = indexed.items
        problem = indexed.problem
        self._domains = problem.snapshot.domains
        limits = problem.policies.limits
        self.limits: dict[Resource, float] = {}
        if limits.max_migrations is not None:
            self.limits["migrations"] = limits.max_migrations
        if limits.max_memory_gib is not None:
            self.limits["memory"] = limits.max_memory_gib * 1024
        if problem.time.duration_s is not None:
            seconds = problem.time.duration_s * problem.pace
            self.limits["time"] = seconds * problem.time.at_once
            self.limits.update(dict.fromkeys(range(len(indexed.hosts)), seconds * limits.per_host))
            self._seconds = [
                sum(problem.time.work_s(name) for name in item.members) for item in self._items
            ]

    def uses(self, item: int, host: int) -> Iterable[Use]:
        """Return what it takes that an item is on a host afterwards; at home, nothing."""
        if host != self._items[item].home:
            yield from self.leaving(item)
            if "time" in self.limits:
                yield host, self._seconds[item]

    def leaving(self, item: int) -> Iterable[Use]:
        """Return what it takes that an item leaves its home, wherever it goes."""
        entry = self._items[item]
        if "migrations" in self.limits:
            yield "migrations", len(entry.members)
        if "memory" in self.limits:
            yield "memory", sum(self._domains[name].memory_mib for name in entry.members)
        if "time" in self.limits:
            yield "time", self._seconds[item]
            yield entry.home, self._seconds[item]

    def taken(self, moves: Mapping[int, int]) -> dict[Resource, float]:
        """Add up what moves (item to host) take."""
        return added(use for item, host in moves.items() for use in self.uses(item, host))

    def allows(self, moves: Mapping[int, int]) -> bool:
        """Tell whether moves stay within all limits."""
        return self.most_exceeded(self.taken(moves)) is None

    def most_exceeded(self, taken: Mapping[Resource, float]) -> Use | None:
        """Return the resource that is farthest beyond its limit, in proportion, and how much of it is taken."""
        over = [
            (key, amount) for key, amount in taken.items() if amount > self.limits[key] + TOLERANCE
        ]
        return max(over, key=lambda e: e[1] / (self.limits[e[0]] or TOLERANCE), default=None)


class BudgetLeft:
    """What is left of a budget while a search moves items about."""

    def __init__(self, budget: Budget, where: list[int], moves: Mapping[int, int]) -> None:
        self._budget = budget
        self._where = where
        taken = budget.taken(moves)
        self._left = {key: most - taken.get(key, 0.0) for key, most in budget.limits.items()}

    def allows(self, moves: Iterable[tuple[int, int]]) -> bool:
        """Tell whether what is left is enough for moves from where the items are now."""
        if not self._left:
            return True
        change = added(use for item, host in moves for use in self._change(item, host))
        return all(
            amount <= max(0.0, self._left[key]) + TOLERANCE for key, amount in change.items()
        )

    def pay(self, item: int, host: int) -> None:
        """Take note of a move, before it is made."""
        for key, amount in self._change(item, host) if self._left else ():
            self._left[key] -= amount

    def _change(self, item: int, host: int) -> Iterable[Use]:
        """Return what a move takes, and what it gives back of the item's present place."""
        yield from self._budget.uses(item, host)
        for resource, amount in self._budget.uses(item, self._where[item]):
            yield resource, -amount
