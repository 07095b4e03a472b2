# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts may give out, and the limits of migrations."""

from __future__ import annotations

import pytest

from planner.cluster.host import Host
from planner.policy.capacity import Capacity
from planner.policy.headroom import Headroom
from planner.policy.policies import Limits


@pytest.mark.parametrize(
    ("sizes", "overcommit", "headroom", "memory"),
    [
        ({}, 1.0, 0.05, 15_564),
        ({"memory_reserved_mib": 16_384}, 1.0, 0.05, 0),
        ({"memory_reserved_mib": 20_000}, 1.0, 0.0, 0),
        ({"memory_in_pages_mib": 6384}, 1.0, 0.0, 10_000),
        ({}, 1.5, 0.0, 24_576),
    ],
)
def test_what_a_host_may_give_out(
    sizes: dict[str, int], overcommit: float, headroom: float, memory: float
) -> None:
    """The worked example, and what is left where all of it is kept."""
    capacity = Capacity(memory_overcommit=overcommit, headroom=Headroom(memory=headroom))
    found = Host(name="a", vcpus=4, memory_mib=16_384, **sizes)
    assert capacity.limit(found).memory_mib == memory


@pytest.mark.parametrize(("hosts", "most"), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (9, 4)])
def test_half_the_hosts_at_once(hosts: int, most: int) -> None:
    """Rounded down, and never none; a number in the policy replaces that."""
    assert Limits().at_once(hosts) == most
    assert Limits(cluster=7).at_once(hosts) == 7


def test_limits_of_a_plan_in_all() -> None:
    """Nothing is a limit as much as something; those at a time stay."""
    limits = Limits(per_host=2, max_migrations=0, duration_s=5.0)
    assert limits.totals == {"max_migrations": 0, "duration_s": 5.0}
    assert limits.without_totals() == Limits(per_host=2)
