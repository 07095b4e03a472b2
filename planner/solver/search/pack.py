# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packing items into the room that hosts have left: fullest fit for vectors, and chains of ejections for what is left over.

References
----------
R. Panigrahy, K. Talwar, L. Uyeda, U. Wieder, "Heuristics for vector bin packing", 2011 (the norm of what is left as the measure of fit).
F. Glover, "Ejection chains, reference structures and alternating path methods", 1996, https://doi.org/10.1016/0166-218X(94)00037-E.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

from .state import State


FULLNESS = (0.003, 0.0003, 0.03)
"""How much the room left in all counts against its unevenness: tried one after the other."""


class Packing:
    """Items packed into hosts that stay in use."""

    def __init__(self, state: State, hosts: Sequence[int], fullness: float = FULLNESS[0]) -> None:
        self.state = state
        self._fullness = fullness
        self.hosts = sorted(hosts)
        indexed = state.indexed
        totals = [sum(indexed.limits[h][r] for h in self.hosts) or 1.0 for r in range(3)]
        used = [sum(item.demand[r] for item in indexed.items) / totals[r] for r in range(3)]
        self._weights = [share**3 for share in used]
        self._unit = [len(self.hosts) / total for total in totals]
        self.items_on: dict[int, set[int]] = {host: set() for host in self.hosts}
        for item, host in enumerate(state.where):
            if host in self.items_on:
                self.items_on[host].add(item)
        self._allowed = [frozenset(item.destinations) | {item.home} for item in indexed.items]

    def size(self, item: int) -> float:
        """Return how much of what is scarce an item takes."""
        demand = self.state.indexed.items[item].demand
        return sum(w * u * d for w, u, d in zip(self._weights, self._unit, demand, strict=True))

    def rest(self, host: int, item: int) -> float:
        """Return how badly an item fits a host: the less, the better.

        What counts first is how unevenly the resources would be left: memory without vCPUs is of no use to anybody. The
        change of that is weighed against what is left in all, so that fuller hosts are filled up before emptier ones.
        """
        load, cap = self.state.loads[host], self.state.indexed.caps[host]
        demand = self.state.indexed.items[item].demand
        left = [(cap[r] - load[r]) * self._unit[r] for r in range(3)]
        after = [left[r] - demand[r] * self._unit[r] for r in range(3)]
        return self._unevenness(after) - self._unevenness(left) + self._fullness * sum(after[r] * self._weights[r] for r in range(3))

    def _unevenness(self, left: list[float]) -> float:
        weights = self._weights
        mean = sum(w * x for w, x in zip(weights, left, strict=True)) / (sum(weights) or 1.0)
        return sum(w * (x - mean) ** 2 for w, x in zip(weights, left, strict=True))

    def put(self, item: int, host: int) -> None:
        """Put an item on a host."""
        source = self.state.where[item]
        if source in self.items_on:
            self.items_on[source].discard(item)
        self.items_on[host].add(item)
        self.state.move(item, host)

    def fill(self, items: Iterable[int]) -> list[int]:
        """Pack items, the largest first, each where it fits best; return those without a place.

        Items of the same size are packed one after the other, so that the hosts need to be compared only once for all of them.
        """
        groups: dict[tuple[float, float], list[int]] = {}
        for item in items:
            demand = self.state.indexed.items[item].demand
            groups.setdefault((demand[0], demand[1]), []).append(item)
        homeless: list[int] = []
        for group in sorted(groups.values(), key=lambda g: (-self.size(g[0]), g[0])):
            homeless += self._fill_equal(group)
        return homeless

    def _fill_equal(self, group: list[int]) -> list[int]:
        homeless = []
        queue = [(self.rest(h, group[0]), h) for h in self.hosts if self.state.has_room(group[0], h)]
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
                homeless.append(item)
        return homeless

    def _takes(self, item: int, host: int) -> bool:
        return (
            host in self._allowed[item] and self.state.has_room(item, host) and self.state.obeys(item, host)
        )

    def squeeze(self, homeless: Sequence[int]) -> list[int]:
        """Find a place for each item by sending one item that is in its way somewhere else; return those left over."""
        left = []
        for item in sorted(homeless, key=lambda n: (-self.size(n), n)):
            if not self._place(item) and not self._eject_for(item):
                left.append(item)
        return left

    def _place(self, item: int) -> bool:
        fitting = [(self.rest(host, item), host) for host in self.hosts if self._takes(item, host)]
        if fitting:
            self.put(item, min(fitting)[1])
        return bool(fitting)

    def _eject_for(self, item: int) -> bool:
        """Take the cheapest pair of an item that makes room and a host that has room for that one."""
        best: tuple[float, float, int, int, int] | None = None
        for host in self.hosts:
            if host not in self._allowed[item]:
                continue
            for other in self.items_on[host]:
                if not self._frees_enough(item, other, host):
                    continue
                for shelter in self.hosts:
                    if shelter == host or not self._takes(other, shelter):
                        continue
                    choice = (self._extra_s(other, shelter), self.rest(shelter, other), other, host, shelter)
                    if best is None or choice < best:
                        best = choice
        if best is None:
            return False
        _, _, other, host, shelter = best
        self.put(other, shelter)
        if not self.state.obeys(item, host):
            self.put(other, host)
            return False
        self.put(item, host)
        return True

    def _frees_enough(self, item: int, other: int, host: int) -> bool:
        items, load, cap = self.state.indexed.items, self.state.loads[host], self.state.indexed.caps[host]
        wanted, freed = items[item].demand, items[other].demand
        return all(load[r] - freed[r] + wanted[r] <= cap[r] + 1e-6 for r in range(3)) and self.size(other) < self.size(item)

    def _extra_s(self, item: int, host: int) -> float:
        entry = self.state.indexed.items[item]
        if self.state.where[item] != entry.home:
            return -entry.cost_s if host == entry.home else 0.0
        return entry.cost_s
