# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Circles of migrations, broken by a stop on another host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.errors import NoOrder
from planner.schedule.parking import Shelters, Standstill, add_parking, park
from planner.schedule.timing import NEVER, start_times
from tests.unit.planner.schedule.ways import HOSTS, apart, indexed, steps_of, watch

CIRCLE = [("x", "a", "b", 600, 5), ("z", "b", "a", 500, 7)]
CROWDED = {"a": 600.0, "b": 600.0}


def shelters(*hosts: str) -> Shelters:
    """Return a rule that lets every VM be parked on these hosts."""
    return lambda _domain: hosts


def predicted(_domain: str, source: str, destination: str) -> tuple[int, float]:
    """Return durations that tell the ends of a migration."""
    return 10 * HOSTS.index(source) + HOSTS.index(destination), 0.5


def test_the_smallest_vm_of_a_circle_is_parked_on_the_emptiest_host() -> None:
    """It goes there and on from there, each with its own duration."""
    steps = indexed(CIRCLE, {**CROWDED, "c": 300.0})
    found = add_parking(steps, [NEVER, NEVER], watch(), shelters("c", "d"), predicted)
    ways = [(s.domain, s.source, s.destination, s.duration_ms, s.parking) for s in found.steps]
    assert ways == [
        ("x", "a", "b", 5, False),
        ("z", "b", "d", 13, True),
        ("z", "d", "a", 30, False),
    ]
    assert found.follows == {2: 1}
    assert NEVER not in start_times(found, [0, 0, 0], watch(), reserve=[1])


def test_a_vm_is_not_parked_where_there_is_no_room() -> None:
    """Nor at its own ends; the larger one is, where only it may be."""
    steps = indexed(CIRCLE, {**CROWDED, "d": 550.0})
    standstill = Standstill(steps, [NEVER, NEVER], watch())
    assert [step.domain for step in standstill.stuck] == ["x", "z"]
    assert park(standstill.stuck, shelters("a", "b", "d"), standstill) is None
    choice = park(standstill.stuck, lambda vm: ("c",) if vm == "x" else (), standstill)
    assert choice is not None
    assert (choice[0].domain, choice[1]) == ("x", "c")


def test_without_a_shelter_the_migrations_are_named() -> None:
    """And the pairs to be forbidden, the smallest VM first."""
    with pytest.raises(NoOrder, match=r"x \(a to b\), z \(b to a\); free some memory") as caught:
        add_parking(indexed(CIRCLE, CROWDED), [NEVER, NEVER], watch(), shelters(), predicted)
    assert caught.value.pairs == (("z", "a"), ("x", "b"))


def test_no_vm_is_parked_twice() -> None:
    """It would wander about."""
    [first, second] = steps_of(("z", "b", "d", 500, 7), ("z", "d", "a", 500, 7))
    parked = replace(first, parking=True)
    steps = indexed([], CROWDED).with_steps([parked, second])
    with pytest.raises(NoOrder):
        add_parking(steps, [0, NEVER], watch(), shelters("c"), predicted)


def test_at_a_standstill_what_has_run_is_counted() -> None:
    """y has left a for c by then."""
    ways = [*CIRCLE, ("y", "a", "c", 300, 1)]
    found = Standstill(indexed(ways, {"a": 900.0, "b": 600.0}), [NEVER, NEVER, 0], watch())
    assert [found.memory_mib(name) for name in "abc"] == [600, 600, 300]
    assert found.may_go(*steps_of(("z", "b", "c", 700, 1)))
    assert not found.may_go(*steps_of(("z", "b", "c", 701, 1)))


def test_rules_at_a_standstill() -> None:
    """A VM is not parked beside its rival."""
    found = Standstill(indexed(CIRCLE, CROWDED), [NEVER, NEVER], watch(apart("x", "z")))
    assert not found.may_go(*steps_of(("x", "a", "b", 1, 1)))
    assert found.may_go(*steps_of(("x", "a", "c", 1, 1)))
