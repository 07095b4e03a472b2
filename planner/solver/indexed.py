# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The problem by number instead of by name, with VMs that belong together as one item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..cluster.placement import Placement
from ..cluster.resources import Resources, total
from ..policy.affinity import Affinity
from ..problem.problem import Problem
from .immovable import refuse_immovable


@dataclass(frozen=True, slots=True)
class Item:
    """One or more VMs of a host that move together or not at all.

    Attributes
    ----------
    home, destinations
        Numbers of hosts; home is never a destination.
    """

    members: tuple[str, ...]
    demand: Resources
    home: int
    cost_s: float
    destinations: tuple[int, ...]


class Indexed:
    """Hosts and items by number, in the order of names.

    Raises
    ------
    Immovable
        VMs cannot leave the hosts to be emptied.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.hosts = list(problem.snapshot.hosts)
        self.number = {name: number for number, name in enumerate(self.hosts)}
        self.limits = [problem.room.limits[name] for name in self.hosts]
        self.caps = [problem.room.caps[name] for name in self.hosts]
        self.loads = [problem.room.loads[name] for name in self.hosts]
        self.leaving = frozenset(self.number[name] for name in problem.goal.must_leave)
        self.items = self._items()
        refuse_immovable(problem, (i.members for i in self.items if not i.destinations))

    @cached_property
    def up(self) -> list[int]:
        """The hosts that VMs run on or may run on."""
        hosts = self.problem.snapshot.hosts
        return [number for number, name in enumerate(self.hosts) if hosts[name].is_up]

    @cached_property
    def item_of(self) -> dict[str, int]:
        """Item number by VM name, for VMs that may move."""
        return {name: number for number, item in enumerate(self.items) for name in item.members}

    @cached_property
    def reach(self) -> list[frozenset[int]]:
        """Per item the hosts it may be on, its home among them; equal sets are kept once."""
        by_source: dict[tuple[int, int], frozenset[int]] = {}
        unique: dict[frozenset[int], frozenset[int]] = {}
        found = []
        for item in self.items:
            key = (id(item.destinations), item.home)
            if key not in by_source:
                hosts = frozenset((*item.destinations, item.home))
                by_source[key] = unique.setdefault(hosts, hosts)
            found.append(by_source[key])
        return found

    @cached_property
    def items_at(self) -> list[list[int]]:
        """Item numbers by host."""
        found: list[list[int]] = [[] for _host in self.hosts]
        for number, item in enumerate(self.items):
            found[item.home].append(number)
        return found

    @cached_property
    def movable_demand(self) -> Resources:
        """What all items take together."""
        return total(item.demand for item in self.items)

    @cached_property
    def fixed_loads(self) -> list[list[float]]:
        """What the VMs that are not items take from each host."""
        loads = [list(load) for load in self.loads]
        for item in self.items:
            load = loads[item.home]
            for resource in range(3):
                load[resource] -= item.demand[resource]
        return loads

    @cached_property
    def leavers(self) -> list[int]:
        """Items on hosts that have to be emptied."""
        return [number for host in sorted(self.leaving) for number in self.items_at[host]]

    def placement(self, moves: Mapping[int, int]) -> Placement:
        """Return the placement after items (numbers) went to hosts (numbers)."""
        names = {
            name: self.hosts[host]
            for number, host in moves.items()
            for name in self.items[number].members
        }
        return self.problem.snapshot.placement.move(names)

    def moves_to(self, placement: Placement) -> dict[int, int]:
        """Return the items (numbers) that have to go, and to which hosts (numbers), for a placement."""
        moved = self.problem.snapshot.placement.moves_to(placement)
        return {self.item_of[name]: self.number[host] for name, (_home, host) in moved.items()}

    def _items(self) -> list[Item]:
        shared: dict[int, tuple[int, ...]] = {}
        self._kept: list[tuple[str, ...]] = []
        return [
            item
            for members in together(self.problem)
            if not any(map(self.problem.ways.stays, members))
            if (item := self._item(members, shared)).destinations or item.home in self.leaving
        ]

    def _item(self, members: tuple[str, ...], shared: dict[int, tuple[int, ...]]) -> Item:
        problem = self.problem
        domains = [problem.snapshot.domains[name] for name in members]
        demand = domains[0].demand if len(domains) == 1 else total(d.demand for d in domains)
        return Item(
            members=members,
            demand=demand,
            home=self.number[domains[0].host],
            cost_s=sum(problem.objective.cost_s(name) for name in members),
            destinations=self._destinations(members, shared),
        )

    def _destinations(
        self, members: tuple[str, ...], shared: dict[int, tuple[int, ...]]
    ) -> tuple[int, ...]:
        """Return the hosts that all members may go to; equal tuples are kept once, 20 000 VMs would need gigabytes."""
        reachable = [self.problem.ways.destinations(name) for name in members]
        if len(members) > 1:
            common = set(reachable[0]).intersection(*reachable[1:])
            return tuple(self.number[host] for host in reachable[0] if host in common)
        key = id(reachable[0])
        if key not in shared:
            self._kept.append(reachable[0])  # or another tuple might get its id
            shared[key] = tuple(self.number[host] for host in reachable[0])
        return shared[key]


def together(problem: Problem) -> list[tuple[str, ...]]:
    """Return all placed VMs in the groups that firm affinity rules keep together now; most VMs are alone in theirs."""
    leader = {name: name for name in problem.snapshot.placed}

    def lead(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for rule in problem.policies.rules:
        if not isinstance(rule, Affinity) or not rule.is_firm:
            continue
        members = rule.members(problem.snapshot.placement)
        if len({problem.snapshot.placement[name] for name in members}) == 1:
            for name in members[1:]:
                one, other = sorted((lead(members[0]), lead(name)))
                leader[other] = one
    groups: dict[str, list[str]] = {}
    for name in leader:
        groups.setdefault(lead(name), []).append(name)
    return [tuple(group) for group in groups.values()]


def companions(problem: Problem) -> dict[str, tuple[str, ...]]:
    """Return the group of each VM that firm affinity rules keep together with others now."""
    groups = (group for group in together(problem) if len(group) > 1)
    return {name: group for group in groups for name in group}


def kept_with(others: Sequence[str]) -> str | None:
    """Say that a VM is kept together with others; ``None`` where there are none."""
    return f"an affinity rule keeps it together with {', '.join(others)}" if others else None
