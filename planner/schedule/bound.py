# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A time that no order of migrations can beat.

A host with k tokens is k machines, and its steps are jobs that are not interrupted: intervals of which at most k
overlap can be given to k machines. So what holds for identical parallel machines holds for each host
(``least_makespan``), and for the tokens of the whole cluster (``priced_makespan``).

Room adds waiting. Let a host have the room R, and let the steps D leave it and A arrive.

- An arrival i can only start when departures worth at least (demand of i) - R have ended: its *head* is the
  least time in which the host can do so much.
- When a departure j ends, at most R + (all departures but j) can have started to arrive, so arrivals worth
  at least (all arrivals) - R - (all departures but j) start after it: its *tail* is the least time for these.

Both hold resource by resource. A departure ends no sooner than its own head and its duration allow, so heads follow
from heads, and tails from tails. Then every step needs head + duration + tail; and the steps of a host with heads of at
least a and tails of at least b all run between a and (the end - b).

References
----------
J. Carlier, "Scheduling jobs with release dates and tails on identical machines to minimize the makespan", 1987,
https://doi.org/10.1016/0377-2217(87)90243-8 (heads and tails).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ..cluster.resources import TOLERANCE
from .indexed_steps import RESOURCES, IndexedSteps
from .prices import priced_makespan

ROUNDS = 20
"""How often heads are drawn from heads: so long may a chain of steps be that wait for each other."""

FINEST = 1 << 18
"""Sums of durations are looked at up to this number; longer durations are counted in larger units, rounded down."""


