# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migrations of a plan as rows, with what became of them."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.steps import StepRow, alternatives, step_rows, troubles
from planner.page.words import Words

STEP = {
    "id": "m001-web",
    "domain": "web",
    "source": "a",
    "destination": "b",
    "memory_mib": 512,
    "start_s": 0.0,
    "finish_s": 75.0,
    "reason": "a is being emptied",
    "after": [],
}


def rows(*outcomes: dict[str, Any], **more: Any) -> list[StepRow]:
    """Return the rows of a plan of one step."""
    step = {**STEP, **more}
    return step_rows({"waves": [[], ["m001-web"]], "steps": [step]}, outcomes)


def outcome(what: str, **more: Any) -> dict[str, Any]:
    """Return what became of the step."""
    return {"id": "m001-web", "outcome": what, "reason": "", **more}


def test_a_step_before_it_runs() -> None:
    """Its number is short, its wave counts from 1, and it has no result."""
    [row] = rows()
    assert (row.id, row.wave, row.when, row.result) == ("m001", 2, "0 \u2013 1:15 min", None)
    assert (row.is_parking, row.deadline, row.after) == (False, "", ())


def test_what_a_step_waits_for_and_when_it_has_to_be_done() -> None:
    """Short again, and to the minute."""
    [row] = rows(
        after=["m002-db", "m010-x-y"],
        parking=True,
        deadline="2026-11-29T22:30:00+01:00",
    )
    assert row.after == ("m002", "m010")
    assert (row.is_parking, row.deadline) == (True, "2026-11-29 22:30")


def test_a_step_that_no_wave_has() -> None:
    """It is in wave 0, where nothing else is."""
    [row] = step_rows({"waves": [], "steps": [STEP]}, [])
    assert row.wave == 0


def test_a_step_that_moved() -> None:
    """What was measured is told, and kept as a number to sort by."""
    [row] = rows(outcome("moved", duration_s=75.2, downtime_ms=48.6))
    assert row.result is not None
    assert (row.result.word, row.result.tone) == ("moved", "good")
    assert (row.result.took, row.result.took_s) == ("1 min 15 s", 75.2)
    assert (row.result.downtime, row.result.downtime_ms) == ("49 ms", 48.6)
    assert troubles([row]) == []


@pytest.mark.parametrize("what", ["not_moved", "skipped", "lost", "gone"])
def test_a_step_that_did_not_move_is_to_be_looked_at(what: str) -> None:
    """What was not measured is left blank."""
    [row] = rows(outcome(what))
    assert row.result is not None
    assert (row.result.took, row.result.took_s, row.result.downtime) == ("", 0.0, "")
    assert troubles([row]) == [row]


def test_a_remark_makes_a_step_that_moved_one_to_be_looked_at() -> None:
    """Warnings come before what was left over; a step without a result is no trouble."""
    [row] = rows(outcome("moved", warnings=["slow"], leftovers=["a definition on a"]))
    assert row.result is not None
    assert row.result.notes == ("slow", "a definition on a")
    assert troubles([*rows(), row]) == [row]


def test_why_not_elsewhere_is_kept_by_numbers() -> None:
    """Host and reason in turn; a plan without explanations has none."""
    words = Words()
    plan = {"explanations": {"web": {"c": "c is down", "d": "c is down"}}}
    assert alternatives(plan, words) == {0: [1, 2, 3, 2]}
    assert words.all == ["web", "c", "c is down", "d"]
    assert alternatives({}, words) == {}
