# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of steps, read from a journal that a crash may have cut short."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.errors import InputError
from planner.outcome import WORDS
from planner.page.execution import UNDER_WAY, checked, read_journal, real_times, word_of

ENDS = {"domain": "web", "source": "kvm1", "destination": "kvm2"}


def started(step: str, at: float) -> dict[str, Any]:
    """Return the event of a migration that begins."""
    return {"event": "migration_started", "at": at, "id": step, **ENDS}


def ended(step: str, at: float, outcome: str = "moved") -> dict[str, Any]:
    """Return the event of a migration that ends."""
    event = {"event": "migration_ended", "at": at, "id": step, **ENDS}
    return {**event, "outcome": outcome, "reason": "It is so."}


def journal(*events: Any) -> list[dict[str, Any]]:
    """Return the outcomes in a journal of these events; texts are lines as they stand."""
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return read_journal("\n".join(lines), "journal.jsonl")


def test_a_step_that_ended_has_both_times() -> None:
    """Its outcome and reason are those of the end."""
    [outcome] = journal({"event": "execution_started"}, started("m1", 10.0), ended("m1", 14.5))
    assert (outcome["started_at"], outcome["ended_at"]) == (10.0, 14.5)
    assert (outcome["outcome"], outcome["reason"]) == ("moved", "It is so.")


def test_a_step_that_has_not_ended_is_under_way() -> None:
    """No executor calls it an outcome; the page does."""
    [outcome] = journal(started("m1", 10.0))
    assert outcome["outcome"] == UNDER_WAY
    assert word_of(outcome) == ("under way", "busy")


def test_a_step_that_never_began_has_no_time() -> None:
    """Skipped steps only end: when that was noted is not when a migration ended."""
    [outcome] = journal(ended("m1", 14.5, "skipped"))
    assert "ended_at" not in outcome
    assert real_times([outcome]) == {}


@pytest.mark.parametrize(
    "line",
    ['{"event": "migration_star', "", "[1, 2]", '{"at": 3}', '{"event": 7}', "[" * 100_000],
    ids=["cut", "empty", "list", "no event", "number", "deep"],
)
def test_lines_that_are_no_event_are_left_out(line: str) -> None:
    """A crash cuts the last line; the others count."""
    assert [outcome["id"] for outcome in journal(started("m1", 1.0), line)] == ["m1"]
    with pytest.raises(InputError, match=r"journal\.jsonl is not the journal of an execution"):
        journal(line)


def test_an_outcome_that_breaks_the_schema_is_refused() -> None:
    """What a page shows of it is published; nothing else gets there."""
    with pytest.raises(InputError):
        checked([{"id": "m1"}])


def test_times_count_from_the_first_start_and_what_runs_ends_with_the_last_event() -> None:
    """m2 has not ended: it ran until the last moment that is known."""
    found = journal(started("m1", 100.0), started("m2", 101.5), ended("m1", 104.0))
    assert real_times(found) == {"m1": (0.0, 4.0), "m2": (1.5, 4.0)}


def test_every_outcome_has_a_word_and_a_tone() -> None:
    """What arrived is good; what others changed, or was skipped, is to be known; the rest is to be looked at."""
    tones = {name: word_of({"outcome": name})[1] for name in WORDS}
    assert {name for name, tone in tones.items() if tone == "good"} == {"moved", "already_there"}
    assert {name for name, tone in tones.items() if tone == "warn"} == {
        "skipped",
        "gone",
        "off",
        "elsewhere",
    }
    assert {name for name, tone in tones.items() if tone == "bad"} == {
        "not_moved",
        "rolled_back",
        "quarantined",
        "lost",
        "unknown",
    }
    assert word_of({"outcome": "lost"})[0] == "lost"
