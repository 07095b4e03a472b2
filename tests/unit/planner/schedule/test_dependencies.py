# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits for whom: for room, for the first half of a way, for a rule."""

from __future__ import annotations

from planner.cluster.parse import parse_cluster
from planner.cluster.resources import Resources
from planner.schedule.dependencies import find_dependencies
from planner.schedule.step import Step
from tests.unit.planner.builders import cluster
from tests.unit.planner.schedule.ways import CAP, SNAPSHOT, Way, apart, steps_of


def timed(*rows: tuple[Way, int]) -> list[tuple[Step, int, int]]:
    """Return steps with their start and finish."""
    return [
        (step, start, start + step.duration_ms) for way, start in rows for step in steps_of(way)
    ]


def test_an_arrival_waits_for_the_first_departures_that_are_enough() -> None:
    """p and q of 300 leave b, whose 900 of 1000 MiB are given out; 350 need one of them, the first to end."""
    facts = cluster(a={"x": 350}, b={"p": 300, "q": 300, "r": 300}, c={})
    snapshot = parse_cluster(facts)
    caps = {name: Resources(CAP, 99, 99) for name in snapshot.hosts}
    rows = timed(
        (("p", "b", "c", 300, 5), 0), (("q", "b", "c", 300, 3), 0), (("x", "a", "b", 350, 5), 9)
    )
    assert find_dependencies(rows, snapshot, caps) == [(), (), (1,)]
    large = timed(
        (("p", "b", "c", 300, 5), 0), (("q", "b", "c", 300, 3), 0), (("x", "a", "b", 650, 5), 9)
    )
    assert find_dependencies(large, snapshot, caps) == [(), (), (0, 1)]


def test_who_waits_for_nobody_has_room() -> None:
    """Though others leave its destination before it comes."""
    snapshot = parse_cluster(cluster(a={"x": 100}, b={"p": 100}, c={}))
    caps = {name: Resources(CAP, 99, 99) for name in snapshot.hosts}
    rows = timed((("p", "b", "c", 100, 5), 0), (("x", "a", "b", 100, 5), 9))
    assert find_dependencies(rows, snapshot, caps) == [(), ()]


def test_the_second_half_depends_on_the_first_and_mates_on_each_other() -> None:
    """A rule that holds throughout makes its VMs wait for those that had gone in the plan."""
    caps = {name: Resources(CAP, 99, 99) for name in SNAPSHOT.hosts}
    rows = timed(
        (("x", "a", "b", 1, 5), 0), (("z", "b", "d", 1, 5), 5), (("x", "b", "c", 1, 5), 10)
    )
    assert find_dependencies(rows, SNAPSHOT, caps) == [(), (), (0,)]
    assert find_dependencies(rows, SNAPSHOT, caps, [apart("x", "z")]) == [(), (0,), (0, 1)]
    assert find_dependencies(rows, SNAPSHOT, caps, [apart("x", "y")]) == [(), (), (0,)]
