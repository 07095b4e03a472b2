# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many more VMs of a shape fit, and how many of them survive failures."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.resources import Resources
from planner.errors import InputError
from planner.whatif.room import MOST, Room, room_for
from tests.unit.planner.builders import TIGHT, Facts, cluster, problem

FACTS: Facts = cluster(a={"x": 400}, b={})
REPAIR = {"goal": "repair"}


def room(facts: Facts, shape: Resources, spare: int | None = None, **policy: Any) -> Room:
    """Return the room for VMs of a shape."""
    return room_for(problem(facts, REPAIR, {**TIGHT, **policy}), shape, spare)


@pytest.mark.parametrize(
    ("shape", "per_host", "bottleneck"),
    [
        (Resources(100, 1, 0.1), {"a": 6, "b": 10}, {"a": "memory", "b": "memory"}),
        (Resources(10, 4, 0.1), {"a": 3, "b": 4}, {"a": "vCPUs", "b": "vCPUs"}),
        (Resources(10, 1, 8.0), {"a": 2, "b": 2}, {"a": "busy CPU", "b": "busy CPU"}),
        (Resources(600, 0, 0), {"a": 1, "b": 1}, {"a": "memory", "b": "memory"}),
        (Resources(1001, 1, 0), {"a": 0, "b": 0}, {"a": "memory", "b": "memory"}),
        (Resources(0, 0, 0), {"a": MOST, "b": MOST}, {"a": "", "b": ""}),
    ],
)
def test_how_many_fit_and_what_is_short_first(
    shape: Resources, per_host: dict[str, int], bottleneck: dict[str, str]
) -> None:
    """400 of 1000 MiB and one of 16 vCPUs are taken on a, none on b."""
    found = room(FACTS, shape)
    assert dict(found.per_host) == per_host
    assert dict(found.bottleneck) == bottleneck
    assert (found.total, found.with_spare, found.spare) == (sum(per_host.values()), None, 0)


def test_an_over_full_host_has_no_room() -> None:
    """And not less than none."""
    assert dict(room(cluster(a={"x": 1500}, b={}), Resources(100, 0, 0)).per_host) == {
        "a": 0,
        "b": 10,
    }


def test_hosts_that_take_no_vms_have_no_room() -> None:
    """They are not in the answer."""
    facts = cluster(a={}, b={}, c={})
    facts["hosts"][1]["maintenance"] = True
    facts["hosts"][2]["state"] = "asleep"
    assert set(room(facts, Resources(100, 1, 0)).per_host) == {"a"}


@pytest.mark.parametrize(
    ("facts", "spare", "number"),
    [
        (cluster(a={}, b={}, c={}), 1, 20),
        (cluster(a={}, b={}, c={}), 2, 10),
        (cluster(a={}, b={}, c={}), 0, None),
        (cluster(a={}, b={}), 1, 10),
        (cluster(a={}), 1, 0),
        (cluster(a={"x": 600}, b={"y": 600}), 1, 0),
    ],
    ids=["one", "two", "none", "half", "alone", "crowded"],
)
def test_how_many_fit_so_that_hosts_may_fail(facts: Facts, spare: int, number: int | None) -> None:
    """Of 100 MiB each, on hosts of 1000; after a failure no headroom is kept."""
    found = room(facts, Resources(100, 1, 0.0), spare)
    assert (found.with_spare, found.spare) == (number, spare)


@pytest.mark.parametrize(
    ("shape", "spare"),
    [
        (Resources(-1, 1, 0), None),
        (Resources(1, -1, 0), None),
        (Resources(1, 1, -0.5), None),
        (Resources(1, 1, 0), -1),
    ],
)
def test_less_than_nothing_is_refused(shape: Resources, spare: int | None) -> None:
    """An amount, or the number of hosts."""
    with pytest.raises(InputError, match="cannot be less than nothing"):
        room(FACTS, shape, spare)


def test_the_policy_says_how_many_may_fail() -> None:
    """Where the question does not."""
    found = room(cluster(a={}, b={}), Resources(100, 1, 0.0), spare_hosts=1)
    assert (found.spare, found.with_spare) == (1, 10)
    assert room(cluster(a={}, b={}), Resources(100, 1, 0), 0, spare_hosts=1).with_spare is None
