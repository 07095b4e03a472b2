# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail (N+k)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from .base import Violation

FAILOVER_MEMORY = 0.97
"""After a failure memory may be filled up to this share of what may be given out without headroom."""

Fits = Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True)
class SpareHosts:
    """Any ``count`` hosts in use may fail, and each of their VMs still has a place.

    Judged by simulated failure: the VMs of the failed hosts are packed onto the others, largest first, under
    the failover limits (looser than the planning limits: headroom is there to be used on such a day). All single
    failures are tried; of several at a time the combinations of the fullest hosts.
    """

    count: int = 0

    def violations(
        self,
        snapshot: ClusterSnapshot,
        placement: Mapping[str, str],
        limits: Mapping[str, Resources],
        allowed: Fits,
    ) -> tuple[Violation, ...]:
        """Name every failure after which some VM has no place."""
        found = []
        for failed in self.failures(snapshot, placement):
            homeless = stranded(snapshot, placement, failed, limits, allowed)
            if homeless:
                found.append(
                    Violation(
                        policy="spare_hosts",
                        subjects=failed,
                        amount=len(homeless),
                        sentence=f"If {' and '.join(failed)} failed, there would be no place for {homeless[0]}.",
                    )
                )
        return tuple(found)

    def failures(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> Iterable[tuple[str, ...]]:
        """Return the sets of hosts whose failure is tried."""
        if not self.count:
            return []
        loads = snapshot.loads(placement)
        used = sorted(set(placement.values()), key=lambda host: (-loads[host].memory_mib, host))
        if self.count == 1:
            return [(host,) for host in used]
        fullest = used[: self.count + 6]
        return [*combinations(fullest, min(self.count, len(fullest)))]


def stranded(
    snapshot: ClusterSnapshot,
    placement: Mapping[str, str],
    failed: tuple[str, ...],
    limits: Mapping[str, Resources],
    allowed: Fits,
) -> list[str]:
    """Return the VMs of failed hosts that no other host has a place for."""
    return repack(snapshot, placement, failed, limits, allowed)[1]


def repack(
    snapshot: ClusterSnapshot,
    placement: Mapping[str, str],
    failed: tuple[str, ...],
    limits: Mapping[str, Resources],
    allowed: Fits,
) -> tuple[dict[str, str], list[str]]:
    """Pack the VMs of failed hosts onto the others by best-fit decreasing; return their places, and who has none."""
    loads = snapshot.loads(placement)
    free = {name: limits[name].minus(loads[name]) for name in limits if name not in failed}
    victims = [snapshot.domains[name] for name, host in placement.items() if host in failed]
    places: dict[str, str] = {}
    homeless = []
    for domain in sorted(victims, key=lambda d: (-d.memory_mib, -d.vcpus, d.name)):
        hosts = [h for h in free if domain.demand.fits(free[h]) and allowed(domain.name, h)]
        if not hosts:
            homeless.append(domain.name)
            continue
        best = min(hosts, key=lambda host: (free[host].memory_mib, host))
        free[best] = free[best].minus(domain.demand)
        places[domain.name] = best
    return dict(sorted(places.items())), homeless
