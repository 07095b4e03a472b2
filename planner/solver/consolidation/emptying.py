# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying hosts one after the other: the VMs of each go where they fit best, or all of them stay.

The simple way that consolidation is never worse than. Which host comes first decides how good it is: the one with
the least to move leads to few migrations, the one with the least load to few hosts, so several orders are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...goal.consolidation import Consolidation
from ...patience import patience
from ..budget import Budget
from ..indexed import Indexed
from ..search.pack import FULLNESS, Packing
from ..search.state import Preferences, State

FEWEST_LEFT = 3
"""Up to this many items without a place after packing, or a fourth of the host's, are worth trying with ejections."""

EJECTING = 60
"""This many hosts that packing alone does not empty are tried again with ejections, the least loaded first."""

Rank = Callable[["Emptying", int], float]
"""The less, the sooner a host is emptied."""


class Emptying:
    """A placement in which hosts are emptied step by step.

    Attributes
    ----------
    packing
        The items on the hosts that are in use.
    """

    def __init__(
        self, indexed: Indexed, goal: Consolidation, least: int, manner: Preferences
    ) -> None:
        self.indexed = indexed
        self._budget = Budget(indexed)
        used = sorted({indexed.number[h] for h in indexed.problem.snapshot.placement.values()})
        self.packing = Packing(State(indexed, manner), used, FULLNESS[0])
        self.floor = max(least, min(goal.at_least, len(used)))
        snapshot = indexed.problem.snapshot
        self.worth = [goal.worth_s(snapshot, name) for name in indexed.hosts]

    @property
    def used(self) -> list[int]:
        """The hosts in use."""
        return self.packing.hosts

    def may_close(self, host: int) -> bool:
        """Tell whether a host carries nothing that cannot move, and enough others stay in use."""
        return len(self.used) > self.floor and max(self.indexed.fixed_loads[host]) <= 1e-6

    def within_budget(self) -> bool:
        """Tell whether the moves so far stay within the limits of a plan in all."""
        return not self._budget.limits or self._budget.allows(self.packing.state.moves())

    def cost_s(self) -> float:
        """Return what the moves so far cost."""
        items = self.indexed.items
        return sum(items[item].cost_s for item in self.packing.state.moves())

    def objective_s(self) -> float:
        """Return what the hosts in use, the moves and broken rules cost together."""
        hosts_s = sum(self.worth[host] for host in self.used)
        return self.cost_s() + hosts_s + self.packing.state.rules_s

    def load(self, host: int) -> float:
        """Return how full a host is: its fullest resource."""
        return self.packing.state.share(host)

    def leaving_s(self, host: int) -> float:
        """Return what it costs that the items go that are at home on a host."""
        items = self.indexed.items
        return sum(
            items[item].cost_s for item in self.packing.items_on[host] if items[item].home == host
        )

    def empty(self, host: int, *, eject: bool) -> bool:
        """Send all items of a host elsewhere, or none.

        Parameters
        ----------
        eject
            Whether items of other hosts may make room.
        """
        if not self.may_close(host):
            return False
        packing, mark = self.packing, self.packing.mark()
        items = sorted(packing.items_on[host])
        packing.close(host)
        left = packing.fill(items, partly=eject)
        if left and eject and len(left) <= max(FEWEST_LEFT, len(items) // 4):
            left = packing.squeeze(left)
        if left or not self.within_budget():
            packing.take_back(mark)
            return False
        return True

    def empty_all(self, hosts: Iterable[int], *, eject: bool) -> None:
        """Try to empty each of some hosts."""
        for host in hosts:
            if patience().is_over:
                return
            self.empty(host, eject=eject)

    def bring_home(self) -> None:
        """Send items home that need not have moved, the dearest first."""
        items, state = self.indexed.items, self.packing.state
        used = set(self.used)
        for item in sorted(state.moves(), key=lambda n: (-items[n].cost_s, n)):
            home = items[item].home
            if home in used and state.has_room(item, home) and state.obeys(item, home):
                self.packing.put(item, home)


def by_cost(emptying: Emptying, host: int) -> float:
    """Rank a host by what emptying it costs for what it is worth."""
    return emptying.leaving_s(host) / max(emptying.worth[host], 1e-9)


def by_load(emptying: Emptying, host: int) -> float:
    """Rank a host by how full it is, for what it is worth."""
    return emptying.load(host) / max(emptying.worth[host], 1e-9)


RANKS: tuple[Rank, ...] = (by_cost, by_load)


def emptied(
    indexed: Indexed, goal: Consolidation, rank: Rank, least: int, manner: Preferences
) -> Emptying:
    """Return the placement that emptying in one order leads to.

    Parameters
    ----------
    least
        This many hosts stay in use at least.
    """
    emptying = Emptying(indexed, goal, least, manner)
    emptying.empty_all(_ranked(emptying, rank), eject=False)
    emptying.empty_all(_ranked(emptying, by_load)[: patience().much(EJECTING)], eject=True)
    emptying.bring_home()
    return emptying


def _ranked(emptying: Emptying, rank: Rank) -> list[int]:
    return sorted(emptying.used, key=lambda host: (rank(emptying, host), host))
