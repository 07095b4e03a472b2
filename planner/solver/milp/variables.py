# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns: y[item, host] is 1 where an item moves to a host; staying needs none, so zero is "do nothing"."""

from __future__ import annotations

from collections.abc import Iterable

from ..indexed import Indexed
from .program import Pairs, Program


class Variables:
    """Columns of the moves.

    Parameters
    ----------
    movers
        Items that may move; the others stay.
    fixed
        Moves that are made already.
    destinations
        Per item fewer destinations than it may go to, to keep the model small.
    """

    def __init__(
        self,
        indexed: Indexed,
        movers: Iterable[int],
        destinations: dict[int, tuple[int, ...]] | None = None,
        fixed: dict[int, int] | None = None,
    ) -> None:
        self.indexed = indexed
        self.program = Program()
        self.y: dict[tuple[int, int], int] = {}
        self.of_item: dict[int, Pairs] = {}
        self.into: list[list[tuple[int, int]]] = [[] for _host in indexed.hosts]
        for item in movers:
            hosts = (destinations or {}).get(item, indexed.items[item].destinations)
            for host in hosts:
                self._add(item, host, self.program.binary())
        for item, host in (fixed or {}).items():
            self._add(item, host, self.program.column(1.0, 1.0))
        self.costs: dict[int, float] = {}
        self.constant = 0.0

    def _add(self, item: int, host: int, column: int) -> None:
        self.y[item, host] = column
        self.of_item.setdefault(item, []).append((column, 1.0))
        self.into[host].append((item, column))

    def leaves(self, item: int) -> Pairs:
        """Return the sum over all moves of an item: 1 where it leaves."""
        return self.of_item.get(item, [])

    def presence(self, item: int, host: int) -> tuple[Pairs, float]:
        """Return a linear expression (pairs and a constant) that is 1 where the item is on the host."""
        if self.indexed.items[item].home == host:
            return [(column, -1.0) for column, _one in self.leaves(item)], 1.0
        column = self.y.get((item, host))
        return ([(column, 1.0)] if column is not None else []), 0.0

    def charge(self, column: int, cost: float) -> None:
        """Add to the cost of a column."""
        self.costs[column] = self.costs.get(column, 0.0) + cost

    def moves(self, values: list[float]) -> dict[int, int]:
        """Return the items that move in an answer, with their host."""
        return {item: host for (item, host), column in self.y.items() if values[column] > 0.5}