def makespan_bound_ms(steps: IndexedSteps) -> int:
    """Return a time that no order of these steps, each made in one go, can beat."""
    if not steps.steps:
        return 0
    unit = 1 + max(_work(steps)) // FINEST
    durations = [duration // unit for duration in steps.durations]
    heads = _heads(steps, durations)
    tails = _heads(steps.backwards, durations)
    chain = max(map(sum, zip(heads, durations, tails, strict=True)))
    proved = max(
        unit * chain,
        unit * _of_hosts(steps, durations, heads, tails),
        _of_cluster(steps, heads, tails, unit),
    )
    return priced_makespan(steps.durations, steps.cluster, proved)


def least_makespan(durations: Sequence[int], machines: int) -> int:
    """Return a time in which these jobs cannot be done sooner by identical machines.

    The fullest machine carries at least the mean, and what it carries is the sum of some of the jobs. Of the
    m * machines + 1 longest jobs, some machine does m + 1.

    Worked example: five jobs of 10 on two machines. The mean is 25, but sums are 10, 20, 30, ...: 30.
    """
    longest = sorted(durations, reverse=True)
    pigeonholes = (
        sum(longest[many * (machines - 1) : many * machines + 1])
        for many in range(1, -(-len(longest) // machines))
    )
    fullest = Sums(durations).least(-(-sum(durations) // machines))
    return max(*longest[:1], *pigeonholes, fullest, 0)


class Sums:
    """What some of a few whole numbers can add up to, as the bits of one number."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._bits = 1
        for number in numbers:
            self._bits |= self._bits << number

    def least(self, wanted: int) -> int:
        """Return the least sum that is not less; what is wanted, if all of them are less."""
        rest = self._bits >> wanted
        return wanted + max(0, (rest & -rest).bit_length() - 1)


def _work(steps: IndexedSteps) -> list[int]:
    """Add up the milliseconds that each host takes part in steps."""
    return [
        sum(steps.durations[number] for number in (*leaving, *coming))
        for leaving, coming in zip(steps.departures, steps.arrivals, strict=True)
    ]


def _heads(steps: IndexedSteps, durations: Sequence[int]) -> list[int]:
    """Return per step how long it waits at least for departures from its destination."""
    heads = [0] * len(durations)
    waiting = [
        (number, host) for number, host in enumerate(steps.destination) if _needs(steps, number)
    ]
    sums = {
        host: Sums(durations[number] for number in steps.departures[host])
        for _number, host in waiting
    }
    for _round in range(ROUNDS):
        later = {
            number: max(
                _time_to_free(steps, durations, heads, sums[host], host, resource, need)
                for resource, need in _needs(steps, number)
            )
            for number, host in waiting
        }
        if all(heads[number] >= head for number, head in later.items()):
            break
        for number, head in later.items():
            heads[number] = max(heads[number], head)
    return heads


def _needs(steps: IndexedSteps, number: int) -> list[tuple[int, float]]:
    """Return by how much the destination's room is too small for a step, per resource."""
    host, demand = steps.destination[number], steps.steps[number].demand
    room = [steps.caps[host][r] - steps.loads[host][r] for r in RESOURCES]
    return [(r, demand[r] - room[r]) for r in RESOURCES if demand[r] - room[r] > 2 * TOLERANCE]


def _time_to_free(
    steps: IndexedSteps,
    durations: Sequence[int],
    heads: Sequence[int],
    sums: Sums,
    host: int,
    resource: int,
    need: float,
) -> int:
    """Return the least time in which departures from a host free so much of a resource.

    Whichever departures these are, the last of them ends no sooner than if those that can end first were enough,
    and they take no less work than if parts of steps counted, best value first.
    """
    leaving = [
        (steps.steps[n].demand[resource], durations[n], heads[n] + durations[n])
        for n in steps.departures[host]
        if steps.steps[n].demand[resource] > 0
    ]
    by_end = sorted(leaving, key=lambda entry: entry[2])
    freed = accumulate(amount for amount, _duration, _end in by_end)
    ends = (
        end
        for (_amount, _duration, end), amount in zip(by_end, freed, strict=True)
        if amount >= need - TOLERANCE
    )
    work = -(-_least_work(leaving, need) // steps.per_host)
    return max(next(ends, 0), sums.least(work))


def _least_work(leaving: Iterable[tuple[float, int, int]], need: float) -> int:
    """Return the least duration in all of steps that free so much, if parts of steps counted (rounded up)."""
    rest, work = need, 0.0
    for amount, duration, _end in sorted(leaving, key=lambda entry: entry[1] / entry[0]):
        part = min(1.0, rest / amount)
        work += part * duration
        rest -= part * amount
        if rest <= TOLERANCE:
            break
    return math.ceil(work - 1e-3)


def _of_hosts(
    steps: IndexedSteps, durations: Sequence[int], heads: Sequence[int], tails: Sequence[int]
) -> int:
    """Return the bound of the host that needs longest, those with most work first: the others need no look."""
    best = 0
    jobs = [
        [(heads[n], durations[n], tails[n]) for n in (*leaving, *coming)]
        for leaving, coming in zip(steps.departures, steps.arrivals, strict=True)
    ]
    reach = {host: _most_possible(found, steps.per_host) for host, found in enumerate(jobs)}
    for host in sorted(reach, key=lambda host: (-reach[host], host)):
        if reach[host] <= best:
            break
        best = max(best, _windows(jobs[host], steps.per_host))
    return best


Job = tuple[int, int, int]
"""Head, duration and tail."""


def _most_possible(jobs: Sequence[Job], machines: int) -> int:
    """Return what the bound of a host can be at most."""
    if not jobs:
        return 0
    longest = sum(max(job[part] for job in jobs) for part in range(3))
    return longest + sum(duration for _head, duration, _tail in jobs) // machines + 1


def _windows(jobs: Sequence[Job], machines: int) -> int:
    """Return the longest time that jobs with at least some head and some tail need."""
    best = 0
    for head in {job[0] for job in jobs}:
        for tail in {job[2] for job in jobs}:
            inside = [job[1] for job in jobs if job[0] >= head and job[2] >= tail]
            if inside and head + tail + sum(inside) // machines + 1 + max(inside) > best:
                best = max(best, head + least_makespan(inside, machines) + tail)
    return best


def _of_cluster(steps: IndexedSteps, heads: Sequence[int], tails: Sequence[int], unit: int) -> int:
    """Return how long the tokens of the cluster need for the steps with at least some head, or some tail."""
    found = [0]
    for waits in (heads, tails):
        work = 0
        for wait, duration in sorted(zip(waits, steps.durations, strict=True), reverse=True):
            work += duration
            found.append(unit * wait - (-work // steps.cluster))
    return max(found)
