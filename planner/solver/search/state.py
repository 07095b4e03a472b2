# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A placement under construction: loads, ledgers and where every item is."""

from __future__ import annotations

from ...cluster.resources import TOLERANCE
from ...policy.base import Strictness
from ..indexed import Indexed
from .ledger import Ledger, ledger


class State:
    """Where the items are, and what every host carries, kept up to date move by move."""

    def __init__(self, indexed: Indexed) -> None:
        self.indexed = indexed
        self.where = [item.home for item in indexed.items]
        self.loads = [list(load) for load in indexed.loads]
        self._ledgers: dict[int, list[Ledger]] = {}
        for rule in indexed.problem.policies.rules:
            book = ledger(rule, indexed) if rule.strictness is not Strictness.PREFERRED else None
            for number in book.amounts if book else ():
                self._ledgers.setdefault(number, []).append(book)  # type: ignore[arg-type]

    def has_room(self, item: int, host: int) -> bool:
        """Tell whether a host can carry an item beside what it carries."""
        load, demand, cap = (
            self.loads[host],
            self.indexed.items[item].demand,
            self.indexed.caps[host],
        )
        return (
            load[0] + demand[0] <= cap[0] + TOLERANCE
            and load[1] + demand[1] <= cap[1] + TOLERANCE
            and load[2] + demand[2] <= cap[2] + TOLERANCE
        )

    def obeys(self, item: int, host: int) -> bool:
        """Tell whether all rules about an item let it go to a host."""
        source = self.where[item]
        return all(book.allows(item, source, host) for book in self._ledgers.get(item, ()))

    def move(self, item: int, host: int) -> None:
        """Put an item on a host."""
        source = self.where[item]
        demand, left, joined = self.indexed.items[item].demand, self.loads[source], self.loads[host]
        for resource in range(3):
            left[resource] -= demand[resource]
            joined[resource] += demand[resource]
        for book in self._ledgers.get(item, ()):
            book.move(item, source, host)
        self.where[item] = host

    def share(self, host: int, item: int | None = None) -> float:
        """Return how full a host is (its fullest resource), or would be with an item more."""
        load, limit = self.loads[host], self.indexed.limits[host]
        extra = self.indexed.items[item].demand if item is not None else (0.0, 0.0, 0.0)
        return max(
            (load[r] + extra[r]) / limit[r] if limit[r] > 0 else float(load[r] + extra[r] > 0)
            for r in range(3)
        )

    def moves(self) -> dict[int, int]:
        """Return the items that are not at home, with their host."""
        return {n: host for n, host in enumerate(self.where) if host != self.indexed.items[n].home}
