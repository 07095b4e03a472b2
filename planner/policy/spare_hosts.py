# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail (N+k)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..cluster.domain import Domain
from ..cluster.resources import Resources, total
from ..cluster.snapshot import ClusterSnapshot
from .base import Strictness, Violation

FAILOVER_MEMORY = 0.97
"""After a failure memory may be filled up to this share of what may be given out without headroom."""

SEARCH_STEPS, SEARCH_LOOKS = 2000, 200_000
"""How many placements a search for a packing tries at most, and at how many hosts it looks in all."""

Fits = Callable[[str, str], bool]


@dataclass(frozen=True, kw_only=True)
class SpareHosts:
    """Any ``count`` hosts that are on may fail, and each of their VMs still has a place.

    Never worsened by what empties hosts for good; required, by nothing at all: also an evacuation has to leave the
    room, as far as it is there now.

    Judged by simulated failure: the VMs of the failed hosts are packed onto the others, largest first, under
    the failover limits (looser than the planning limits: headroom is there to be used on such a day). All single
    failures are tried; of several at a time, in a large cluster, the combinations of the fullest hosts and the empty
    ones with most room.
    """

    count: int = 0
    strictness: Strictness = Strictness.NEVER_WORSEN

    @property
    def is_required(self) -> bool:
        """Tell whether no goal may use the spare room up, not even for a while."""
        return self.count > 0 and self.strictness is Strictness.REQUIRED

    def violations(
        self,
        snapshot: ClusterSnapshot,
        placement: Mapping[str, str],
        limits: Mapping[str, Resources],
        allowed: Fits,
    ) -> tuple[Violation, ...]:
        """Name every failure after which some VM has no place."""
        found = []
        for failed in self.failures(snapshot, placement, limits):
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
        self,
        snapshot: ClusterSnapshot,
        placement: Mapping[str, str],
        limits: Mapping[str, Resources],
    ) -> Iterable[tuple[str, ...]]:
        """Return the sets of hosts whose failure is tried."""
        if not self.count:
            return []
        loads = snapshot.loads(placement)
        in_use = set(placement.values())
        used = sorted(in_use, key=lambda host: (-loads[host].memory_mib, host))
        if self.count == 1:
            return [(host,) for host in used]
        # One that is empty has no VMs to lose, but is no refuge any more either.
        empty = sorted(set(limits) - in_use, key=lambda host: (-limits[host].memory_mib, host))
        tried = [*used, *empty]
        if len(tried) > self.count + 6:
            tried = [*used[: self.count + 6], *empty[: self.count - 1]]
        failures = combinations(sorted(tried), min(self.count, len(tried)))
        return [failed for failed in failures if in_use.intersection(failed)]


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
    """Pack the VMs of failed hosts onto the others; return their places, and who has none.

    By best-fit decreasing; where that leaves a VM over, by a search for a packing of all of them, which gives up
    after so many steps that what it does not find then is hardly there.
    """
    loads = snapshot.loads(placement)
    free = {name: limits[name].minus(loads[name]) for name in limits if name not in failed}
    victims = sorted(
        (snapshot.domains[name] for name, host in placement.items() if host in failed),
        key=lambda d: (-d.memory_mib, -d.vcpus, d.name),
    )
    places, homeless = _best_fit(victims, dict(free), allowed)
    if homeless and _sums_fit(victims, free):
        found = _Search(victims, free, allowed).run()
        if found is not None:
            places, homeless = found, []
    return dict(sorted(places.items())), homeless


def _best_fit(
    victims: Sequence[Domain], free: dict[str, Resources], allowed: Fits
) -> tuple[dict[str, str], list[str]]:
    places: dict[str, str] = {}
    homeless = []
    for domain in victims:
        hosts = [h for h in free if domain.demand.fits(free[h]) and allowed(domain.name, h)]
        if not hosts:
            homeless.append(domain.name)
            continue
        best = min(hosts, key=lambda host: (free[host].memory_mib, host))
        free[best] = free[best].minus(domain.demand)
        places[domain.name] = best
    return places, homeless


def _sums_fit(victims: Sequence[Domain], free: Mapping[str, Resources]) -> bool:
    needed = total(domain.demand for domain in victims)
    room = total(Resources(*(max(0.0, amount) for amount in host)) for host in free.values())
    return needed.fits(room)


class _Search:
    """Depth first, the largest VM first, the fullest host first; hosts with equal room are tried once."""

    def __init__(
        self, victims: Sequence[Domain], free: Mapping[str, Resources], allowed: Fits
    ) -> None:
        self._victims = victims
        self._free = dict(free)
        self._allowed = allowed
        self._steps = min(SEARCH_STEPS, SEARCH_LOOKS // max(1, len(free)))
        self._places: dict[str, str] = {}

    def run(self) -> dict[str, str] | None:
        """Return a place for every VM, or ``None``."""
        return self._places if self._place(0) else None

    def _place(self, number: int) -> bool:
        if number == len(self._victims):
            return True
        domain, tried = self._victims[number], set()
        for host in sorted(self._free, key=lambda h: (self._free[h].memory_mib, h)):
            room = self._free[host]
            if room in tried or not domain.demand.fits(room):
                continue
            if not self._allowed(domain.name, host):
                continue
            tried.add(room)
            self._steps -= 1
            if self._steps < 0:
                return False
            self._free[host] = room.minus(domain.demand)
            self._places[domain.name] = host
            if self._place(number + 1):
                return True
            self._free[host] = room
        self._places.pop(domain.name, None)
        return False
