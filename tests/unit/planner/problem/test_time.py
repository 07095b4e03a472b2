# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long migrations may take, and what that limit is called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.planner.problem.posing import BALANCE, posed


@pytest.mark.parametrize(
    ("document", "goal", "seconds", "totals"),
    [
        ({}, {}, None, {}),
        ({"limits": {"duration_s": 60}}, {}, 60, {"duration_s": "limits.duration_s (60)"}),
        (
            {"limits": {"duration_s": 60, "max_migrations": 2}},
            {"deadline": "22:10"},
            60,
            {"duration_s": "limits.duration_s (60)", "max_migrations": "limits.max_migrations (2)"},
        ),
        (
            {"limits": {"duration_s": 6000}},
            {"deadline": "22:10"},
            600,
            {"duration_s": "time (the deadline is Tue 2026-11-24 22:10)"},
        ),
        (
            {"limits": {"windows": [{"start": "21:00", "end": "22:05"}]}},
            {"deadline": "22:10"},
            300,
            {"duration_s": "time (the window of limits.windows closes on Tue 2026-11-24 22:05)"},
        ),
    ],
)
def test_how_long_migrations_may_take(
    document: dict[str, Any], goal: dict[str, Any], seconds: float | None, totals: dict[str, str]
) -> None:
    """The least of limit, deadline and window, and what it is called."""
    time = posed(document, {**BALANCE, **goal}).time
    assert time.duration_s == seconds
    assert time.totals == totals


def test_of_several_windows_the_one_that_closes_first_counts() -> None:
    """For each VM; one that is closed keeps it where it is, one that is preferred closes nothing."""
    windows = [{"start": "21:00", "end": "23:00"}], [{"start": "21:00", "end": "22:30"}]
    later, sooner = (
        {"type": "window", "name": name, "domains": vms, "windows": times}
        for name, vms, times in (("later", ["x", "y"], windows[0]), ("sooner", ["x"], windows[1]))
    )
    preferred = {**sooner, "name": "wish", "domains": ["z"], "strictness": "preferred"}
    found = posed({"rules": [later, sooner, preferred]})
    assert {vm: window.name for vm, window in found.time.closings.items()} == {
        "x": "sooner",
        "y": "later",
    }
    assert found.time.closings["x"].open_s == 1800
