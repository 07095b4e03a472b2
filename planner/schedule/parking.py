# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking a circle of migrations that wait for each other's room, by parking one VM elsewhere for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..cluster.resources import Resources
from ..errors import NoOrder
from ..libraries import require
from .indexed_steps import IndexedSteps
from .rule_watch import RuleWatch
from .step import Step
from .timing import NEVER

Shelters = Callable[[str], Sequence[str]]
"""Hosts that a VM may be parked on."""


Durations = Callable[[str, str, str], tuple[int, float]]
"""The duration in ms of a migration of a VM between two hosts, and the seconds of transfer in it."""


def add_parking(
    steps: IndexedSteps,
    starts: Sequence[int],
    watch: RuleWatch,
    shelters: Shelters,
    durations: Durations,
) -> IndexedSteps:
    """Return the steps with one of those that block each other in two halves, by way of a parking host.

    Parameters
    ----------
    starts
        Of the steps, ``NEVER`` for those that block each other.
    watch
        As it is before the first step.

    Raises
    ------
    NoOrder
        No host has room to park one of the VMs.
    """
    standstill = Standstill(steps, starts, watch)
    parked = {step.domain for step in steps.steps if step.parking}
    choice = park(
        [step for step in standstill.stuck if step.domain not in parked], shelters, standstill
    )
    if choice is None:
        raise _blocked(standstill.stuck)
    step, shelter = choice
    there_ms, there_s = durations(step.domain, step.source, shelter)
    back_ms, back_s = durations(step.domain, shelter, step.destination)
    first = replace(
        step, destination=shelter, duration_ms=there_ms, transfer_s=there_s, parking=True
    )
    second = replace(step, source=shelter, duration_ms=back_ms, transfer_s=back_s)
    others = [other for other in steps.steps if other is not step]
    return steps.with_steps([*others, first, second])


class Standstill:
    """The moment when nothing runs and nothing may start.

    Attributes
    ----------
    stuck
        The steps that block each other.
    """

    def __init__(self, steps: IndexedSteps, starts: Sequence[int], watch: RuleWatch) -> None:
        self.stuck = [m for m, start in zip(steps.steps, starts, strict=True) if start == NEVER]
        self._watch = watch
        self._steps = steps
        self._loads = [Resources(*load) for load in steps.loads]
        for number in sorted(range(len(starts)), key=lambda n: (starts[n], n)):
            if starts[number] != NEVER:
                self._finish(number)

    def _finish(self, number: int) -> None:
        step = self._steps.steps[number]
        source, destination = self._steps.source[number], self._steps.destination[number]
        self._loads[source] = self._loads[source].minus(step.demand)
        self._loads[destination] = self._loads[destination].plus(step.demand)
        if self._watch.is_watched(step.domain):
            self._watch.finish(step)

    def may_go(self, step: Step) -> bool:
        """Tell whether room and rules let a step start."""
        host = self._steps.number[step.destination]
        return self._loads[host].plus(step.demand).fits(Resources(*self._steps.caps[host])) and (
            not self._watch.is_watched(step.domain) or self._watch.rules_hold(step)
        )

    def memory_mib(self, host: str) -> float:
        """Return the memory that a host has given out."""
        return self._loads[self._steps.number[host]].memory_mib


def _blocked(stuck: Sequence[Step]) -> NoOrder:
    ways = ", ".join(f"{step.domain} ({step.source} to {step.destination})" for step in stuck[:6])
    smallest_first = sorted(stuck, key=lambda step: step.demand.memory_mib)
    return NoOrder(
        f"These migrations block each other in every order tried, and no host has room to park a VM meanwhile: {ways}; "
        "free some memory on one of these hosts.",
        tuple((step.domain, step.destination) for step in smallest_first),
    )


def circles(steps: Sequence[Step]) -> list[set[str]]:
    """Return the sets of hosts whose migrations wait for each other in a circle.

    They are the strongly connected components of the graph that leads from the source to the destination of each step.
    """
    networkx = require("networkx")
    graph = networkx.DiGraph((step.source, step.destination) for step in steps)
    found = [set(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    return sorted(found, key=lambda part: (len(part), sorted(part)))


def park(
    stuck: Sequence[Step], shelters: Shelters, standstill: Standstill
) -> tuple[Step, str] | None:
    """Choose the smallest VM of a circle that some host has room for, and the host with most memory left.

    Returns
    -------
    tuple or None
        The step that makes a stop, and where; ``None`` if no VM can be parked anywhere.
    """
    parts = circles(stuck)
    in_circle = [m for m in stuck if any(m.source in p and m.destination in p for p in parts)]
    for group in (in_circle, stuck):
        for step in sorted(group, key=lambda m: (m.demand.memory_mib, m.domain)):
            hosts = [
                host
                for host in shelters(step.domain)
                if host not in (step.source, step.destination)
                and standstill.may_go(replace(step, destination=host))
            ]
            if hosts:
                return step, min(hosts, key=lambda host: (standstill.memory_mib(host), host))
    return None
