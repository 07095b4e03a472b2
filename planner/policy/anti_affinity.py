# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that must not share a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Violation, count_per_host
from .zones import zone_of


@dataclass(frozen=True, kw_only=True)
class AntiAffinity(Rule):
    """At most ``at_most`` of these VMs run on one host; or in one failure domain, such as a rack.

    Attributes
    ----------
    across
        The label of hosts that tells their failure domain; ``None`` for the hosts themselves.
    """

    kind: ClassVar[str] = "anti_affinity"

    at_most: int = 1
    across: str | None = None

    @property
    def zones_are_hosts(self) -> bool:
        """Tell whether the VMs must not share a host, rather than something larger."""
        return self.across is None

    def zone(self, snapshot: ClusterSnapshot, host: str) -> str:
        """Return what the VMs must not share, for a host."""
        return zone_of(snapshot, host, self.across)

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Count the VMs beyond the number allowed, zone by zone."""
        zones = {d: self.zone(snapshot, placement[d]) for d in self.members(placement)}
        return tuple(
            Violation(
                policy=self.name,
                subjects=tuple(names),
                amount=len(names) - self.at_most,
                sentence=f"{self.name} allows {self.at_most} of its VMs on {zone}, but there are "
                f"{len(names)}: {', '.join(names)}.",
            )
            for zone, names in sorted(count_per_host(zones, zones).items())
            if len(names) > self.at_most
        )

    def amount_during(
        self, snapshot: ClusterSnapshot, ends: Mapping[str, tuple[str, ...]]
    ) -> float:
        """Count the VMs beyond the number allowed, where a VM is in the zones of both its ends."""
        zones: dict[str, int] = {}
        for domain in self.domains:
            for zone in {self.zone(snapshot, host) for host in ends.get(domain, ())}:
                zones[zone] = zones.get(zone, 0) + 1
        return sum(max(0, count - self.at_most) for count in zones.values())
