# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The band that a balanced cluster's hosts are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..cluster.resources import Resources

RESOURCE_RANGE = range(3)

WEIGHTS = (1.0, 3.0, 3.0)
"""What a squared share counts, per resource. VMs feel it when a host's CPU gets more crowded; memory they
feel only when there is none left, and that the limits prevent."""

BUSY = 2
"""The number of busy CPU among the resources."""

QUIET = 0.5
"""A host less busy than this has CPU to spare for every VM that wants it: no migration makes any of them quicker."""


@dataclass(frozen=True, slots=True)
class Band:
    """Shares of its limit that a host should carry, per resource, in the order of ``Resources``.

    How far a cluster is from it is measured by its crowding. Squared shares averaged over hosts are how full
    the host is that the average MiB (or vCPU) lives on; the square of the level of it cannot be changed by
    any placement, the squared distance from the level can. Inside the band, that distance counts as nothing.

    Attributes
    ----------
    level
        Where all hosts would be that no single VM fills higher, if the other VMs were as fine as sand.
    low, high
        The level less and more the half width.
    """

    level: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def around(
        cls, demands: Sequence[Resources], limits: Sequence[Resources], half_width: float
    ) -> Band:
        """Return the band of hosts with these limits that carry VMs with these demands."""
        level = tuple(
            _level([d[r] for d in demands], [limit[r] for limit in limits]) for r in RESOURCE_RANGE
        )
        low = [max(0.0, share - half_width) for share in level]
        high = [share + half_width for share in level]
        low[BUSY], high[BUSY] = 0.0, max(high[BUSY], QUIET)
        return cls(level, tuple(low), tuple(high))

    def excess(self, resource: int, share: float) -> float:
        """Return by how much a share is above or below the band."""
        return max(0.0, share - self.high[resource], self.low[resource] - share)

    def contains(self, load: Resources, limit: Resources) -> bool:
        """Tell whether a host is inside with every resource."""
        return all(self.excess(r, share_of(load[r], limit[r])) <= 1e-9 for r in RESOURCE_RANGE)

    @property
    def ideal(self) -> float:
        """What the crowding is if all hosts are inside."""
        return sum(w * share**2 for w, share in zip(WEIGHTS[:BUSY], self.level[:BUSY], strict=True))

    def crowding(self, load: Resources, limit: Resources) -> float:
        """Return how crowded a host is: the squared level, and the squared distance to the band."""
        return self.ideal + sum(
            WEIGHTS[r] * self.excess(r, share_of(load[r], limit[r])) ** 2 for r in RESOURCE_RANGE
        )


def _level(demands: Sequence[float], limits: Sequence[float]) -> float:
    """Return the share that is left for all other hosts once VMs larger than that share have a host of their own.

    Worked example: VMs of 80, 20 and 20 on three hosts of 100. The mean is 0.40, but no host can be rid of
    the VM of 80: the other two can be level at (20 + 20) / 200 = 0.20.
    """
    rest, room = sum(demands), sorted(limits, reverse=True)
    left = sum(room)
    for demand, limit in zip(sorted(demands, reverse=True), room, strict=False):
        if left <= 0 or demand / limit <= rest / left if limit > 0 else True:
            break
        rest, left = rest - demand, left - limit
    return rest / left if left > 0 else 0.0


def share_of(used: float, most: float) -> float:
    """Return a fraction of a limit; of no limit, nothing."""
    return used / most if most > 0 else 0.0
