# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring every host into the band, at the least migration cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..cluster.resources import RESOURCE_NAMES, Resources
from ..cluster.snapshot import ClusterSnapshot
from .band import RESOURCE_RANGE, Band, share_of
from .base import Goal, Term

SQUARE_POINTS = 10_000
"""Squared percentage points in a squared limit."""


@dataclass(frozen=True, kw_only=True)
class BalanceSetting:
    """When to act, and how far to go.

    Attributes
    ----------
    trigger, target
        Half widths of the bands, as fractions of a host's limit: nothing is done while every host is within the
        trigger's band; what is done aims at the target's.
    worth_s
        Seconds of migration that it is worth to lower the crowding of one host by one squared percentage
        point: with 3.5, a host that is ten points outside the band is worth 350 s, about five migrations.
    min_gain
        The least improvement for which a plan is made, as a fraction of what there is to gain.
    """

    trigger: float = 0.10
    target: float = 0.0
    worth_s: float = 3.5
    min_gain: float = 0.10


PRESETS = {
    1: BalanceSetting(trigger=0.30, target=0.10, worth_s=0.2),
    2: BalanceSetting(trigger=0.20, target=0.05, worth_s=1.0),
    3: BalanceSetting(),
    4: BalanceSetting(trigger=0.05, worth_s=10.0, min_gain=0.05),
    5: BalanceSetting(trigger=0.02, worth_s=40.0, min_gain=0.01),
}
"""Aggressiveness: from "only relieve hosts in trouble" to "even out what can be evened out"."""


@dataclass(frozen=True, kw_only=True)
class Balance(Goal):
    """Hosts in the band, with as little migration as that takes."""

    kind: ClassVar[str] = "balance"

    setting: BalanceSetting = field(default_factory=BalanceSetting)

    @property
    def may_do_nothing(self) -> bool:
        """The cluster works as it is."""
        return True

    @property
    def follows_load(self) -> bool:
        """The load changes, and so does the answer."""
        return True

    @property
    def waits_for_full_hosts(self) -> bool:
        """Where no host is full, nobody is better off for a migration."""
        return True

    @property
    def waits_until_it_lasts(self) -> bool:
        """A short peak is over before the migrations that it would cause."""
        return True

    def members(self, snapshot: ClusterSnapshot) -> list[str]:
        """Return the hosts that are balanced: those that are up and not in maintenance."""
        return [
            name for name, host in snapshot.hosts.items() if host.is_up and not host.maintenance
        ]

    def band(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        half_width: float | None = None,
    ) -> Band:
        """Return the band around the level that the cluster could have; the target's, if no other is asked for."""
        names = self.members(snapshot)
        chosen = set(names)
        demands = [domain.demand for domain in snapshot.placed.values() if domain.host in chosen]
        width = self.setting.target if half_width is None else half_width
        return Band.around(demands, [limits[name] for name in names], width)

    def is_due(self, snapshot: ClusterSnapshot, limits: Mapping[str, Resources]) -> bool:
        """Tell whether a host is outside the trigger's band."""
        band = self.band(snapshot, limits, self.setting.trigger)
        loads = snapshot.loads(snapshot.placement)
        return not all(band.contains(loads[name], limits[name]) for name in self.members(snapshot))

    def crowding(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> float:
        """Return the mean crowding of the hosts, in squared limits."""
        band, loads, names = (
            self.band(snapshot, limits),
            snapshot.loads(placement),
            self.members(snapshot),
        )
        return sum(band.crowding(loads[name], limits[name]) for name in names) / max(1, len(names))

    def weight_s(self, snapshot: ClusterSnapshot) -> float:
        """Return what a squared limit of mean crowding is worth, in seconds of migration."""
        return self.setting.worth_s * SQUARE_POINTS * len(self.members(snapshot))

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Nothing can fall short: the band is reached as far as it pays."""
        return ()

    def terms(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> tuple[Term, ...]:
        """Return the crowding, and the standard deviations as people know them."""
        crowding = self.crowding(snapshot, limits, placement)
        return (
            Term(
                name="crowding",
                unit="squared limits",
                value=round(crowding, 9),
                weight_s=self.weight_s(snapshot),
            ),
            *self._deviations(snapshot, limits, placement),
        )

    def _deviations(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> list[Term]:
        loads, names = snapshot.loads(placement), self.members(snapshot)
        found = []
        for r in RESOURCE_RANGE:
            shares = [share_of(loads[name][r], limits[name][r]) for name in names]
            mean = sum(shares) / max(1, len(shares))
            deviation = (sum((share - mean) ** 2 for share in shares) / max(1, len(shares))) ** 0.5
            noun = RESOURCE_NAMES[Resources._fields[r]][0]
            found.append(
                Term(
                    name=f"deviation of {noun}",
                    unit="% of the limit",
                    value=round(100 * deviation, 2),
                )
            )
        return found

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say which way the load goes."""
        return f"takes load from {source} to {destination}"

    def message(self, moves: int) -> str:
        """Say what is evened out."""
        if not moves:
            return "Nothing to do: the hosts are balanced as far as it pays."
        return f"{moves} {'migration evens' if moves == 1 else 'migrations even'} out the load of the hosts."
