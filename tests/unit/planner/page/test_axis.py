# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Axes: round numbers, few ticks, and labels as short as they can be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.page.axis import SECONDS, TICKS, axis_to, clock


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "0"),
        (0.4, "0"),
        (1, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (90, "1:30 min"),
        (3599, "59:59 min"),
        (3600, "1:00 h"),
        (3900, "1:05 h"),
        (90_061, "25:01 h"),
    ],
)
def test_a_time_is_told_in_the_unit_that_people_use(seconds: float, label: str) -> None:
    """Seconds below a minute, minutes below an hour; rounded first, so that no 60 s stands beside a minute."""
    assert clock(seconds) == label


def test_an_axis_of_ten_seconds() -> None:
    """It ends a little after what it holds, and has a tick every two seconds."""
    axis = axis_to(10.0)
    assert axis.end == pytest.approx(10.2)
    assert [label for _at, label in axis.ticks] == ["0", "2 s", "4 s", "6 s", "8 s", "10 s"]
    assert axis.at(10.2) == 100
    assert axis.at(0.0) == 0


def test_nothing_to_show_still_has_an_axis() -> None:
    """A plan without migrations takes no time; nothing is divided by that."""
    axis = axis_to(0.0)
    assert axis.end == pytest.approx(1.02)
    assert axis.ticks[0] == (0.0, "0")


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(0, 1e8))
def test_every_axis_holds_its_value_and_has_few_ticks_at_round_numbers(seconds: float) -> None:
    """Days and years, too: then the step is a whole number of days."""
    axis = axis_to(seconds)
    assert axis.end >= seconds
    assert 1 <= len(axis.ticks) <= TICKS + 1
    places = [at for at, _label in axis.ticks]
    assert places == sorted(places)
    assert places[-1] <= 100
    if len(places) > 1:
        step = places[1] * axis.end / 100
        days = max(1, round(step / SECONDS[-1])) * SECONDS[-1]
        assert any(step == pytest.approx(number, rel=0.01) for number in (*SECONDS, days))
