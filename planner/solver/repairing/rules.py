# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to leave at least so that a broken rule holds, for the kinds of rules that say so by their members alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...policy.affinity import Affinity
from ...policy.anti_affinity import AntiAffinity
from ...policy.host_affinity import HostAffinity
from ...policy.licence import Licence
from ..indexed import Indexed
from .cover import Cover, Need


@dataclass(frozen=True, slots=True)
class Surplus:
    """This many VMs too many in one place: some of the items there leave.

    Attributes
    ----------
    amounts
        The items, each with the number of its VMs.
    """

    amounts: Mapping[int, int]
    surplus: int
    repair_s: float

    @property
    def items(self) -> frozenset[int]:
        """Those of which some leave."""
        return frozenset(self.amounts)

    def add(self, cover: Cover) -> None:
        """Add the row."""
        row = [(cover.leaves[item], float(count)) for item, count in sorted(self.amounts.items())]
        cover.need(row, float(self.surplus), self.repair_s)


@dataclass(frozen=True, slots=True)
class Scattered:
    """A group on this many hosts too many: all of its items leave some of them.

    Attributes
    ----------
    by_host
        The group's items on each host that they can leave.
    """

    by_host: tuple[frozenset[int], ...]
    surplus: int
    repair_s: float

    @property
    def items(self) -> frozenset[int]:
        """All of them."""
        return frozenset[int]().union(*self.by_host)

    def add(self, cover: Cover) -> None:
        """Add a column per host, and the row of their number."""
        emptied = [
            (cover.all_leave([(cover.leaves[item], 1.0) for item in sorted(items)]), 1.0)
            for items in self.by_host
        ]
        cover.need(emptied, float(self.surplus), self.repair_s)


def broken_rules(indexed: Indexed, repair_s: float) -> Iterator[Need]:
    """Return the needs of the firm rules that are broken now.

    Other kinds (separation, stay) ask for nothing here, which bounds less.
    """
    snapshot = indexed.problem.snapshot
    for rule in indexed.problem.policies.rules:
        if not rule.is_firm or not rule.amount(snapshot, snapshot.placement):
            continue
        if isinstance(rule, AntiAffinity):
            yield from _too_many(rule, indexed, repair_s)
        elif isinstance(rule, HostAffinity):
            yield from _on_wrong_hosts(rule, indexed, repair_s)
        elif isinstance(rule, (Affinity, Licence)):
            yield from _scattered(rule, indexed, repair_s)


def _too_many(rule: AntiAffinity, indexed: Indexed, repair_s: float) -> Iterator[Need]:
    snapshot = indexed.problem.snapshot
    zones: dict[str, list[str]] = defaultdict(list)
    for name in rule.members(snapshot.placement):
        zones[rule.zone(snapshot, snapshot.placement[name])].append(name)
    for _zone, names in sorted(zones.items()):
        if len(names) > rule.at_most:
            yield Surplus(_amounts(indexed, names), len(names) - rule.at_most, repair_s)


def _on_wrong_hosts(rule: HostAffinity, indexed: Indexed, repair_s: float) -> Iterator[Need]:
    placement = indexed.problem.snapshot.placement
    for name in rule.members(placement):
        if not rule.permits(placement[name]):
            yield Surplus(dict.fromkeys(_amounts(indexed, [name]), 1), 1, repair_s)


def _scattered(rule: Affinity | Licence, indexed: Indexed, repair_s: float) -> Iterator[Need]:
    placement = indexed.problem.snapshot.placement
    hosts: dict[str, list[str]] = defaultdict(list)
    for name in rule.members(placement):
        hosts[placement[name]].append(name)
    most = 1 if isinstance(rule, Affinity) else rule.at_most_hosts
    movable = tuple(
        frozenset(_amounts(indexed, names))
        for _host, names in sorted(hosts.items())
        if all(name in indexed.item_of for name in names)
    )
    yield Scattered(movable, len(hosts) - most, repair_s)


def _amounts(indexed: Indexed, names: list[str]) -> dict[int, int]:
    """Return the items of VMs that can move, with the number of these VMs in each."""
    amounts: dict[int, int] = defaultdict(int)
    for name in names:
        if name in indexed.item_of:
            amounts[indexed.item_of[name]] += 1
    return dict(amounts)
