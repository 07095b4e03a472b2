# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts that are on are short of, and which sleeping hosts make up for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from planner.cluster.resources import Resources
from planner.power.policy import PowerPolicy
from planner.power.waking import (
    Need,
    certain_room_mib,
    hosts_to_wake,
    short_of_cpu,
    short_of_place,
    wakeable,
)
from planner.problem.problem import Problem
from tests.unit.planner.builders import Facts, cluster, host, problem

NOW = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
REPAIR = {"goal": "repair"}


def sleeping(*names: str, up: Facts | None = None, **power: Any) -> Problem:
    """Return a problem with hosts that are on, and hosts asleep."""
    facts = up or cluster(a={"x": 700}, b={"y": 500})
    more = [
        host(name, vcpus=10, state="asleep", power={"method": "ipmi", **power}) for name in names
    ]
    return problem({**facts, "hosts": [*facts["hosts"], *more]}, REPAIR)


def need(memory: float = 0, busy: float = 0.0, **more: float) -> Need:
    """Return what the VMs need."""
    return Need(Resources(memory), busy, **more)


@pytest.mark.parametrize(
    ("wanted", "sentences"),
    [
        (need(2000), []),
        (
            need(2001),
            ["The VMs take 2001 MiB of memory, and the hosts that are on may give out 2000."],
        ),
        (need(1200, lost_mib=500, largest_mib=100), []),
        (
            need(1200, lost_mib=500, largest_mib=300),
            [
                "VMs with 500 MiB of memory have lost their hosts, and what is free is in pieces too small for a VM "
                "of 300 MiB."
            ],
        ),
    ],
)
def test_vms_without_a_place(wanted: Need, sentences: list[str]) -> None:
    """Hosts that sleep do not count; pieces do, where hosts have failed."""
    assert short_of_place(sleeping("c"), wanted) == sentences


@pytest.mark.parametrize(
    ("largest", "room"), [(0, 800), (100, 600), (300, 200), (400, 100), (500, 0), (900, 0)]
)
def test_room_whatever_the_sizes(largest: float, room: float) -> None:
    """300 and 500 MiB are free: each host may be left with less than the largest VM."""
    assert certain_room_mib(sleeping(), largest) == room


def test_cpu_that_is_short() -> None:
    """32 threads are on: of these 0.81 are 25.92."""
    assert short_of_cpu(sleeping("c"), need(busy=25.92), 0.81) == []
    assert short_of_cpu(sleeping("c"), need(busy=26.0), 0.81) == [
        "26.0 CPUs are busy, more than 81% of the 32 that the hosts that are on may give out."
    ]


@pytest.mark.parametrize(
    ("wanted", "woken"),
    [
        (need(1500), ("c",)),
        (need(2500), ("c",)),
        (need(3500), ("c", "d")),
        (need(9999), ("c", "d", "e")),
        (need(100, busy=26.0), ("c",)),
        (need(100, busy=30.0), ("c", "d")),
    ],
)
def test_the_fewest_hosts_that_are_enough(wanted: Need, woken: tuple[str, ...]) -> None:
    """Memory as it is, CPU up to halfway between the thresholds; at least one, because something is short."""
    posed = sleeping("c", "d", "e")
    assert hosts_to_wake(posed, PowerPolicy(), wanted, ["c", "d", "e"]) == woken


def test_who_may_be_woken() -> None:
    """Those that have slept long enough; where it must be at once, all that sleep."""
    early = {"since": (NOW - timedelta(minutes=5)).isoformat()}
    assert wakeable(sleeping("c", **early), PowerPolicy(), NOW, at_once=False) == []
    assert wakeable(sleeping("c", **early), PowerPolicy(), NOW, at_once=True) == ["c"]
    long_ago = {"since": (NOW - timedelta(minutes=20)).isoformat()}
    assert wakeable(sleeping("c", **long_ago), PowerPolicy(), NOW, at_once=False) == ["c"]
    assert wakeable(sleeping("c"), PowerPolicy(), NOW, at_once=False) == ["c"]
