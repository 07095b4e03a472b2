# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A linear program as plain data, apart from any solver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

Pairs = list[tuple[int, float]]


@dataclass(slots=True)
class Program:
    """Columns and rows; a column is known by its number.

    Attributes
    ----------
    rows
        ``(coefficients, sense, right-hand side)`` with the senses ``<=``, ``>=`` and ``=``.
    """

    lower: list[float] = field(default_factory=list)
    upper: list[float | None] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rows: list[tuple[Pairs, str, float]] = field(default_factory=list)

    def column(
        self, lower: float = 0.0, upper: float | None = None, *, integer: bool = False
    ) -> int:
        """Add a column and return its number."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.lower) - 1

    def binary(self) -> int:
        """Add a column that is 0 or 1."""
        return self.column(0.0, 1.0, integer=True)

    def row(self, pairs: Iterable[tuple[int, float]], sense: str, bound: float) -> None:
        """Add a row; coefficients of the same column are added up."""
        sums: dict[int, float] = {}
        for column, coefficient in pairs:
            sums[column] = sums.get(column, 0.0) + coefficient
        self.rows.append(([(c, v) for c, v in sums.items() if v], sense, bound))


class Ending(Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    TIME_LIMIT = "time limit without an answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What a solve returned; ``bound`` is ``None`` where the solver does not tell."""

    ending: Ending
    values: list[float]
    objective: float
    bound: float | None

    @property
    def has_values(self) -> bool:
        """Tell whether there is a placement in it."""
        return self.ending in (Ending.OPTIMAL, Ending.FEASIBLE)
