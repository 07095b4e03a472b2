# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of migrations: several list schedules, each justified; then the best one is disturbed and justified again.

A list schedule prefers steps with much work behind them at one of their hosts; which steps of a host stand
behind which is shuffled from schedule to schedule. Justification takes a schedule and starts every step as late
as possible, those that end last first, and then as early as possible, those that start first first. That closes
gaps which no rule of preference sees, and never costs anything.

References
----------
V. Valls, F. Ballestin, S. Quintanilla, "Justification and RCPSP: a technique that pays", 2005,
https://doi.org/10.1016/j.ejor.2004.04.008.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from ..errors import NoOrder
from ..patience import patience
from .bound import makespan_bound_ms
from .indexed_steps import IndexedSteps
from .parking import Durations, Shelters, add_parking
from .rule_watch import RuleWatch
from .step import Step
from .timing import NEVER, start_times

Timed = tuple[Step, int, int]
"""A step with its start and finish in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the order depends on beside the steps.

    Attributes
    ----------
    loads, caps
        Per host what it carries now, and the most that it may carry.
    watch
        Makes the state of the rules that hold throughout, again for every try.
    """

    loads: Mapping[str, Sequence[float]]
    caps: Mapping[str, Sequence[float]]
    watch: Callable[[], RuleWatch]
    shelters: Shelters
    duration_ms: Durations
    per_host: int
    cluster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Steps with their times.

    Attributes
    ----------
    timed
        By start; perhaps with parking steps added.
    makespan_ms
        When the last one ends.
    bound_ms
        No order of the steps, each made in one go, ends earlier.
    """

    timed: tuple[Timed, ...]
    makespan_ms: int
    bound_ms: int


def order_steps(steps: Sequence[Step], setting: Setting) -> Order:
    """Find the times of steps.

    Raises
    ------
    NoOrder
        The migrations block each other, and there is no host to park a VM on.
    """
    direct = IndexedSteps.of(steps, setting.loads, setting.caps, setting.per_host, setting.cluster)
    bound = makespan_bound_ms(direct)
    table = _disturb(_best_of_lists(direct, setting, bound), setting, bound)
    # An order that parks VMs makes other migrations than those that the bound is about.
    return Order(
        timed=table.timed(),
        makespan_ms=table.makespan_ms,
        bound_ms=min(bound, table.makespan_ms),
    )


@dataclass(frozen=True, slots=True)
class _Timetable:
    """Steps and their starts in ms."""

    steps: IndexedSteps
    starts: Sequence[int]

    @property
    def makespan_ms(self) -> int:
        """When the last step ends."""
        return max(self.finishes(), default=0)

    def finishes(self) -> list[int]:
        """Return when each step ends."""
        return [s + d for s, d in zip(self.starts, self.steps.durations, strict=True)]

    def timed(self) -> tuple[Timed, ...]:
        """Return the steps by their start."""
        rows = zip(self.steps.steps, self.starts, self.finishes(), strict=True)
        return tuple(sorted(rows, key=lambda row: (row[1], row[2], row[0].domain)))


def _best_of_lists(direct: IndexedSteps, setting: Setting, bound: int) -> _Timetable:
    """Return the shortest of several schedules, the first of which puts long steps before short ones."""
    chance = Random(len(direct.steps))
    best: _Timetable | None = None
    blocked: NoOrder | None = None
    for attempt in range(_tries(direct, MOST_LISTS)):
        if best and patience().is_over:
            break
        try:
            table = _justify(_list(direct, chance if attempt else None, setting), setting)
        except NoOrder as error:
            blocked = blocked or error
            continue
        if best is None or table.makespan_ms < best.makespan_ms:
            best = table
        if best.makespan_ms <= bound * NEAR_ENOUGH:
            break
    if best is None:
        raise blocked or AssertionError("no list was tried")
    return best


def _tries(steps: IndexedSteps, most: int) -> int:
    """Return how many schedules are worth their time: it depends on the number of steps, never on the clock."""
    tries = min(most, STEPS_IN_ALL // max(1, len(steps.steps)))
    return patience().much(max(1, tries))


def _list(steps: IndexedSteps, chance: Random | None, setting: Setting) -> _Timetable:
    """Schedule steps by the work behind them; when all block each other, some are held back, or else parked."""
    held: list[int] = []
    urgency = [-work for work in _work_behind(steps, chance)]
    while True:
        parking = [number for number, step in enumerate(steps.steps) if step.parking]
        starts = start_times(steps, urgency, setting.watch(), [*held, *parking])
        if NEVER not in starts:
            return _Timetable(steps, starts)
        if taken := _in_the_way(steps, starts, held):
            held += taken
        else:
            steps = add_parking(
                steps, starts, setting.watch(), setting.shelters, setting.duration_ms
            )
            urgency = [-work for work in _work_behind(steps, chance)]
            held = []


def _in_the_way(steps: IndexedSteps, starts: Sequence[int], held: Sequence[int]) -> list[int]:
    """Return the steps that took the room which those that block each other wait for, the earliest first."""
    wanted = {steps.destination[n] for n, start in enumerate(starts) if start == NEVER}
    fixed = {*held, *steps.follows, *steps.follows.values()}
    taken = [
        number
        for host in wanted
        for number in steps.arrivals[host]
        if starts[number] != NEVER and number not in fixed
    ]
    return sorted(taken, key=lambda number: (starts[number], number))


def _justify(table: _Timetable, setting: Setting) -> _Timetable:
    """Start everything as late as possible, then as early as possible, as long as that shortens the schedule."""
    while True:
        later = _as_late_as_possible(table, setting)
        starts = start_times(table.steps, later, setting.watch()) if later else [NEVER]
        if NEVER in starts:
            return table
        sooner = _Timetable(table.steps, starts)
        if sooner.makespan_ms >= table.makespan_ms:
            return table
        table = sooner


def _as_late_as_possible(table: _Timetable, setting: Setting) -> list[int]:
    """Return starts of the same steps, which may be before 0; nothing if they block each other this way round."""
    backwards = table.steps.backwards
    urgency = [-finish for finish in table.finishes()]
    end = setting.watch()
    for step in table.steps.steps:
        if end.is_watched(step.domain):
            end.start(step)
            end.finish(step)
    starts = start_times(backwards, urgency, end)
    if NEVER in starts:
        return []
    durations = table.steps.durations
    return [-start - duration for start, duration in zip(starts, durations, strict=True)]


def _disturb(best: _Timetable, setting: Setting, bound: int) -> _Timetable:
    """Shift some starts by chance, use them as preferences, and keep what is not longer, again and again."""
    chance = Random(len(best.starts))
    for attempt in range(_tries(best.steps, MOST_DISTURBED)):
        makespan = best.makespan_ms
        if makespan <= bound * NEAR_ENOUGH or patience().is_over:
            break
        part, reach = DISTURBANCES[attempt % len(DISTURBANCES)]
        urgency = [
            start + (chance.uniform(-reach, reach) * makespan if chance.random() < part else 0)
            for start in best.starts
        ]
        starts = start_times(best.steps, urgency, setting.watch())
        if NEVER not in starts:
            table = _justify(_Timetable(best.steps, starts), setting)
            best = table if table.makespan_ms <= makespan else best
    return best


def _work_behind(steps: IndexedSteps, chance: Random | None) -> list[int]:
    """Return per step the work of its host that stands behind it, itself included, at the end where that is more.

    Parameters
    ----------
    chance
        Who stands behind whom; without it, short steps stand behind long ones.
    """
    durations = steps.durations
    behind = [0] * len(durations)
    for host in range(len(steps.loads)):
        queue = [*steps.departures[host], *steps.arrivals[host]]
        if chance:
            chance.shuffle(queue)
        else:
            queue.sort(key=lambda number: (-durations[number], number))
        work = accumulate(durations[number] for number in reversed(queue))
        for number, amount in zip(reversed(queue), work, strict=True):
            behind[number] = max(behind[number], amount)
    return behind


NEAR_ENOUGH = 1.002
"""A makespan this near to its bound is not worth another try."""

MOST_LISTS, MOST_DISTURBED, STEPS_IN_ALL = 12, 150, 40_000
"""How many schedules are made and disturbed at most, and how many steps they may have in all."""

DISTURBANCES = ((0.25, 0.15), (0.1, 0.3))
"""Part of the steps that are shifted, and how far at most, as a part of the makespan; tried in turn."""
