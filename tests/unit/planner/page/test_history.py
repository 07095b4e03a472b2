# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load of a host as a small line."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.history import POINTS, spark_of


def history(*samples: tuple[float, float | None]) -> dict[str, Any]:
    """Return the history of a host: ages in seconds, the oldest first, and busy CPUs."""
    return {"age_s": [age for age, _busy in samples], "cpu_usage": [busy for _age, busy in samples]}


def test_the_oldest_sample_is_left_and_full_load_at_the_top() -> None:
    """A host of 4 threads, half busy an hour ago, idle since half an hour, fully busy now."""
    spark = spark_of(history((3600, 2.0), (1800, 0.0), (0, 4.0)), 4)
    assert spark is not None
    assert spark.path == "0.0,12.5 50.0,24.0 100.0,1.0"
    assert spark.told == "0% to 100% in 1.0 h"


def test_more_than_full_load_stays_in_the_picture() -> None:
    """It is told as it is."""
    spark = spark_of(history((60, 8.0), (0, 2.0)), 4)
    assert spark is not None
    assert spark.path.startswith("0.0,1.0")
    assert spark.told == "50% to 200% in 0.0 h"


@pytest.mark.parametrize(
    "known",
    [
        None,
        {},
        history(),
        history((0, 1.0)),
        history((60, None), (0, 1.0)),
        history((60, 1.0), (60, 2.0)),
        history((0, 1.0), (60, 2.0)),
        {"age_s": [60, 0], "cpu_usage": None},
        {"age_s": [60, 0]},
    ],
    ids=["none", "empty", "no sample", "one", "one known", "same", "backwards", "null", "no cpu"],
)
def test_less_than_two_moments_are_no_line(known: dict[str, Any] | None) -> None:
    """Nor are samples that are not in the order of time."""
    assert spark_of(known, 4) is None


def test_a_long_history_is_thinned_out() -> None:
    """A week of samples is as wide as a day."""
    spark = spark_of(history(*((float(age), 1.0) for age in range(5 * POINTS, 0, -1))), 4)
    assert spark is not None
    assert len(spark.path.split(" ")) == POINTS


def test_a_host_of_which_no_thread_is_known_divides_by_nothing() -> None:
    """One thread is assumed then."""
    assert spark_of(history((60, 1.0), (0, 0.0)), 0) is not None
