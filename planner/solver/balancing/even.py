# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local search for balance: shifts and swaps that pay, the hosts farthest from the band first.

A migration costs what it costs from the VM's home: sending a VM that moved already somewhere else is free,
sending it home gives its cost back. Only hosts that changed are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush, nlargest, nsmallest

from ...patience import patience
from ..budget import Budget, BudgetLeft
from ..search.state import State
from .scale import Scale

PARTNERS = 12
"""Hosts that a host exchanges VMs with, from the other end of the scale."""

LEAST_S = 1e-6
Choice = tuple[float, tuple[tuple[int, int], ...]]
"""What a change gains, in seconds, and the moves (item, host) that make it."""


class BalanceSearch:
    """A state that is evened out step by step."""

    def __init__(self, state: State, scale: Scale) -> None:
        self.state = state
        self.scale = scale
        self.items_on: list[set[int]] = [set() for _host in state.indexed.hosts]
        for item, host in enumerate(state.where):
            self.items_on[host].add(item)
        self._allowed = state.indexed.reach
        self._penalty = [
            scale.penalty_s(h, state.loads[h]) for h in range(len(state.indexed.hosts))
        ]
        self._budget_left = BudgetLeft(Budget(state.indexed), state.where, state.moves())

    def move(self, item: int, host: int) -> None:
        """Put an item on a host and take note of the consequences."""
        source = self.state.where[item]
        self.items_on[source].discard(item)
        self.items_on[host].add(item)
        self._budget_left.pay(item, host)
        self.state.move(item, host)
        for changed in (source, host):
            self._penalty[changed] = self.scale.penalty_s(changed, self.state.loads[changed])

    def may_move(self, item: int, host: int) -> bool:
        """Tell whether room, rules and the limits of a plan let an item go to another host."""
        state = self.state
        return (
            host != state.where[item]
            and host in self._allowed[item]
            and self._budget_left.allows([(item, host)])
            and state.has_room(item, host)
            and state.obeys(item, host)
        )

    def insert(self, items: Iterable[int]) -> None:
        """Send items to the hosts where they do most good, the largest first; each stays if nothing is better."""
        indexed = self.state.indexed
        for item in sorted(items, key=lambda n: (-self._size(n), n)):
            source = self.state.where[item]
            best = max(
                (
                    self._shift(item, source, host)
                    for host in self._emptiest(self._allowed[item], source)
                ),
                default=None,
            )
            # A mover of the pool's answer is worth its cost together with others: it need not pay alone.
            if best and best[0] > -indexed.items[item].cost_s:
                self._apply(best)

    def _size(self, item: int) -> float:
        demand = self.state.indexed.items[item].demand
        limit = self.state.indexed.limits[self.state.indexed.items[item].home]
        return (
            max(d / m for d, m in zip(demand, limit, strict=True) if m > 0) if any(limit) else 0.0
        )

    def improve(self, changes: int, hosts: Iterable[int] | None = None) -> None:
        """Apply the best change of the host that is farthest from the band, again and again, until nothing pays.

        Parameters
        ----------
        changes
            The most that are applied, as a safety.
        hosts
            Those that are looked at first; all, if not said.
        """
        members = set(self.scale.members)
        waiting = members if hosts is None else members & set(hosts)
        queue = [(-self._penalty[host], host) for host in sorted(waiting)]
        heapify(queue)
        while queue and changes > 0 and not patience().is_over:
            penalty, host = heappop(queue)
            if host not in waiting or -penalty != self._penalty[host]:
                continue
            waiting.discard(host)
            choice = self._best_change(host)
            if choice is None:
                continue
            changes -= 1
            for changed in self._apply(choice):
                waiting.add(changed)
                heappush(queue, (-self._penalty[changed], changed))

    def cost_s(self) -> float:
        """Return what the imbalance, the moves and broken rules cost together."""
        items = self.state.indexed.items
        moves_s = sum(items[item].cost_s for item in self.state.moves())
        return (
            moves_s + self.state.rules_s + sum(self._penalty[host] for host in self.scale.members)
        )

    def take_back(self) -> None:
        """Send home every item whose move does not pay, now that all others are placed."""
        for item, host in sorted(self.state.moves().items()):
            home = self.state.indexed.items[item].home
            choice = self._shift(item, host, home)
            if choice[0] > LEAST_S:
                self._apply(choice)

    def _best_change(self, host: int) -> Choice | None:
        """Return the best shift from or to a host, or the best swap if no shift pays."""
        if self._penalty[host] <= 0 and not any(map(self._may_be_elsewhere, self.items_on[host])):
            return None
        over = self.scale.height(host, self.state.loads[host]) > 0
        partners = self._partners(host, over)
        choices: list[Choice] = []
        for other in partners:
            source, target = (host, other) if over else (other, host)
            choices += [
                self._shift(item, source, target)
                for item in self.items_on[source]
                if target in self._allowed[item]
            ]
        choices += self._ways_to_obey(host)
        best = max(choices, default=(0.0, ()))
        if best[0] <= LEAST_S:
            best = max((self._best_swap(host, other) for other in partners[:5]), default=(0.0, ()))
        return best if best[0] > LEAST_S else None

    def _ways_to_obey(self, host: int) -> list[Choice]:
        """Judge that items of a host whose rules are broken go elsewhere, however full it is."""
        return [
            self._shift(item, host, other)
            for item in self.items_on[host]
            if self.state.relief_s(item) > 0
            for other in self._emptiest(self._allowed[item], host)
        ]

    def _may_be_elsewhere(self, item: int) -> bool:
        """Tell whether an item may be better off on another host, though its own is in the band."""
        state = self.state
        return state.where[item] != state.indexed.items[item].home or state.relief_s(item) > 0

    def _partners(self, host: int, over: bool) -> list[int]:
        """Return the hosts at the other end of the scale, and those that are farthest from the band."""
        state, members = self.state, [h for h in self.scale.members if h != host]
        pick = nsmallest if over else nlargest
        return pick(PARTNERS, members, key=lambda h: (self.scale.height(h, state.loads[h]), h))

    def _emptiest(self, allowed: frozenset[int], source: int) -> list[int]:
        hosts = [h for h in self.scale.members if h in allowed and h != source]
        return nsmallest(
            2 * PARTNERS, hosts, key=lambda h: (self.scale.height(h, self.state.loads[h]), h)
        )

    def _shift(self, item: int, source: int, host: int) -> Choice:
        """Judge one move; a move that is not allowed gains nothing."""
        state, entry = self.state, self.state.indexed.items[item]
        if not self._budget_left.allows([(item, host)]):
            return (0.0, ())
        if not state.has_room(item, host) or not state.obeys(item, host):
            return (0.0, ())
        gain = self._penalty[source] + self._penalty[host]
        gain -= self.scale.penalty_s(source, state.loads[source], entry.demand, -1)
        gain -= self.scale.penalty_s(host, state.loads[host], entry.demand, 1)
        gain -= self._extra_s(item, host) + state.more_rules_s(item, host)
        return (gain, ((item, host),))

    def _extra_s(self, item: int, host: int) -> float:
        entry = self.state.indexed.items[item]
        now, then = self.state.where[item] != entry.home, host != entry.home
        return entry.cost_s * (then - now)

    def _best_swap(self, one: int, other: int) -> Choice:
        """Exchange one item for another; judged by what changes, checked for room and rules only if it pays."""
        best: Choice = (0.0, ())
        state = self.state
        items, loads = state.indexed.items, state.loads
        now = self._penalty[one] + self._penalty[other]
        theirs = self._cheapest_first(other, one)
        for extra_a, a in self._cheapest_first(one, other):
            demand = items[a].demand
            for extra_b, b in theirs:
                gain = now - extra_a - extra_b
                if gain <= best[0]:
                    break  # those that follow cost more
                change = items[b].demand.minus(demand)
                gain -= self.scale.penalty_s(one, loads[one], change, 1)
                if gain <= best[0]:
                    continue
                gain -= self.scale.penalty_s(other, loads[other], change, -1)
                if gain > best[0] and self._may_swap(a, b):
                    gain -= state.relief_s(a) + state.relief_s(b) + self._swap_rules_s(a, b)
                    best = max(best, (gain, ((a, other), (b, one))))
        return best

    def _swap_rules_s(self, a: int, b: int) -> float:
        """Return what broken rules cost more after an exchange."""
        state = self.state
        one, other, before_s = state.where[a], state.where[b], state.rules_s
        for item, host in ((a, other), (b, one)):
            state.move(item, host)
        after_s = state.rules_s
        for item, host in ((a, one), (b, other)):
            state.move(item, host)
        return after_s - before_s

    def _cheapest_first(self, host: int, target: int) -> list[tuple[float, int]]:
        """Return the items of a host that may go to another one, with what that costs at least."""
        items = (item for item in self.items_on[host] if target in self._allowed[item])
        relief_s = self.state.relief_s
        return sorted((self._extra_s(item, target) - relief_s(item), item) for item in items)

    def _may_swap(self, a: int, b: int) -> bool:
        """Check room and rules of an exchange by doing it in the state."""
        state = self.state
        one, other = state.where[a], state.where[b]
        if not self._budget_left.allows([(a, other), (b, one)]):
            return False
        change = state.indexed.items[b].demand.minus(state.indexed.items[a].demand)
        caps, loads = state.indexed.caps, state.loads
        if any(loads[one][r] + change[r] > caps[one][r] + 1e-6 for r in (0, 1, 2)):
            return False
        if any(loads[other][r] - change[r] > caps[other][r] + 1e-6 for r in (0, 1, 2)):
            return False
        return self._obeys_after(b, one, a, other) and self._obeys_after(a, other, b, one)

    def _obeys_after(self, item: int, host: int, first: int, target: int) -> bool:
        """Tell whether the rules let an item go to a host once another one has moved."""
        source = self.state.where[first]
        self.state.move(first, target)
        obeys = self.state.obeys(item, host)
        self.state.move(first, source)
        return obeys

    def _apply(self, choice: Choice) -> set[int]:
        changed: set[int] = set()
        for item, host in choice[1]:
            changed |= {self.state.where[item], host}
            self.move(item, host)
        return changed & set(self.scale.members)
