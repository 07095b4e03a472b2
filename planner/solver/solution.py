# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the solver returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ..cluster.placement import Placement
from ..patience import patience


class SolveStatus(Enum):
    """What is known about a placement."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A placement with what is proved about it.

    Attributes
    ----------
    objective, bound
        In seconds; no placement can have an objective below the bound.
    term_bounds
        Proved bounds of single terms, by name.
    """

    placement: Placement
    status: SolveStatus
    objective: float
    bound: float
    term_bounds: dict[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Return the distance to the bound, as a fraction of the objective."""
        return (
            0.0
            if self.objective <= self.bound
            else (self.objective - self.bound) / abs(self.objective)
        )


PROVED = 1e-4
"""A relative gap that counts as proof of optimality."""


def proved_solution(
    placement: Placement,
    objective: float,
    bound: float | None,
    term_bounds: dict[str, float] | None = None,
    yardstick_s: float | None = None,
) -> Solution:
    """Make a solution whose status follows from objective and bound alone, whatever a solver called it.

    Parameters
    ----------
    yardstick_s
        What a gap is small against; without it, the objective. Where one term dwarfs the others, as a host dwarfs
        its migrations, a gap of several migrations would be small against the objective and no proof.
    """
    known = min(objective, bound if bound is not None else 0.0)
    near = objective - known <= PROVED * max(
        1.0, abs(yardstick_s if yardstick_s is not None else objective)
    )
    patience().learn(objective, known)
    return Solution(
        placement=placement,
        status=SolveStatus.OPTIMAL if near else SolveStatus.FEASIBLE,
        objective=objective,
        bound=round(known, 3),
        term_bounds=term_bounds or {},
    )
