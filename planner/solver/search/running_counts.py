# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as running counts, so that a search can ask about one move in no time.

One class per kind of rule. Each tells by how much a move breaks its rule more, or less; what that means, for a
firm rule or for a preferred one, is for the state to say.
"""

from __future__ import annotations

from collections import Counter
from functools import singledispatch
from typing import Protocol

from ...policy.affinity import Affinity
from ...policy.anti_affinity import AntiAffinity
from ...policy.base import Rule
from ...policy.host_affinity import HostAffinity
from ...policy.huge_pages import HugePages
from ...policy.licence import Licence
from ...policy.separation import Separation
from ...policy.stay import Stay
from ..indexed import Indexed


class RunningCount(Protocol):
    """The running state of a rule.

    Attributes
    ----------
    amounts
        The items that the rule is about, with the number of their VMs in it.
    """

    amounts: Counter[int]

    def change(self, item: int, source: int, destination: int) -> int:
        """Return by how many violations more (or less, if negative) the rule is broken after a move."""

    def move(self, item: int, source: int, destination: int) -> None:
        """Take note of a move."""


class ZoneCounts:
    """At most this many VMs of a group per zone (a host, a rack)."""

    def __init__(self, rule: AntiAffinity, indexed: Indexed) -> None:
        snapshot = indexed.problem.snapshot
        self._zones = [rule.zone(snapshot, host) for host in indexed.hosts]
        self._at_most = rule.at_most
        members = rule.members(snapshot.placement)
        self._counts = Counter(rule.zone(snapshot, snapshot.placement[name]) for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        self._counts[self._zones[source]] -= self.amounts[item]
        self._counts[self._zones[destination]] += self.amounts[item]

    def change(self, item: int, source: int, destination: int) -> int:
        """Return by how many VMs more the rule is broken after a move."""
        old, new = self._zones[source], self._zones[destination]
        if old == new:
            return 0
        return self._over(new, self.amounts[item]) + self._over(old, -self.amounts[item])

    def _over(self, zone: str, more: int) -> int:
        """Return by how many VMs more a zone exceeds its number with this many more VMs."""
        count = self._counts[zone]
        return max(0, count + more - self._at_most) - max(0, count - self._at_most)


class FewHosts:
    """A group on at most this many hosts."""

    def __init__(self, rule: Affinity | Licence, indexed: Indexed, most: int) -> None:
        snapshot = indexed.problem.snapshot
        members = rule.members(snapshot.placement)
        self._counts = Counter(indexed.number[snapshot.placement[name]] for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._most = most

    def change(self, item: int, source: int, destination: int) -> int:
        """Return by how many hosts more the group exceeds its number after a move."""
        if source == destination:
            return 0
        used = sum(count > 0 for count in self._counts.values())
        leaves = self._counts[source] == self.amounts[item]
        then = used + (self._counts[destination] == 0) - leaves
        return max(0, then - self._most) - max(0, used - self._most)

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs on their new host."""
        self._counts[source] -= self.amounts[item]
        self._counts[destination] += self.amounts[item]


class OneGroup:
    """In each zone VMs of one group only, or in all zones together of as many groups too many as now."""

    def __init__(self, rule: Separation, indexed: Indexed) -> None:
        snapshot = indexed.problem.snapshot
        self._zones = [rule.zone(snapshot, host) for host in indexed.hosts]
        self._counts: dict[str, Counter[int]] = {zone: Counter() for zone in self._zones}
        self._groups: dict[int, Counter[int]] = {}
        for number, group in enumerate(rule.groups):
            for name in group:
                if name in snapshot.placement:
                    self._counts[rule.zone(snapshot, snapshot.placement[name])][number] += 1
                if name in indexed.item_of:
                    self._groups.setdefault(indexed.item_of[name], Counter())[number] += 1
        self.amounts = Counter(self._groups.keys())

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        old, new = self._counts[self._zones[source]], self._counts[self._zones[destination]]
        old.subtract(self._groups[item])
        new.update(self._groups[item])

    def change(self, item: int, source: int, destination: int) -> int:
        """Return by how many groups more the rule is broken after a move."""
        old, new = self._counts[self._zones[source]], self._counts[self._zones[destination]]
        if old is new:
            return 0
        moved = self._groups[item]
        fewer = Counter(old)
        fewer.subtract(moved)
        return _too_many(new + moved) - _too_many(new) + _too_many(fewer) - _too_many(old)


