# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load over time as the planner reads it."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.history import Point, Series
from planner.cluster.parse import parse_cluster
from planner.errors import InputError
from planner.policy.capacity import Capacity
from tests.unit.planner.builders import domain, host


def series(*points: tuple[float, float, float]) -> Series:
    """Return a series of (age, length, value)."""
    return Series(tuple(Point(*point) for point in points))


def history(ages: list[float], **columns: Any) -> dict[str, Any]:
    """Return a history with samples of ten minutes."""
    return {"age_s": ages, "span_s": [600.0] * len(ages), **columns}


def test_a_mean_counts_by_length() -> None:
    """Only what lies in the window counts, also of a point that began before."""
    known = series((600, 600, 2.0), (400, 200, 4.0), (0, 400, 1.0))
    assert known.mean(1000) == pytest.approx((400 * 2 + 200 * 4 + 400 * 1) / 1000)
    assert known.mean(400) == 1.0
    assert known.covered_s(10_000) == 1200


def test_a_percentile_is_a_value_that_was_there() -> None:
    """Of ten equal points the 95th percentile is the highest, the 90th the one below."""
    known = series(*((600.0 * n, 600.0, float(n)) for n in range(9, -1, -1)))
    assert known.percentile(6000, 95) == 9
    assert known.percentile(6000, 90) == 8
    assert known.percentile(1200, 100) == 1


def test_nothing_known_is_nothing_said() -> None:
    """Neither zero nor an error."""
    assert Series().mean(60) is None
    assert Series().percentile(60, 95) is None
    assert series((600, 60, 1.0)).mean(600) is None


def test_a_vm_keeps_its_past_when_it_moves() -> None:
    """Its UUID finds it on the host that it left."""
    facts = {
        "hosts": [
            host("a", 16384, 8)
            | {"history": history([600, 0], domains={"u1": {"cpu_usage": [2.0, None]}})},
            host("b", 16384, 8)
            | {"history": history([0], domains={"u1": {"cpu_usage": [1.0]}, "gone": {}})},
        ],
        "domains": [domain("vm1", "b", 1024, 1, uuid="u1"), domain("vm2", "b", 1024, 1)],
    }
    usages = parse_cluster(facts).usages
    assert [*usages] == ["vm1"]
    assert usages["vm1"].cpu_usage.mean(1200) == 1.5


def test_columns_of_different_length_are_an_error() -> None:
    """Nobody can tell which sample a value belongs to."""
    facts = {
        "hosts": [host("a", 16384, 8) | {"history": history([0], cpu_usage=[1.0, 2.0])}],
        "domains": [],
    }
    with pytest.raises(InputError, match="columns of a's history differ in length"):
        parse_cluster(facts)


def test_a_host_gives_out_what_it_does_not_use_itself() -> None:
    """Memory and busy CPUs beside the VMs are taken off, or the reserve, where that is more."""
    entry = host("a", 65536, 16) | {"own_use": {"memory_mib": 61440, "cpu_usage": 14.0}}
    facts = {"hosts": [entry], "domains": []}
    limit = Capacity().limit(parse_cluster(facts).hosts["a"])
    assert (limit.memory_mib, limit.vcpus, limit.cpu_usage) == (3891, 64, 2.0)
    entry |= {"memory_reserved_mib": 62464, "cpus_reserved": 2}
    limit = Capacity().limit(parse_cluster(facts).hosts["a"])
    assert (limit.memory_mib, limit.vcpus, limit.cpu_usage) == (2918, 56, 2.0)
