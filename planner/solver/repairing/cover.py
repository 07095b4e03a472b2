# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The covering problem of a repair: which items leave their hosts at least, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..milp.program import Pairs, Program


class Cover:
    """A model with a column for each item that may leave.

    Parameters
    ----------
    costs
        What it costs that each item leaves, in seconds.

    Attributes
    ----------
    leaves
        The column of each item: 1 where it leaves.
    """

    def __init__(self, costs: Mapping[int, float]) -> None:
        self.program = Program()
        self.leaves = {item: self.program.binary() for item in costs}
        self.costs = {self.leaves[item]: cost for item, cost in costs.items()}

    def need(self, row: Pairs, amount: float, price_s: float) -> None:
        """Ask for an amount of departures; what is missing of it costs so much per unit."""
        missing = self.program.column(0.0, amount)
        self.costs[missing] = price_s
        self.program.row([*row, (missing, 1.0)], ">=", amount)

    def all_leave(self, columns: Pairs) -> int:
        """Return a column that can only be 1 if all of some columns are."""
        together = self.program.binary()
        for column, _one in columns:
            self.program.row([(column, 1.0), (together, -1.0)], ">=", 0.0)
        return together


class Need(Protocol):
    """Something that is repaired only if items leave."""

    @property
    def items(self) -> frozenset[int]:
        """The items that serve it."""

    def add(self, cover: Cover) -> None:
        """Add its rows."""
