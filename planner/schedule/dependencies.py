# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has to wait for whom: derived from a finished schedule, so that nobody waits without need.

Which departures make the room for an arrival is a choice (any that are enough will do), so an edge to every
VM that leaves the destination would be wrong: it makes circles that are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cluster.resources import TOLERANCE, Resources
from ..cluster.snapshot import ClusterSnapshot
from ..policy.base import Rule
from .step import Step

Timed = tuple[Step, int, int]


def find_dependencies(
    timed: Sequence[Timed],
    snapshot: ClusterSnapshot,
    caps: Mapping[str, Resources],
    rules: Sequence[Rule] = (),
) -> list[tuple[int, ...]]:
    """Return for each step the numbers of the steps that must have ended before it starts.

    An arrival needs the earliest departures from its destination that, with all arrivals planned before it counted,
    leave enough room. Every order that respects these edges is then safe at every moment, whatever the real
    durations: the arrivals under way at a host are among those planned up to the last of them, and its edges
    made room for all of those.

    Parameters
    ----------
    timed
        In the order of their start.
    """
    loads = {name: list(load) for name, load in snapshot.loads(snapshot.placement).items()}
    departures: dict[str, list[int]] = {}
    for number in sorted(range(len(timed)), key=lambda n: (timed[n][2], n)):
        departures.setdefault(timed[number][0].source, []).append(number)
    legs: dict[str, int] = {}
    found = []
    for number, (step, start, _finish) in enumerate(timed):
        load = loads[step.destination]
        for resource in range(3):
            load[resource] += step.demand[resource]
        ended = [n for n in departures.get(step.destination, ()) if timed[n][2] <= start]
        needed = set(
            _enough(load, caps[step.destination], [(n, timed[n][0].demand) for n in ended])
        )
        if step.domain in legs:
            needed.add(legs[step.domain])
        needed |= _for_rules(step, start, timed[:number], rules, snapshot)
        legs[step.domain] = number
        found.append(tuple(sorted(needed)))
    return found


def _enough(
    load: Sequence[float], cap: Resources, ended: Sequence[tuple[int, Resources]]
) -> list[int]:
    """Return the first departures that bring the load under the cap."""
    rest = list(load)
    chosen: list[int] = []
    for number, demand in ended:
        over = [rest[r] > cap[r] + TOLERANCE for r in range(3)]
        if not any(over):
            break
        if any(over[r] and demand[r] > 0 for r in range(3)):
            chosen.append(number)
            rest = [rest[r] - demand[r] for r in range(3)]
    return chosen


def _for_rules(
    step: Step,
    start: int,
    earlier: Sequence[Timed],
    rules: Sequence[Rule],
    snapshot: ClusterSnapshot,
) -> set[int]:
    """Wait for the VMs of the same rule that planned to be gone from the destination's zone before."""
    mates = {name for rule in rules if step.domain in rule.domains for name in rule.domains}
    return {
        number
        for number, (other, _start, finish) in enumerate(earlier)
        if other.domain in mates and other.domain != step.domain and finish <= start
    }
