# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much hosts carry, may carry, and are over their limits."""

from __future__ import annotations

import pytest

from planner.cluster.resources import Resources
from tests.unit.planner.builders import cluster, problem
from tests.unit.planner.problem.posing import BALANCE, posed


def test_what_hosts_may_carry() -> None:
    """Their limit, or what they carry already; those that are down may carry nothing; after a failure more."""
    facts = cluster(a={"x": 1200}, b={}, c={})
    facts["hosts"][2]["state"] = "asleep"
    room = problem(
        facts, BALANCE, {"capacity": {"vcpu_overcommit": 1}, "headroom": {"memory": 0.1}}
    ).room
    assert [room.limits[name].memory_mib for name in "abc"] == [900, 900, 0]
    assert [room.caps[name].memory_mib for name in "abc"] == [1200, 900, 0]
    assert {name: limit.memory_mib for name, limit in room.failover_limits.items()} == {
        "a": 970,
        "b": 970,
    }
    assert room.limits["c"] == Resources()


@pytest.mark.parametrize(
    ("moves", "excess"),
    [({}, 0.2), ({"y": "b"}, 0.0), ({"z": "a"}, 0.7), ({"x": "b", "z": "b"}, 0.5)],
)
def test_how_far_hosts_are_over_their_limits(moves: dict[str, str], excess: float) -> None:
    """As shares of these: 1200 of 1000 are 0.2."""
    facts = cluster(a={"x": 1000, "y": 200}, b={"z": 500})
    found = posed(facts=facts)
    assert found.room.excess(found.snapshot.placement.move(moves)) == pytest.approx(excess)
