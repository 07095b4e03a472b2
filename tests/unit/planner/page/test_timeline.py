# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When each migration runs: rows, places on the axis, and rows that are shared."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.page.timeline import ROWS, timeline_of


def step(number: int, start_s: float, finish_s: float) -> dict[str, Any]:
    """Return what is read of a step."""
    return {"id": f"m{number}", "domain": f"v{number}", "start_s": start_s, "finish_s": finish_s}


def test_a_plan_before_it_is_carried_out() -> None:
    """Each step has a row of its own and its name; nothing is known of when it really ran."""
    found = timeline_of([step(0, 0.0, 4.0), step(1, 4.0, 10.0)], {}, {}, 10.0)
    assert (found.rows, found.is_packed, found.has_real) == (2, False, False)
    assert [(span.row, span.label, span.real, span.tone) for span in found.spans] == [
        (0, "v0", None, "none"),
        (1, "v1", None, "none"),
    ]
    first, second = (span.planned for span in found.spans)
    assert first[0] == 0
    assert second[0] == pytest.approx(first[1], abs=0.01)
    assert second[0] + second[1] == pytest.approx(found.planned_end, abs=0.01)
    assert found.planned_end == pytest.approx(100 / 1.02, abs=0.01)


def test_an_execution_that_took_longer_stretches_the_axis() -> None:
    """The end that was planned lies within it then."""
    found = timeline_of([step(0, 0.0, 4.0)], {"m0": (1.0, 20.0)}, {"m0": "good"}, 4.0)
    [span] = found.spans
    assert found.has_real
    assert span.tone == "good"
    assert span.real is not None
    assert sum(span.real) == pytest.approx(100 / 1.02, abs=0.01)
    assert found.planned_end == pytest.approx(20 / 1.02, abs=0.01)


def test_nothing_to_do_has_no_rows() -> None:
    """And an axis all the same."""
    found = timeline_of([], {}, {}, 0.0)
    assert (found.rows, found.spans) == (0, ())
    assert found.axis.ticks


def test_steps_one_after_the_other_share_a_row() -> None:
    """More steps than rows: those that do not run at the same time stand in one line, without names."""
    found = timeline_of([step(n, n, n + 1.0) for n in range(ROWS + 1)], {}, {}, ROWS + 1.0)
    assert (found.is_packed, found.rows) == (True, 1)
    assert {span.label for span in found.spans} == {""}


def test_a_step_that_ran_late_keeps_its_row_until_then() -> None:
    """It was planned to end before the next begins, and did not."""
    steps = [step(n, n, n + 1.0) for n in range(ROWS + 1)]
    found = timeline_of(steps, {"m0": (0.0, 2.5)}, {}, ROWS + 1.0)
    assert found.rows == 2
    assert found.spans[1].row != found.spans[0].row


spans = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=ROWS + 1, max_size=ROWS + 30
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(spans)
def test_no_two_steps_of_a_row_overlap_and_no_row_is_wasted(drawn: list[tuple[int, int]]) -> None:
    """As many rows as run at the same time, and no more."""
    steps = [step(n, start, start + length) for n, (start, length) in enumerate(drawn)]
    found = timeline_of(steps, {}, {}, 80.0)
    by_row: dict[int, list[tuple[float, float]]] = {}
    for span in found.spans:
        entry = steps[span.step]
        by_row.setdefault(span.row, []).append((entry["start_s"], entry["finish_s"]))
    for row in by_row.values():
        ordered = sorted(row)
        assert all(one[1] <= other[0] for one, other in pairwise(ordered))
    busiest = max(
        sum(other["start_s"] <= entry["start_s"] < other["finish_s"] for other in steps)
        for entry in steps
    )
    assert found.rows == len(by_row) == busiest
