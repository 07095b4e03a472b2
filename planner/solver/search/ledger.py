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
from ..indexed import Indexed


class Ledger(Protocol):
    """The running state of a rule."""

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the rule still holds as much as it must after this move."""
        ...

    def move(self, item: int, source: int, destination: int) -> None:
        """Take note of a move."""
        ...


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
            zone: rule.at_most if firm else max(rule.at_most, self._counts[zone]) for zone in self._zones
        }

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the zone of the destination has room for the item's VMs."""
        zone = self._zones[destination]
        return zone == self._zones[source] or self._counts[zone] + self.amounts[item] <= self._limits[zone]

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs in their new zone."""
        self._counts[self._zones[source]] -= self.amounts[item]
        self._counts[self._zones[destination]] += self.amounts[item]


class SpreadGroup:
    """A group that should be together and is not: it never spreads over more hosts than now."""

    def __init__(self, rule: Affinity, indexed: Indexed) -> None:
        snapshot = indexed.problem.snapshot
        members = rule.members(snapshot.placement)
        self._counts = Counter(indexed.number[snapshot.placement[name]] for name in members)
        self.amounts = Counter(indexed.item_of[name] for name in members if name in indexed.item_of)

    def allows(self, item: int, source: int, destination: int) -> bool:
        """Tell whether the item joins others of its group, or takes all that its host has of it along."""
        return self._counts[destination] > 0 or self._counts[source] == self.amounts[item]

    def move(self, item: int, source: int, destination: int) -> None:
        """Count the item's VMs on their new host."""
        self._counts[source] -= self.amounts[item]
        self._counts[destination] += self.amounts[item]


@singledispatch
def ledger(rule: Rule, indexed: Indexed) -> ZoneCounts | SpreadGroup | None:
    """Return the ledger of a rule, or ``None`` where eligibility already says it all."""
    raise NotImplementedError(f"no ledger for {type(rule).__name__}")


@ledger.register
def _(rule: AntiAffinity, indexed: Indexed) -> ZoneCounts | None:
    return ZoneCounts(rule, indexed)


@ledger.register
def _(rule: Affinity, indexed: Indexed) -> SpreadGroup | None:
    hosts = {indexed.problem.snapshot.placement[name] for name in rule.members(indexed.problem.snapshot.placement)}
    return SpreadGroup(rule, indexed) if len(hosts) > 1 else None  # together now: they are one item


@ledger.register
def _(rule: HostAffinity, indexed: Indexed) -> None:
    return None
