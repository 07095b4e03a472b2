# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much hosts carry and may carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from ..policy.capacity import Capacity
from ..policy.headroom import Headroom
from ..policy.spare_hosts import FAILOVER_MEMORY


@dataclass(frozen=True)
class Room:
    """What each host may give out, by the snapshot and the policy's capacity."""

    snapshot: ClusterSnapshot
    capacity: Capacity

    @cached_property
    def limits(self) -> dict[str, Resources]:
        """What each host that is up may give out under the policies."""
        return {
            name: self.capacity.limit(host) if host.is_up else Resources()
            for name, host in self.snapshot.hosts.items()
        }

    @cached_property
    def loads(self) -> dict[str, Resources]:
        """What each host carries now."""
        return self.snapshot.loads(self.snapshot.placement)

    @cached_property
    def caps(self) -> dict[str, Resources]:
        """What each host may carry: its limit, or what it carries already, where that is more."""
        return {name: limit.at_least(self.loads[name]) for name, limit in self.limits.items()}

    def memory_limit_mib(self, host: str) -> float:
        """Return the most memory that the VMs of a host may have, normal and in huge pages."""
        return self.caps[host].memory_mib + self.snapshot.hosts[host].room_in_pages_mib

    @cached_property
    def failover_limits(self) -> dict[str, Resources]:
        """What each host may give out after the failure of others: more than planned, as headroom is for that day."""
        loose = replace(self.capacity, headroom=Headroom(cpu=0.0, memory=1 - FAILOVER_MEMORY))
        hosts = self.snapshot.hosts.items()
        return {n: loose.limit(h).at_least(self.limits[n]) for n, h in hosts if h.is_up}

    def excess(self, placement: Mapping[str, str]) -> float:
        """Return by how much hosts that are up are over their limits, as a sum of shares of these."""
        over = 0.0
        for violation in self.capacity.violations(self.snapshot, placement):
            name, resource = violation.subjects
            limit = getattr(self.limits[name], resource)
            over += violation.amount / limit if limit else 0.0
        return round(over, 9)
