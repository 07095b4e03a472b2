# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bars: how full a host is, in words and in per cent of what there is."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.bars import bar_of, bars_of


def test_the_worked_example() -> None:
    """8 of 16 before, 12 after, a limit of 15: bars of 50 and 75 %, a mark at 93.75 %, 80 % of the limit."""
    shown = bar_of(8, 12, 15, 16, "vCPUs")
    assert (shown.before, shown.after, shown.limit) == (50.0, 75.0, 93.75)
    assert shown.share == 80.0
    assert not shown.is_over
    assert shown.text == "8 → 12 of 15 vCPUs"


@pytest.mark.parametrize(
    ("before", "after", "limit", "scale", "text"),
    [
        (4, 4, 15, 1, "4 of 15 x"),
        (4.04, 4.01, 15, 1, "4 of 15 x"),
        (1024, 2560, 4096, 1024, "1 → 2.5 of 4 x"),
        (0, 0, 0, 1, "0 of 0 x"),
        (99.94, 100, 150, 1, "99.9 → 100 of 150 x"),
        (1234.4, 1234.4, 5000, 1, "1234 of 5000 x"),
    ],
)
def test_amounts_in_words(
    before: float, after: float, limit: float, scale: float, text: str
) -> None:
    """What does not change is told once; large numbers have no fraction, whole numbers no .0."""
    assert bar_of(before, after, limit, limit, "x", scale).text == text


def test_more_than_there_is_makes_the_bar_longer() -> None:
    """A host that gives out twice what it has is at the end of its bar, and over."""
    shown = bar_of(30, 32, 16, 16, "vCPUs")
    assert (shown.before, shown.after, shown.limit, shown.share) == (93.75, 100.0, 50.0, 200.0)
    assert shown.is_over


def test_exactly_full_is_not_over() -> None:
    """Nor is a rounding error beyond it."""
    assert not bar_of(16, 16 + 1e-9, 16, 16, "vCPUs").is_over
    assert bar_of(16, 16.01, 16, 16, "vCPUs").is_over


def test_a_host_without_limits_has_no_share() -> None:
    """It is down: nothing is divided by nothing."""
    shown = bar_of(0, 0, 0, 0, "GiB")
    assert shown.share is None
    assert (shown.before, shown.after, shown.limit) == (0.0, 0.0, 0.0)


def test_the_bars_of_a_host() -> None:
    """Memory is measured against the memory there is, busy CPU against the threads; vCPUs against their limit."""
    usage = {"memory_mib": 2048, "vcpus": 8, "cpu_usage": 2.0}
    host: dict[str, Any] = {
        "vcpus": 4,
        "memory_mib": 8192,
        "limits": {"memory_mib": 4096, "vcpus": 16, "cpu_usage": 3.0},
        "before": usage,
        "after": {**usage, "cpu_usage": 3.5},
    }
    memory, vcpus, busy = bars_of(host)
    assert (memory.before, memory.limit, memory.text) == (25.0, 50.0, "2 of 4 GiB")
    assert (vcpus.before, vcpus.limit, vcpus.text) == (50.0, 100.0, "8 of 16 vCPUs")
    assert (busy.before, busy.after, busy.limit) == (50.0, 87.5, 75.0)
    assert [shown.is_over for shown in (memory, vcpus, busy)] == [False, False, True]
