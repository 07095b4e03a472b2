# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A placement under construction: loads, room, shares, and what becomes of preferred rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.resources import Resources
from planner.solver.indexed import Indexed
from planner.solver.search.state import Preferences, State, manners
from tests.unit.planner.builders import cluster, domain, host, policy, problem, rule
from tests.unit.planner.strategies import clusters

BALANCE = {"goal": "balance"}
PAIR = cluster(a={"x": 400, "y": 100}, b={"z": 600})


def state(
    facts: dict[str, Any],
    rules: list[dict[str, Any]] | None = None,
    preferences: Preferences = Preferences.PRICED,
) -> State:
    """Return the state of a cluster as it is."""
    return State(Indexed(problem(facts, BALANCE, policy(*(rules or [])))), preferences)


def test_what_moved_is_what_is_not_at_home() -> None:
    """A VM that came back has not moved."""
    found = state(PAIR)
    found.move(0, 1)
    assert found.moves() == {0: 1}
    assert [load[0] for load in found.loads] == [100, 1000]
    found.move(0, 0)
    assert found.moves() == {}
    assert [load[0] for load in found.loads] == [500, 600]


@pytest.mark.parametrize(("memory_mib", "fits"), [(399, True), (400, True), (401, False)])
def test_exactly_full_has_room_and_more_has_not(memory_mib: int, fits: bool) -> None:
    """600 of 1000 MiB are taken."""
    found = state(cluster(a={"x": memory_mib}, b={"z": 600}))
    assert found.has_room(0, 1) is fits


@pytest.mark.parametrize(
    ("vcpus", "busy", "fits"), [(4, 1.0, True), (5, 1.0, False), (1, 4.5, False), (0, 0.0, True)]
)
def test_every_resource_needs_room(vcpus: int, busy: float, fits: bool) -> None:
    """vCPUs and busy CPUs as much as memory."""
    facts = {
        "hosts": [host("a", vcpus=16), host("b", vcpus=4)],
        "domains": [domain("x", "a", 1, vcpus, busy)],
    }
    found = state(facts)
    assert found.has_room(0, 1) is fits if found.where else not fits


def test_a_share_is_that_of_the_fullest_resource() -> None:
    """With an item more, or without."""
    facts = {
        "hosts": [host("a", 1000, 4), host("b", 1000, 10)],
        "domains": [domain("x", "a", 100, 3), domain("y", "b", 500, 1)],
    }
    found = state(facts)
    assert found.share(0) == 0.75
    assert found.share(1) == 0.5
    assert found.share(1, 0) == 0.6
    assert found.share(0, 1) == 1.0


def test_a_host_without_a_limit_is_empty_or_full() -> None:
    """A host that sleeps has no limit, and nothing on it."""
    facts = cluster(a={"x": 100}, b={})
    facts["hosts"][1]["state"] = "asleep"
    found = state(facts)
    assert found.share(1) == 0.0
    assert found.indexed.up == [0]


APART = rule("anti_affinity", ["x", "z"], strictness="preferred", weight=30.0)


@pytest.mark.parametrize(
    ("preferences", "obeys", "more_s"),
    [
        (Preferences.PRICED, True, 30.0),
        (Preferences.IGNORED, True, 0.0),
        (Preferences.KEPT, False, 30.0),
    ],
)
def test_what_a_search_makes_of_a_preferred_rule(
    preferences: Preferences, obeys: bool, more_s: float
) -> None:
    """It has a price, costs nothing, or is kept as if it were firm."""
    found = state(PAIR, [APART], preferences)
    assert found.obeys(0, 1) is obeys
    assert found.more_rules_s(0, 1) == more_s
    assert not found.has_rules(0)


def test_manners_differ_only_where_there_are_preferences() -> None:
    """Three searches for the same answer are two too many."""
    firm = {**APART, "strictness": "never_worsen"}
    posed = problem(PAIR, BALANCE, policy(firm))
    assert manners(posed) == (Preferences.PRICED,)
    assert State(Indexed(posed)).has_rules(0)
    assert not State(Indexed(posed)).has_rules(1)
    assert set(manners(problem(PAIR, BALANCE, policy(APART)))) == set(Preferences)


def test_what_a_move_can_gain_at_most_is_what_is_broken_about_it() -> None:
    """Rules about other VMs gain nothing."""
    found = state(cluster(a={"x": 1, "y": 1, "z": 1}, b={}), [APART])
    assert [found.relief_s(item) for item in range(3)] == [30.0, 0.0, 30.0]
    found.move(0, 1)
    assert found.relief_s(2) == 0.0


def test_a_broken_rule_that_was_repaired_may_not_be_broken_again() -> None:
    """Not even as much as it was at first, once it is required."""
    apart = rule("anti_affinity", ["x", "y"], strictness="required")
    posed = problem(cluster(a={"x": 1, "y": 1}, b={}), {"goal": "repair"}, policy(apart))
    found = State(Indexed(posed))
    assert found.obeys(0, 0)
    assert found.obeys(0, 1)
    found.move(0, 1)
    assert not found.obeys(0, 0)
    assert not found.obeys(1, 1)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_loads_are_those_of_the_placement(data: st.DataObject) -> None:
    """After any moves, in any order."""
    indexed = Indexed(problem(data.draw(clusters()), BALANCE))
    found = State(indexed)
    for item, entry in enumerate(indexed.items):
        found.move(item, data.draw(st.sampled_from((entry.home, *entry.destinations))))
    loads = indexed.problem.snapshot.loads(indexed.placement(found.moves()))
    for number, name in enumerate(indexed.hosts):
        assert found.loads[number] == pytest.approx(list(loads[name]))
        limit = indexed.problem.room.limits[name]
        assert found.share(number) == pytest.approx(Resources(*found.loads[number]).share_of(limit))
