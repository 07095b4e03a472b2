# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event-driven list scheduling: a step starts as soon as its tokens and its room are free, the most urgent first.

No barriers, no head-of-line blocking. Only steps of hosts whose state changed are looked at again, so that
a step takes some millionths of a second.

References
----------
R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969, https://doi.org/10.1137/0117039.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from ..cluster.resources import TOLERANCE
from .indexed_steps import RESOURCES, IndexedSteps
from .rule_watch import RuleWatch

NEVER = -1
"""The start of a step that waits for ever."""


def start_times(
    steps: IndexedSteps, urgency: Sequence[float], watch: RuleWatch, reserve: Iterable[int] = ()
) -> list[int]:
    """Return when each step starts, in ms; ``NEVER`` for those that block each other.

    Parameters
    ----------
    urgency
        Per step; of the steps that may start, the one with the least starts first.
    watch
        As it is before the first step.
    reserve
        Steps that are held back, one after the other, until no other can ever start.
    """
    return _Run(steps, urgency, watch, reserve).run()


class _Run:
    """One simulation."""

    def __init__(
        self,
        steps: IndexedSteps,
        urgency: Sequence[float],
        watch: RuleWatch,
        reserve: Iterable[int],
    ) -> None:
        self._steps = steps
        self._watch = watch
        self._watched = {
            number: None for number, step in enumerate(steps.steps) if watch.is_watched(step.domain)
        }
        self._by_rank = sorted(range(len(urgency)), key=lambda n: (urgency[n], n))
        self._rank = [0] * len(urgency)
        self._loads = [list(load) for load in steps.loads]
        self._free = [steps.per_host] * len(steps.loads)
        self._at_once = steps.cluster
        self._starts = [NEVER] * len(urgency)
        self._pending: list[dict[int, None]] = [{} for _load in steps.loads]
        self._queue: list[int] = []
        self._is_queued = [False] * len(urgency)
        self._running: list[tuple[int, int]] = []
        self._next = {first: second for second, first in steps.follows.items()}
        self._reserve = list(reserve)
        held_back = {*self._reserve, *steps.follows}
        for rank, number in enumerate(self._by_rank):
            self._rank[number] = rank
            if number not in held_back:
                self._admit(number)

    def run(self) -> list[int]:
        """Run all steps that ever may start."""
        now = 0
        while True:
            self._start_all(now)
            if self._running:
                now = self._running[0][0]
                self._finish_all(now)
            elif self._reserve:
                self._admit(self._reserve.pop(0))
            else:
                return self._starts

    def _admit(self, number: int) -> None:
        """Let a step wait at its hosts."""
        self._pending[self._steps.source[number]][number] = None
        self._pending[self._steps.destination[number]][number] = None
        self._enqueue(number)

    def _enqueue(self, number: int) -> None:
        self._is_queued[number] = True
        heappush(self._queue, self._rank[number])

    def _start_all(self, now: int) -> None:
        source, destination = self._steps.source, self._steps.destination
        while self._queue and self._at_once > 0:
            number = self._by_rank[heappop(self._queue)]
            self._is_queued[number] = False
            if (
                self._free[source[number]] > 0
                and self._free[destination[number]] > 0
                and self._has_room(number, destination[number])
                and (
                    number not in self._watched or self._watch.rules_hold(self._steps.steps[number])
                )
            ):
                self._start(number, now)

    def _has_room(self, number: int, host: int) -> bool:
        load, cap = self._loads[host], self._steps.caps[host]
        demand = self._steps.steps[number].demand
        return (
            load[0] + demand[0] <= cap[0] + TOLERANCE
            and load[1] + demand[1] <= cap[1] + TOLERANCE
            and load[2] + demand[2] <= cap[2] + TOLERANCE
        )

    def _start(self, number: int, now: int) -> None:
        source, destination = self._steps.source[number], self._steps.destination[number]
        step = self._steps.steps[number]
        self._starts[number] = now
        self._at_once -= 1
        self._free[source] -= 1
        self._free[destination] -= 1
        for resource in RESOURCES:
            self._loads[destination][resource] += step.demand[resource]
        del self._pending[source][number]
        del self._pending[destination][number]
        heappush(self._running, (now + step.duration_ms, number))
        if number in self._watched:
            self._watch.start(step)

    def _finish_all(self, now: int) -> None:
        """End what ends now, and look again at the steps of its hosts."""
        freed: dict[int, None] = {}
        while self._running and self._running[0][0] == now:
            number = heappop(self._running)[1]
            freed[self._steps.source[number]] = freed[self._steps.destination[number]] = None
            self._finish(number)
        source, destination, free = self._steps.source, self._steps.destination, self._free
        is_queued = self._is_queued
        for host in freed:
            for number in self._pending[host] if free[host] > 0 else ():
                if not is_queued[number] and free[source[number]] > 0 < free[destination[number]]:
                    self._enqueue(number)

    def _finish(self, number: int) -> None:
        source, destination = self._steps.source[number], self._steps.destination[number]
        step = self._steps.steps[number]
        self._at_once += 1
        self._free[source] += 1
        self._free[destination] += 1
        for resource in RESOURCES:
            self._loads[source][resource] -= step.demand[resource]
        if number in self._next:
            self._admit(self._next[number])
        if number in self._watched:
            self._watch.finish(step)
            self._look_at_watched()

    def _look_at_watched(self) -> None:
        """A rule may have held steps back that have no host in common with the one that ended."""
        for number in self._watched:
            is_pending = number in self._pending[self._steps.source[number]]
            if is_pending and not self._is_queued[number]:
                self._enqueue(number)
