# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a search weighs the imbalance of hosts against the cost of migrations."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from ...goal.balance import Balance
from ...goal.band import WEIGHTS
from ..indexed import Indexed


class Scale:
    """The objective of a balance, host by host.

    Attributes
    ----------
    members
        Numbers of the hosts that are balanced.
    host_s
        Seconds that a squared limit of distance to the band costs on one host.
    """

    def __init__(self, indexed: Indexed, goal: Balance) -> None:
        problem = indexed.problem
        self.indexed = indexed
        self.band = goal.band(problem.snapshot, problem.room.limits)
        self.members = [indexed.number[name] for name in goal.members(problem.snapshot)]
        self.weight_s = goal.weight_s(problem.snapshot)
        self.host_s = self.weight_s / max(1, len(self.members))
        self.inverse = [
            tuple(1 / most if most > 0 else 0.0 for most in limit) for limit in indexed.limits
        ]
        self._balanced = [False] * len(indexed.hosts)
        for host in self.members:
            self._balanced[host] = True

    def weighted(self, factor: float) -> Scale:
        """Return the scale with imbalance counting more, or less."""
        other = copy(self)
        other.host_s = self.host_s * factor
        return other

    def penalty_s(
        self,
        host: int,
        load: Sequence[float],
        change: Sequence[float] = (0.0, 0.0, 0.0),
        sign: int = 1,
    ) -> float:
        """Return what a host's distance to the band costs, with an amount more (or less) on it."""
        if not self._balanced[host]:
            return 0.0
        inverse, low, high = self.inverse[host], self.band.low, self.band.high
        found = 0.0
        for resource in (0, 1, 2):
            share = (load[resource] + sign * change[resource]) * inverse[resource]
            if share > high[resource]:
                found += WEIGHTS[resource] * (share - high[resource]) ** 2
            elif share < low[resource]:
                found += WEIGHTS[resource] * (low[resource] - share) ** 2
        return self.host_s * found

    def height(self, host: int, load: Sequence[float]) -> float:
        """Return how far a host is above the level, summed over memory and vCPUs."""
        inverse, level = self.inverse[host], self.band.level
        return load[0] * inverse[0] - level[0] + load[1] * inverse[1] - level[1]
