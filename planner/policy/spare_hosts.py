# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail (N+k)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from ..cluster.domain import Domain
from ..cluster.resources import Resources, total
from ..cluster.snapshot import ClusterSnapshot
from .base import Strictness, Violation

FAILOVER_MEMORY = 0.97
"""After a failure memory may be filled up to this share of what may be given out without headroom."""

SEARCH_STEPS, SEARCH_LOOKS = 2000, 200_000
"""How many placements a search for a packing tries at most, and at how many hosts it looks in all."""

SEARCH_DEPTH = 500
"""This many VMs are searched places for at most: each is a level of the search, and Python has about a thousand."""

LEFT_OUT = 40
"""This many choices of VMs without a place are tried, to have fewer of them."""

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
            unplaced = stranded(snapshot, placement, failed, limits, allowed)
            if unplaced:
                found.append(
                    Violation(
                        policy="spare_hosts",
                        subjects=failed,
                        amount=len(unplaced),
                        sentence=f"If {' and '.join(failed)} failed, there would be no place for {unplaced[0]}.",
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
        # One that is empty has no VMs to lose, but cannot take VMs any more either.
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

    By best-fit decreasing; where that leaves VMs over, by a search for a packing of all of them, or all but one, two,
    ..., which gives up after this many steps that what it does not find then is hardly there.
    """
    rooms = _Rooms.left(snapshot, placement, {n: limits[n] for n in limits if n not in failed})
    victims = sorted(
        (snapshot.domains[name] for name, host in placement.items() if host in failed),
        key=lambda d: (-d.memory_mib, -d.vcpus, d.name),
    )
    places, unplaced = _best_fit(victims, rooms.copy(), allowed)
    for left_out in _left_out(victims, len(unplaced)):
        packed = [domain for domain in victims if domain.name not in left_out]
        if _sums_fit(packed, rooms.free):
            found = _Search(packed, rooms.copy(), allowed).run()
            if found is not None:
                places, unplaced = found, sorted(left_out)
                break
    return dict(sorted(places.items())), unplaced


@dataclass(slots=True)
class _Rooms:
    """What hosts have left for VMs of others.

    Attributes
    ----------
    free
        Normal memory, vCPUs and CPU by host.
    pages
        MiB in huge pages by host and by the size of the pages in KiB, where those are counted.
    """

    free: dict[str, Resources]
    pages: dict[tuple[str, int], int]

    @classmethod
    def left(
        cls,
        snapshot: ClusterSnapshot,
        placement: Mapping[str, str],
        limits: Mapping[str, Resources],
    ) -> _Rooms:
        """Return what a placement leaves of limits."""
        loads = snapshot.loads(placement)
        pages = {
            (name, size): mib
            for name in limits
            for size, mib in (snapshot.hosts[name].hugepages_mib or {}).items()
        }
        rooms = cls({name: limits[name].minus(loads[name]) for name in limits}, pages)
        for name, host in [*placement.items(), *snapshot.incoming.items()]:
            rooms._take_pages(snapshot.domains[name], host)
        return rooms

    def copy(self) -> _Rooms:
        """Return rooms that may be filled without these."""
        return _Rooms(dict(self.free), dict(self.pages))

    def fits(self, domain: Domain, host: str) -> bool:
        """Tell whether a host has room for a VM."""
        if domain.is_in_pages and self._pages_left(domain, host) < domain.pages_mib:
            return False
        return domain.demand.fits(self.free[host])

    def take(self, domain: Domain, host: str) -> None:
        """Give a VM its room."""
        self.free[host] = self.free[host].minus(domain.demand)
        self._take_pages(domain, host)

    def give_back(self, domain: Domain, host: str, free: Resources) -> None:
        """Undo that, with what was free on the host before: sums of fractions would not come back to it."""
        self.free[host] = free
        if domain.is_in_pages:
            self.pages[host, domain.hugepages_kib or 0] += domain.pages_mib

    def seen_by(self, domain: Domain, host: str) -> tuple[Resources, int]:
        """Return a host's room as a VM sees it: hosts with equal room are as good as each other."""
        return self.free[host], self._pages_left(domain, host) if domain.is_in_pages else 0

    def _pages_left(self, domain: Domain, host: str) -> int:
        return self.pages.get((host, domain.hugepages_kib or 0), 0)

    def _take_pages(self, domain: Domain, host: str) -> None:
        if domain.is_in_pages:
            key = (host, domain.hugepages_kib or 0)
            self.pages[key] = self.pages.get(key, 0) - domain.pages_mib


def _left_out(victims: Sequence[Domain], most: int) -> Iterator[set[str]]:
    """Return sets of VMs to leave out, the smallest sets first, each combination of sizes once."""
    equals: dict[tuple[Resources, int], list[str]] = {}
    for domain in victims:
        pages = domain.pages_mib if domain.is_in_pages else 0
        equals.setdefault((domain.demand, pages), []).append(domain.name)
    groups = list(equals.values())
    found = (names for number in range(most) for names in _some(groups, number))
    return map(set, islice(found, LEFT_OUT))


def _some(groups: Sequence[list[str]], number: int) -> Iterator[list[str]]:
    """Return the ways to take this many names from groups whose names are interchangeable."""
    if not number:
        yield []
    for index, group in enumerate(groups):
        if sum(map(len, groups[index:])) < number:
            return
        for taken in range(min(number, len(group)), 0, -1):
            for others in _some(groups[index + 1 :], number - taken):
                yield [*group[:taken], *others]


def _best_fit(
    victims: Sequence[Domain], rooms: _Rooms, allowed: Fits
) -> tuple[dict[str, str], list[str]]:
    places: dict[str, str] = {}
    unplaced = []
    for domain in victims:
        hosts = [h for h in rooms.free if rooms.fits(domain, h) and allowed(domain.name, h)]
        if not hosts:
            unplaced.append(domain.name)
            continue
        best = min(hosts, key=lambda host: (rooms.free[host].memory_mib, host))
        rooms.take(domain, best)
        places[domain.name] = best
    return places, unplaced


def _sums_fit(victims: Sequence[Domain], free: Mapping[str, Resources]) -> bool:
    needed = total(domain.demand for domain in victims)
    room = total(Resources(*(max(0.0, amount) for amount in host)) for host in free.values())
    return needed.fits(room)


class _Search:
    """Depth first, the largest VM first, the fullest host first; hosts with equal room are tried once."""

    def __init__(self, victims: Sequence[Domain], rooms: _Rooms, allowed: Fits) -> None:
        self._victims = victims
        self._rooms = rooms
        self._allowed = allowed
        self._steps = min(SEARCH_STEPS, SEARCH_LOOKS // max(1, len(rooms.free)))
        self._places: dict[str, str] = {}

    def run(self) -> dict[str, str] | None:
        """Return a place for every VM, or ``None``."""
        is_shallow = len(self._victims) <= SEARCH_DEPTH
        return self._places if is_shallow and self._place(0) else None

    def _place(self, number: int) -> bool:
        if number == len(self._victims):
            return True
        domain, tried, rooms = self._victims[number], set(), self._rooms
        for host in sorted(rooms.free, key=lambda h: (rooms.free[h].memory_mib, h)):
            room = rooms.seen_by(domain, host)
            if room in tried or not rooms.fits(domain, host):
                continue
            if not self._allowed(domain.name, host):
                continue
            tried.add(room)
            self._steps -= 1
            if self._steps < 0:
                return False
            rooms.take(domain, host)
            self._places[domain.name] = host
            if self._place(number + 1):
                return True
            rooms.give_back(domain, host, room[0])
        self._places.pop(domain.name, None)
        return False
