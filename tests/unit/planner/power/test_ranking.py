# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order hosts go to sleep and are woken."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from planner.cluster.host import Host
from planner.power.policy import PowerPolicy
from planner.power.ranking import rank_to_sleep, rank_to_wake, watts_per_cpu
from tests.unit.planner.builders import host, problem

NOW = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
REPAIR = {"goal": "repair"}


@pytest.mark.parametrize(
    ("idle_w", "busy_w", "vcpus", "watts"),
    [
        (100, 200, 10, 15.0),
        (100, None, 10, 10.0),
        (None, None, 10, 0.0),
        (None, 200, 10, 10.0),
        (50, 50, 0, 50.0),
    ],
)
def test_watts_for_a_cpu(
    idle_w: float | None, busy_w: float | None, vcpus: int, watts: float
) -> None:
    """At half load; what is not known is nothing, or as without load."""
    found = Host(name="a", vcpus=vcpus, memory_mib=1, idle_w=idle_w, busy_w=busy_w)
    assert watts_per_cpu(found) == watts


def test_in_which_order_hosts_sleep_and_wake() -> None:
    """Those that draw most sleep first, and those that draw least are woken first; wear and doubts decide then."""
    powers: dict[str, dict[str, Any]] = {
        "a": {"idle_w": 100, "busy_w": 100},
        "b": {"idle_w": 200, "busy_w": 200},
        "c": {"idle_w": 100, "busy_w": 100, "times_off": 3, "off_s": 50},
        "d": {"idle_w": 10, "busy_w": 10, "doubtful": {"reason": "slow"}},
    }
    facts = {"hosts": [host(name, power=power) for name, power in powers.items()], "domains": []}
    posed = problem(facts, REPAIR)
    assert rank_to_sleep(posed, ["a", "b", "c", "d"]) == ["b", "a", "c", "d"]
    assert rank_to_wake(posed, PowerPolicy(), ["a", "b", "c", "d"]) == ["c", "a", "b", "d"]


def test_racks_with_the_fewest_hosts_on_are_woken_first() -> None:
    """Those that are woken before are counted; without a label hosts stand in their order."""
    facts = {
        "hosts": [
            host("up", labels={"rack": "one"}),
            *(host(f"a{n}", state="asleep", labels={"rack": "one"}) for n in range(2)),
            *(host(f"b{n}", state="asleep", labels={"rack": "two"}) for n in range(3)),
        ],
        "domains": [],
    }
    posed = problem(facts, REPAIR)
    names = [entry["name"] for entry in facts["hosts"][1:]]
    assert rank_to_wake(posed, PowerPolicy(), names) == ["b0", "a0", "b1", "a1", "b2"]
    assert rank_to_wake(posed, PowerPolicy(failure_domain=None), names) == names
