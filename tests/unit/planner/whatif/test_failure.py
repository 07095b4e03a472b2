# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that fail: where their VMs are started again, and who has no place."""

from __future__ import annotations

import pytest

from planner.errors import UnknownHost
from planner.whatif.failure import Failure, fail
from tests.unit.planner.builders import Facts, cluster, problem

FACTS: Facts = cluster(a={"x": 400}, b={})
REPAIR = {"goal": "repair"}


def test_a_host_that_is_not_there_cannot_fail() -> None:
    """The hosts that there are are named."""
    with pytest.raises(UnknownHost, match=r"There is no host c; the hosts are: a, b\."):
        fail(problem(FACTS, REPAIR), ["c"])


def test_a_failure_that_all_vms_survive() -> None:
    """By name where each is started."""
    found = fail(problem(FACTS, REPAIR), ["a"])
    assert (dict(found.restarted), found.unplaced) == ({"x": "b"}, ())
    assert found.sentence() == "If a failed, all 1 VMs could be started on the other hosts."


def test_a_failure_that_some_do_not_survive() -> None:
    """The first few are named; failover uses the headroom, so 970 of 1000 MiB may be given out."""
    facts = cluster(a={"x": 600}, b={f"v{n}": 100 for n in range(9)}, c={"r": 970})
    found = fail(problem(facts, REPAIR, {"headroom": {"memory": 0.3}}), ["b"])
    assert len(found.restarted) == 3
    assert found.sentence() == (
        "If b failed, 3 VMs could be started elsewhere, and there would be no place for 6: "
        f"{', '.join(found.unplaced[:5])} and 1 more."
    )
    few = Failure(hosts=("b", "c"), restarted={}, unplaced=("y", "z"))
    assert few.sentence() == (
        "If b and c failed, 0 VMs could be started elsewhere, and there would be no place for 2: y, z."
    )
