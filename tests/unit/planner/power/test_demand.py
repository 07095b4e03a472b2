# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMs need, now and as earlier looks found it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from planner.cluster.resources import Resources
from planner.errors import InputError
from planner.power.demand import Look, look_at, mean_busy, most_busy, parse_looks
from tests.unit.planner.builders import cluster, problem

NOW = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
REPAIR = {"goal": "repair"}


def look(minutes_ago: float, busy: float) -> Look:
    """Return a look at the load some minutes ago."""
    return Look(NOW - timedelta(minutes=minutes_ago), Resources(0, 0, busy))


LOOKS = (look(50, 9.0), look(30, 3.0), look(10, 5.0), look(0, 1.0))


@pytest.mark.parametrize(
    ("window_s", "mean", "most"),
    [
        (0, 1.0, 1.0),
        (600, 3.0, 5.0),
        (1799, 3.0, 5.0),
        (1800, 3.0, 5.0),
        (2400, 3.0, 9.0),
        (3000, 4.5, 9.0),
        (6000, 4.5, None),
    ],
)
def test_the_load_over_a_time(window_s: float, mean: float, most: float | None) -> None:
    """The mean of the looks in it; the most only where looks cover it, the last one before it included."""
    assert mean_busy(LOOKS, NOW, window_s) == mean
    assert most_busy(LOOKS, NOW, window_s) == most


def test_without_looks_in_the_time_the_newest_counts() -> None:
    """For waking; sleeping needs evidence."""
    old = (look(500, 7.0), look(400, 2.0))
    assert mean_busy(old, NOW, 300) == 2.0
    assert most_busy(old, NOW, 300) is None
    assert most_busy((), NOW, 300) is None
    assert most_busy((look(11, 7.0), look(0, 1.0)), NOW, 300) is None
    assert most_busy((look(10, 7.0), look(0, 1.0)), NOW, 300) == 7.0


def test_looks_of_the_record() -> None:
    """The oldest first, without those of a wrong clock; what was not written down is nothing."""
    first, second = look(30, 3.0), Look(NOW, Resources(5, 2, 1.0), 4.0)
    future = Look(NOW + timedelta(hours=1), Resources())
    entries = [entry.to_document() for entry in (second, future, first)]
    del entries[2]["largest_mib"]
    assert parse_looks(entries, NOW) == (first, second)
    with pytest.raises(InputError, match=r"looks\[0\]\.at"):
        parse_looks([{**entries[0], "at": "yesterday"}], NOW)


def test_a_look_at_the_cluster() -> None:
    """All VMs together, and the largest one; of none, nothing."""
    found = look_at(problem(cluster(a={"x": 300, "y": 500}, b={}), REPAIR).snapshot, NOW)
    assert (found.demand, found.largest_mib) == (Resources(800, 2, 0.0), 500)
    assert look_at(problem(cluster(a={}), REPAIR).snapshot, NOW).largest_mib == 0
