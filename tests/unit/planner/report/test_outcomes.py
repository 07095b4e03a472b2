# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read when a plan was carried out."""

from __future__ import annotations

from planner.report.outcomes import render_outcomes

MOVED = {
    "domain": "web1",
    "source": "kvm2",
    "destination": "kvm3",
    "outcome": "moved",
    "reason": "",
    "duration_s": 4.2,
    "downtime_ms": 61.3,
}
FAILED = {**MOVED, "domain": "web2", "outcome": "not_moved", "reason": "Its bridge is missing."}


def test_the_summary_compares_the_time_with_the_plan() -> None:
    """How long all of it took stands beside what was planned."""
    text = render_outcomes({"makespan_s": 4.0}, [MOVED, FAILED], 12.34)
    assert (
        "1 of 2 migrations succeeded, longest downtime 61 ms, took 12.3 s, predicted 4.0 s." in text
    )
    assert "Its bridge is missing." in text


def test_an_empty_plan_has_no_table() -> None:
    """One sentence is enough."""
    assert render_outcomes({"makespan_s": 0.0}, [], 0.0) == "Nothing was to be done."
