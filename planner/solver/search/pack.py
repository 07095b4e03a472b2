# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packing items into the room that hosts have left: fullest fit for vectors, and chains of ejections for
what is left over.

References
----------
R. Panigrahy, K. Talwar, L. Uyeda, U. Wieder, "Heuristics for vector bin packing", 2011 (the norm of what is
left as the measure of fit). F. Glover, "Ejection chains, reference structures and alternating path methods",
1996, https://doi.org/10.1016/0166-218X(94)00037-E.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush, nsmallest

from ...cluster.resources import TOLERANCE, Resources
from .state import State

FULLNESS = (0.003, 0.0003, 0.03)
"""How much the room left in all counts against its unevenness: tried one after the other."""


Way = tuple[float, float, list[tuple[int, int]]]
"""What a way to make room costs in extra migrations, how it fits, and its moves."""

Mark = tuple[int, tuple[int, ...]]
"""How much had been put, and the hosts that took items."""

NEAR = 12
"""Hosts that are looked at to make room on, and to send something to."""


class Packing:
    """Items packed into hosts that stay in use."""

    def __init__(self, state: State, hosts: Sequence[int], fullness: float = FULLNESS[0]) -> None:
        self.state = state
        self._fullness = fullness
        self.hosts = sorted(hosts)
        indexed = state.indexed
        totals = [sum(indexed.limits[h][r] for h in self.hosts) or 1.0 for r in range(3)]
        used = [demand / most for demand, most in zip(indexed.movable_demand, totals, strict=True)]
        self._weights = [share**3 for share in used]
        self._unit = [len(self.hosts) / total for total in totals]
        self.items_on: dict[int, set[int]] = {host: set() for host in self.hosts}
        for item, host in enumerate(state.where):
            if host in self.items_on:
                self.items_on[host].add(item)
        self.reach = indexed.reach
        self._undo: list[tuple[int, int]] = []

    def mark(self) -> Mark:
        """Return a point that `take_back` returns to."""
        return len(self._undo), tuple(self.hosts)

    def take_back(self, mark: Mark) -> None:
        """Undo all that was put, closed and reopened since a mark."""
        puts, hosts = mark
        while len(self._undo) > puts:
            item, source = self._undo.pop()
            self._put(item, source)
        self.hosts = list(hosts)

    def close(self, host: int) -> None:
        """Let nothing more go to a host."""
        self.hosts.remove(host)

    def reopen(self, host: int) -> None:
        """Let a host take items again."""
        insort(self.hosts, host)

    def size(self, item: int) -> float:
        """Return how much of what is scarce an item takes."""
        demand = self.state.indexed.items[item].demand
        return sum(w * u * d for w, u, d in zip(self._weights, self._unit, demand, strict=True))

    def rest(self, host: int, item: int) -> float:
        """Return how badly an item fits a host: the less, the better.

        What counts first is how unevenly the resources would be left: memory without vCPUs is of no use to
        anybody. The change of that is weighed against what is left in all, so that fuller hosts are filled
        up before emptier ones.
        """
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        demand = self.state.indexed.items[item].demand
        left = [(cap[r] - load[r]) * self._unit[r] for r in range(3)]
        after = [left[r] - demand[r] * self._unit[r] for r in range(3)]
        return (
            self._unevenness(after)
            - self._unevenness(left)
            + self._fullness * sum(after[r] * self._weights[r] for r in range(3))
        )

    def _unevenness(self, left: list[float]) -> float:
        weights = self._weights
        mean = sum(w * x for w, x in zip(weights, left, strict=True)) / (sum(weights) or 1.0)
        return sum(w * (x - mean) ** 2 for w, x in zip(weights, left, strict=True))

    def put(self, item: int, host: int) -> None:
        """Put an item on a host."""
        self._undo.append((item, self.state.where[item]))
        self._put(item, host)

    def _put(self, item: int, host: int) -> None:
        source = self.state.where[item]
        if source in self.items_on:
            self.items_on[source].discard(item)
        if host in self.items_on:
            self.items_on[host].add(item)
        self.state.move(item, host)

    def room(self, host: int) -> list[float]:
        """Return what a host has left of each resource."""
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        return [max(0.0, cap[r] - load[r]) for r in range(3)]

    def is_within(self, host: int) -> bool:
        """Tell whether a host carries no more than it may."""
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        return all(load[r] <= cap[r] + TOLERANCE for r in range(3))

    def fill(self, items: Iterable[int], *, partly: bool = True) -> list[int]:
        """Pack items, the largest first, each where it fits best; return those without a place.

        Without `partly` it ends at the first size that does not fit whole. Items of the same size are packed
        one after the other, so that the hosts need to be compared only once for all of them.
        """
        groups: dict[tuple[float, float], list[int]] = {}
        for item in items:
            demand = self.state.indexed.items[item].demand
            groups.setdefault((demand[0], demand[1]), []).append(item)
        unplaced: list[int] = []
        for group in sorted(groups.values(), key=lambda g: (-self.size(g[0]), g[0])):
            unplaced += self._fill_equal(group)
            if unplaced and not partly:
                break
        return unplaced

    def _fill_equal(self, group: list[int]) -> list[int]:
        unplaced = []
        queue = [
            (self.rest(h, group[0]), h) for h in self.hosts if self.state.has_room(group[0], h)
        ]
        heapify(queue)
        for item in sorted(group, key=lambda n: (-self.state.indexed.items[n].demand[2], n)):
            refused = []
            placed = False
            while queue and not placed:
                rest, host = heappop(queue)
                if self._takes(item, host):
                    self.put(item, host)
                    placed = True
                    if self.state.has_room(item, host):
                        heappush(queue, (self.rest(host, item), host))
                else:
                    refused.append((rest, host))
            for entry in refused:
                heappush(queue, entry)
            if not placed:
                unplaced.append(item)
        return unplaced

    def _takes(self, item: int, host: int) -> bool:
        return (
            host in self.reach[item]
            and self.state.has_room(item, host)
            and self.state.obeys(item, host)
        )

    def squeeze(self, unplaced: Sequence[int]) -> list[int]:
        """Find a place for each item by sending an item that is in its way elsewhere, or exchanging one;
        return those left over."""
        left = []
        for item in sorted(unplaced, key=lambda n: (-self.size(n), n)):
            hosts = nsmallest(NEAR, self.hosts, key=lambda h: (self._shortage(h, item), h))
            if not self._place(item, hosts) and not self._make_room(item, hosts):
                left.append(item)
        return left

    def _shortage(self, host: int, item: int) -> float:
        """Return how much a host lacks for an item."""
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        demand = self.state.indexed.items[item].demand
        return sum(max(0.0, load[r] + demand[r] - cap[r]) * self._unit[r] for r in range(3))

    def _place(self, item: int, hosts: Sequence[int]) -> bool:
        fitting = [(self.rest(host, item), host) for host in hosts if self._takes(item, host)]
        if fitting:
            self.put(item, min(fitting)[1])
        return bool(fitting)

    def _make_room(self, item: int, hosts: Sequence[int]) -> bool:
        """Take the cheapest way to make room on a host: an item leaves it, alone or in exchange for a smaller one."""
        roomiest = self._roomiest()
        best: Way | None = None
        for host in hosts:
            if host not in self.reach[item]:
                continue
            for other in self._kinds(host):
                for choice in self._ways_out(item, other, host, roomiest):
                    if best is None or choice[:2] < best[:2]:
                        best = choice
                if best is not None and best[0] <= 0:
                    return self._try(
                        [*best[2], (item, host)]
                    )  # it costs no migration that is not made anyway
        return best is not None and self._try([*best[2], (item, self.state.where[best[2][0][0]])])

    def _ways_out(self, item: int, other: int, host: int, roomiest: Sequence[int]) -> Iterator[Way]:
        """Say where an item may go so that its host has room for a new one, with the extra cost and the fit."""
        items = self.state.indexed.items
        if self._fits_after(host, items[item].demand, [items[other].demand]):
            for shelter in roomiest:
                if shelter != host and self._takes(other, shelter):
                    yield (
                        self._extra_s(other, shelter),
                        self.rest(shelter, other),
                        [(other, shelter)],
                    )
        for shelter in roomiest:
            if shelter == host or shelter not in self.reach[other]:
                continue
            for back in self._kinds(shelter):
                wanted = Resources(
                    *(items[item].demand[r] + items[back].demand[r] for r in range(3))
                )
                if (
                    host in self.reach[back]
                    and self._fits_after(host, wanted, [items[other].demand])
                    and self._fits_after(shelter, items[other].demand, [items[back].demand])
                ):
                    yield (
                        self._extra_s(other, shelter) + self._extra_s(back, host),
                        1.0,
                        [(other, shelter), (back, host)],
                    )

    def _kinds(self, host: int) -> list[int]:
        """Return one item of each size on a host, the smallest first; one that moves anyway stands for those
        that do not."""
        items, where = self.state.indexed.items, self.state.where
        found: dict[tuple[float, float], tuple[bool, int]] = {}
        for item in self.items_on[host]:
            demand = items[item].demand
            key, rank = (demand[0], demand[1]), (where[item] == items[item].home, item)
            if key not in found or rank < found[key]:
                found[key] = rank
        return sorted((item for _size, item in found.values()), key=lambda n: (self.size(n), n))

    def _roomiest(self) -> list[int]:
        """Return the hosts with most room for what is in the way elsewhere, by each resource."""
        loads, caps = self.state.loads, self.state.indexed.caps
        memory = nsmallest(NEAR, self.hosts, key=lambda h: (loads[h][0] - caps[h][0], h))
        vcpus = nsmallest(NEAR, self.hosts, key=lambda h: (loads[h][1] - caps[h][1], h))
        return list(dict.fromkeys([*memory, *vcpus]))

    def _fits_after(
        self, host: int, wanted: Sequence[float], freed: Sequence[Sequence[float]]
    ) -> bool:
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        return all(
            load[r] + wanted[r] - sum(f[r] for f in freed) <= cap[r] + 1e-6 for r in range(3)
        )

    def _try(self, moves: Sequence[tuple[int, int]]) -> bool:
        """Make moves one by one, each only if the rules allow it; take all back if one is not allowed."""
        done: list[tuple[int, int]] = []
        for item, host in moves:
            if not self.state.obeys(item, host):
                for earlier, source in reversed(done):
                    self.put(earlier, source)
                return False
            done.append((item, self.state.where[item]))
            self.put(item, host)
        return True

    def _extra_s(self, item: int, host: int) -> float:
        entry = self.state.indexed.items[item]
        if self.state.where[item] != entry.home:
            return -entry.cost_s if host == entry.home else 0.0
        return entry.cost_s