def _too_many(counts: Counter[int]) -> int:
    """Return the groups beyond the first that have VMs in a zone."""
    return max(0, sum(count > 0 for count in counts.values()) - 1)


class WrongHosts:
    """VMs on hosts that are not for them."""

    def __init__(self, rule: HostAffinity, indexed: Indexed) -> None:
        members = rule.members(indexed.problem.snapshot.placement)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._wrong = [not rule.permits(host) for host in indexed.hosts]

    def change(self, item: int, source: int, destination: int) -> int:
        """Return how many VMs more are on wrong hosts after a move."""
        return self.amounts[item] * (self._wrong[destination] - self._wrong[source])

    def move(self, item: int, source: int, destination: int) -> None:
        """Nothing is counted: each VM is judged on its own."""


class AwayFromHome:
    """VMs that are not where they were."""

    def __init__(self, rule: Stay, indexed: Indexed) -> None:
        members = rule.members(indexed.problem.snapshot.placement) if rule.binds else []
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._items = indexed.items

    def change(self, item: int, source: int, destination: int) -> int:
        """Return how many VMs more are away after a move."""
        home = self._items[item].home
        return self.amounts[item] * ((destination != home) - (source != home))

    def move(self, item: int, source: int, destination: int) -> None:
        """Nothing is counted: each VM is judged on its own."""


class PagesGivenOut:
    """MiB in huge pages of one size, by host."""

    def __init__(self, rule: HugePages, indexed: Indexed) -> None:
        self._rooms = {indexed.number[name]: room for name, room in rule.rooms.items()}
        self._used: Counter[int] = Counter()
        self._needs: Counter[int] = Counter()
        self.amounts: Counter[int] = Counter()
        for name in rule.members(indexed.problem.snapshot.placement):
            self._used[indexed.number[indexed.problem.snapshot.placement[name]]] += rule.needs[name]
            if name in indexed.item_of:
                self.amounts[indexed.item_of[name]] += 1
                self._needs[indexed.item_of[name]] += rule.needs[name]

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's pages on their new host."""
        self._used[source] -= self._needs[item]
        self._used[destination] += self._needs[item]

    def change(self, item: int, source: int, destination: int) -> int:
        """Return by how many MiB more hosts would give out what they do not have after a move."""
        if source == destination:
            return 0
        need = self._needs[item]
        return self._over(destination, need) + self._over(source, -need)

    def _over(self, host: int, more: int) -> int:
        if host not in self._rooms:
            return 0
        over = self._used[host] - self._rooms[host]
        return max(0, over + more) - max(0, over)


@singledispatch
def running_count(rule: Rule, indexed: Indexed) -> RunningCount:
    """Return the running count of a rule."""
    raise NotImplementedError(f"no running count for {type(rule).__name__}")


@running_count.register
def _ledger_anti_affinity(rule: AntiAffinity, indexed: Indexed) -> ZoneCounts:
    return ZoneCounts(rule, indexed)


@running_count.register
def _ledger_affinity(rule: Affinity, indexed: Indexed) -> FewHosts:
    return FewHosts(rule, indexed, 1)


@running_count.register
def _ledger_licence(rule: Licence, indexed: Indexed) -> FewHosts:
    return FewHosts(rule, indexed, rule.at_most_hosts)


@running_count.register
def _ledger_separation(rule: Separation, indexed: Indexed) -> OneGroup:
    return OneGroup(rule, indexed)


@running_count.register
def _ledger_huge_pages(rule: HugePages, indexed: Indexed) -> PagesGivenOut:
    return PagesGivenOut(rule, indexed)


@running_count.register
def _ledger_stay(rule: Stay, indexed: Indexed) -> AwayFromHome:
    return AwayFromHome(rule, indexed)


@running_count.register
def _ledger_host_affinity(rule: HostAffinity, indexed: Indexed) -> WrongHosts:
    return WrongHosts(rule, indexed)
