# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathering free room: a local search for holes that the VMs of a host that fails fit into.

Room that is there in sum is often scattered over many hosts. Each step moves an item, or exchanges two, so that
failures leave fewer VMs without a place, or as many beside larger holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from itertools import combinations

from ...cluster.resources import TOLERANCE
from ...patience import patience
from ..search.state import State

STEPS, TRIED = 60, 40
"""This many steps are made, and for each this many changes are judged by simulated failure, those with the largest
holes."""

EXCHANGED = 150
"""Up to this many items, two of them may change places in a step."""

Change = tuple[tuple[int, int], ...]
"""Items and the hosts that they go to."""


class Gathering:
    """The local search; it changes a state.

    Parameters
    ----------
    state
        A placement within all limits and rules.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._indexed = state.indexed
        self._problem = state.indexed.problem

    def run(self) -> bool:
        """Tell whether failures leave no more VMs without a place than now, in the end."""
        stranded = self._stranded()
        for _step in range(patience().much(STEPS)):
            if patience().is_over:
                return False
            if stranded <= self._problem.spare.tolerated:
                self._take_back()
                return True
            judged = [self._judged(lost, change) for lost, change in self._largest_holes()]
            better = [entry for entry in judged if (entry[0], entry[2]) < (stranded, -TOLERANCE)]
            if not better:
                return False
            stranded, _migrations, _lost, change = min(better)
            self._make(change)
        return False

    def _stranded(self) -> float:
        placement = self._indexed.placement(self._state.moves())
        return sum(v.amount for v in self._problem.spare.stranded(placement))

    def _largest_holes(self) -> list[tuple[float, Change]]:
        """Return the allowed changes that make the largest holes, each with what the holes lose."""
        tried = ((self._lost(change), change) for change in self._changes())
        return nsmallest(TRIED, ((lost, change) for lost, change in tried if lost is not None))

    def _changes(self) -> Iterator[Change]:
        items, where = self._indexed.items, self._state.where
        for number in range(len(items)):
            yield from (((number, host),) for host in self._reach(number) if host != where[number])
        for one, other in combinations(range(len(items) if len(items) <= EXCHANGED else 0), 2):
            if where[other] in self._reach(one) and where[one] in self._reach(other):
                yield ((one, where[other]), (other, where[one]))

    def _reach(self, item: int) -> frozenset[int]:
        return self._indexed.reach[item] - self._indexed.leaving

    def _lost(self, change: Change) -> float | None:
        """Return what holes lose, in squared shares: one counts more than two halves; ``None`` if not allowed."""
        hosts = {host for item, to in change for host in (self._state.where[item], to)}
        before = self._holes(hosts)
        undo = self._undo(change)
        obeyed = self._make(change)
        lost = before - self._holes(hosts) if obeyed and self._is_within(hosts) else None
        self._make(undo)
        return lost

    def _judged(self, lost: float, change: Change) -> tuple[float, int, float, Change]:
        """Return how many VMs failures leave without a place after a change, and how many items have moved then."""
        undo = self._undo(change)
        self._make(change)
        found = self._stranded(), len(self._state.moves()), lost, change
        self._make(undo)
        return found

    def _undo(self, change: Change) -> Change:
        return tuple((item, self._state.where[item]) for item, _host in reversed(change))

    def _make(self, change: Change) -> bool:
        """Make a change; tell whether all rules let it."""
        obeyed = True
        for item, host in change:
            obeyed = obeyed and self._state.obeys(item, host)
            self._state.move(item, host)
        return obeyed

    def _holes(self, hosts: set[int]) -> float:
        return sum(max(0.0, 1 - self._state.share(host)) ** 2 for host in hosts)

    def _is_within(self, hosts: set[int]) -> bool:
        state, caps = self._state, self._indexed.caps
        return all(
            amount <= cap + TOLERANCE
            for host in hosts
            for amount, cap in zip(state.loads[host], caps[host], strict=True)
        )

    def _take_back(self) -> None:
        """Bring home what need not have moved."""
        items, state = self._indexed.items, self._state
        for item in sorted(state.moves(), key=lambda n: (-items[n].cost_s, n)):
            change = ((item, items[item].home),)
            if items[item].home in self._indexed.leaving or self._lost(change) is None:
                continue
            if self._judged(0.0, change)[0] <= self._problem.spare.tolerated:
                self._make(change)
