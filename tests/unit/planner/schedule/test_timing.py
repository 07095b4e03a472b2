# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When steps start: tokens, room, urgency, what is held back, and rules that hold on the way."""

from __future__ import annotations

from dataclasses import replace

from planner.cluster.parse import parse_cluster
from planner.schedule.rule_watch import RuleWatch
from planner.schedule.timing import NEVER, start_times
from tests.unit.planner.builders import cluster
from tests.unit.planner.schedule.ways import apart, indexed, steps_of, watch

X, Y = ("x", "a", "c", 100, 5), ("y", "a", "d", 100, 3)


def test_the_most_urgent_step_starts_first() -> None:
    """Both leave the same host, which has one token."""
    assert start_times(indexed([X, Y]), [0, 1], watch()) == [0, 5]
    assert start_times(indexed([X, Y]), [1, 0], watch()) == [3, 0]
    assert start_times(indexed([X, Y], per_host=2), [0, 1], watch()) == [0, 0]


def test_equal_urgency_goes_by_number() -> None:
    """So that the same input gives the same plan."""
    assert start_times(indexed([X, Y]), [0, 0], watch()) == [0, 5]


def test_the_cluster_has_tokens_of_its_own() -> None:
    """Two pairs of hosts that have nothing in common, one at a time."""
    ways = [X, ("z", "b", "d", 100, 3)]
    assert start_times(indexed(ways), [0, 1], watch()) == [0, 0]
    assert start_times(indexed(ways, cluster=1), [0, 1], watch()) == [0, 5]


def test_room_comes_when_a_departure_has_ended() -> None:
    """The step that frees it takes 7 ms; a VM in migration counts at both ends until then."""
    ways = [("x", "a", "b", 600, 5), ("z", "b", "c", 600, 7)]
    assert start_times(indexed(ways, {"a": 600, "b": 600}), [0, 1], watch()) == [7, 0]


def test_steps_that_block_each_other_never_start() -> None:
    """Others do."""
    ways = [("x", "a", "b", 600, 5), ("z", "b", "a", 600, 7), ("y", "a", "c", 1, 2)]
    loads = {"a": 601.0, "b": 600.0}
    assert start_times(indexed(ways, loads), [0, 1, 2], watch()) == [NEVER, NEVER, 0]


def test_what_is_held_back_starts_when_nothing_else_ever_can() -> None:
    """One after the other, in the order in which they are held back."""
    ways = [X, Y, ("z", "b", "a", 1, 2)]
    assert start_times(indexed(ways), [0, 1, 2], watch(), reserve=[0]) == [5, 0, 3]


def test_the_second_half_of_a_way_waits_for_the_first() -> None:
    """Though its hosts are free."""
    ways = [("x", "a", "b", 1, 5), ("x", "b", "c", 1, 4)]
    steps = indexed(ways)
    assert steps.follows == {1: 0}
    assert start_times(steps, [1, 0], watch()) == [0, 5]


def test_a_rule_on_the_way_holds_a_step_back() -> None:
    """z has to have left b before x may come, although there is room; they share no host with the one that ended."""
    ways = [("x", "a", "b", 1, 5), ("z", "b", "c", 1, 7)]
    assert start_times(indexed(ways, per_host=2), [0, 1], watch(apart("x", "z"))) == [7, 0]
    assert start_times(indexed(ways, per_host=2), [0, 1], watch()) == [0, 0]


def test_a_rule_about_racks_holds_a_step_back_that_shares_no_host() -> None:
    """b and c are one rack: x starts for b in the moment in which z has left c."""
    facts = cluster(a={"x": 1}, b={}, c={"z": 1}, d={})
    for entry, rack in zip(facts["hosts"], ("one", "two", "two", "three"), strict=True):
        entry["labels"] = {"rack": rack}
    found = RuleWatch(parse_cluster(facts), [replace(apart("x", "z"), across="rack")])
    ways = [("x", "a", "b", 1, 5), ("z", "c", "d", 1, 7)]
    assert start_times(indexed(ways), [0, 1], found) == [7, 0]


def test_a_watch_knows_where_vms_are() -> None:
    """At both ends while they migrate; what is broken before the first step may stay so."""
    [x, around, on] = steps_of(("x", "a", "b", 1, 1), ("x", "a", "c", 1, 1), ("x", "c", "d", 1, 1))
    found = watch(apart("x", "z"))
    assert found.is_watched("x")
    assert not found.is_watched("y")
    assert not found.rules_hold(x)
    assert found.rules_hold(around)
    found.start(around)
    found.finish(around)
    assert found.rules_hold(on)
    assert not found.rules_hold(*steps_of(("x", "c", "b", 1, 1)))
    broken = watch(apart("x", "y"))
    assert broken.rules_hold(x)


def test_backwards_hosts_carry_what_they_will() -> None:
    """And every step goes from its destination to its source."""
    steps = indexed([("x", "a", "b", 600, 5), ("x", "b", "c", 600, 4)], {"a": 700})
    back = steps.backwards
    assert [(s.source, s.destination) for s in back.steps] == [("b", "a"), ("c", "b")]
    assert [load[0] for load in back.loads] == [100, 0, 600, 0]
    assert back.follows == {0: 1}
    assert back.backwards.loads == steps.loads
    assert (steps.departures, steps.arrivals) == ([[0], [1], [], []], [[], [0], [1], []])
