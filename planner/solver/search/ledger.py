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
from ...policy.base import Rule, Strictness
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
        members = rule.members(snapshot.placement)
        self._counts = Counter(rule.zone(snapshot, snapshot.placement[name]) for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        firm = rule.strictness is Strictness.REQUIRED
        self._limits = {
            zone: rule.at_most if firm else max(rule.at_most, self._counts[zone])
            for zone in self._zones
        }

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the zone of the destination has room for the item's VMs."""
        zone = self._zones[destination]
        return (
            zone == self._zones[source]
            or self._counts[zone] + self.amounts[item] <= self._limits[zone]
        )

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        self._counts[self._zones[source]] -= self.amounts[item]
        self._counts[self._zones[destination]] += self.amounts[item]


class FewHosts:
    """A group that never uses more hosts than it may, or than it uses now."""

    def __init__(self, rule: Affinity | Licence, indexed: Indexed, most: int) -> None:
        snapshot = indexed.problem.snapshot
        members = rule.members(snapshot.placement)
        self._counts = Counter(indexed.number[snapshot.placement[name]] for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)
        self._most = (
            most if rule.strictness is Strictness.REQUIRED else max(most, len(self._counts))
        )

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
    """In each zone VMs of one group only, or of as many groups as now."""

    def __init__(self, rule: Separation, indexed: Indexed) -> None:
        snapshot = indexed.problem.snapshot
        self._zones = [rule.zone(snapshot, host) for host in indexed.hosts]
        self._counts: Counter[tuple[str, int]] = Counter()
        self._groups: dict[int, Counter[int]] = {}
        for number, group in enumerate(rule.groups):
            for name in group:
                if name in snapshot.placement:
                    self._counts[rule.zone(snapshot, snapshot.placement[name]), number] += 1
                if name in indexed.item_of:
                    self._groups.setdefault(indexed.item_of[name], Counter())[number] += 1
        self.amounts = Counter(self._groups.keys())
        firm = rule.strictness is Strictness.REQUIRED
        self._most = {zone: 1 if firm else max(1, len(self._present(zone))) for zone in self._zones}

    def _present(self, zone: str) -> set[int]:
        return {
            number for (name, number), count in self._counts.items() if name == zone and count > 0
        }

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the zone of the destination still has few enough groups with the item."""
        zone = self._zones[destination]
        if zone == self._zones[source]:
            return True
        return len(self._present(zone) | set(self._groups[item])) <= self._most[zone]

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        for number, count in self._groups[item].items():
            self._counts[self._zones[source], number] -= count
            self._counts[self._zones[destination], number] += count


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
