# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as running counts, so that a search can ask about one move in no time.

One kind of ledger per kind of rule: its ``allows`` never lets a move break what the rule tolerates at the end
(what is broken now may stay broken, but no more than now).
"""

from __future__ import annotations

from collections import Counter
from functools import singledispatch
from typing import Protocol

from ...policy.affinity import Affinity
from ...policy.anti_affinity import AntiAffinity
from ...policy.base import Rule
from ...policy.host_affinity import HostAffinity
from ...policy.licence import Licence
from ...policy.separation import Separation
from ...policy.stay import Stay
from ..indexed import Indexed


class Ledger(Protocol):
    """The running state of a rule."""

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the rule still holds as much as it must after this move."""

    def move(self, item: int, source: int, destination: int) -> None:
        """Take note of a move."""


class ZoneCounts:
    """At most so many VMs of a group per zone (a host, a rack)."""

    def __init__(self, rule: AntiAffinity, indexed: Indexed) -> None:
        snapshot = indexed.problem.snapshot
        self._zones = [rule.zone(snapshot, host) for host in indexed.hosts]
        self._at_most = rule.at_most
        members = rule.members(snapshot.placement)
        self._counts = Counter(rule.zone(snapshot, snapshot.placement[name]) for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._left = rule.tolerated(snapshot) - rule.amount(snapshot, snapshot.placement)

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether all zones together still exceed their number no more than they may."""
        return self._change(item, source, destination) <= self._left

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        self._left -= self._change(item, source, destination)
        self._counts[self._zones[source]] -= self.amounts[item]
        self._counts[self._zones[destination]] += self.amounts[item]

    def _change(self, item: int, source: int, destination: int) -> int:
        """Return by how many VMs more the rule is broken after a move."""
        old, new = self._zones[source], self._zones[destination]
        if old == new:
            return 0
        return self._over(new, self.amounts[item]) + self._over(old, -self.amounts[item])

    def _over(self, zone: str, more: int) -> int:
        """Return by how many VMs more a zone exceeds its number with so many more VMs."""
        count = self._counts[zone]
        return max(0, count + more - self._at_most) - max(0, count - self._at_most)


class FewHosts:
    """A group that never uses more hosts than it may, or than it uses now."""

    def __init__(self, rule: Affinity | Licence, indexed: Indexed, most: int) -> None:
        snapshot = indexed.problem.snapshot
        members = rule.members(snapshot.placement)
        self._counts = Counter(indexed.number[snapshot.placement[name]] for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._most = most + rule.tolerated(snapshot)

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the group uses few enough hosts with the item there."""
        leaves = self._counts[source] == self.amounts[item]
        used = sum(count > 0 for count in self._counts.values())
        return self._counts[destination] > 0 or used + 1 - leaves <= self._most

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
        self._left = rule.tolerated(snapshot) - rule.amount(snapshot, snapshot.placement)

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether all zones together still have no more groups too many than they may."""
        return self._change(item, source, destination) <= self._left

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        self._left -= self._change(item, source, destination)
        old, new = self._counts[self._zones[source]], self._counts[self._zones[destination]]
        old.subtract(self._groups[item])
        new.update(self._groups[item])

    def _change(self, item: int, source: int, destination: int) -> int:
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


@singledispatch
def ledger(rule: Rule, indexed: Indexed) -> ZoneCounts | FewHosts | OneGroup | None:
    """Return the ledger of a rule, or ``None`` where eligibility already says it all."""
    raise NotImplementedError(f"no ledger for {type(rule).__name__}")


@ledger.register
def _ledger_anti_affinity(rule: AntiAffinity, indexed: Indexed) -> ZoneCounts:
    return ZoneCounts(rule, indexed)


@ledger.register
def _ledger_affinity(rule: Affinity, indexed: Indexed) -> FewHosts | None:
    placement = indexed.problem.snapshot.placement
    hosts = {placement[name] for name in rule.members(placement)}
    return FewHosts(rule, indexed, 1) if len(hosts) > 1 else None  # together now: they are one item


@ledger.register
def _ledger_licence(rule: Licence, indexed: Indexed) -> FewHosts:
    return FewHosts(rule, indexed, rule.at_most_hosts)


@ledger.register
def _ledger_separation(rule: Separation, indexed: Indexed) -> OneGroup:
    return OneGroup(rule, indexed)


@ledger.register
def _ledger_stay(rule: Stay, indexed: Indexed) -> None:
    return None


@ledger.register
def _ledger_host_affinity(rule: HostAffinity, indexed: Indexed) -> None:
    return None
