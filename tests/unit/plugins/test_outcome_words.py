# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, journals, schemas and people have the same outcomes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome

from planner.outcome import OVERTAKEN, WORDS, has_arrived
from planner.page.execution import UNDER_WAY, word_of

SCHEMA = Path(__file__).parents[3] / "planner" / "schemas" / "outcomes.schema.json"


def test_every_outcome_has_a_word_and_stands_in_the_schema() -> None:
    """A step that has begun and not ended is no outcome, and the page shows it all the same."""
    allowed = json.loads(SCHEMA.read_text(encoding="utf-8"))["items"]["properties"]["outcome"]
    outcomes = [outcome.value for outcome in Outcome]
    assert list(WORDS) == outcomes
    assert allowed["enum"] == [*outcomes, UNDER_WAY]


@pytest.mark.parametrize("outcome", Outcome)
def test_whether_the_vm_moved_follows_from_the_outcome(outcome: Outcome) -> None:
    """Hosts and planner agree, and the page is green where the VM is on its destination."""
    entry = {"outcome": outcome.value}
    assert has_arrived(entry) is (outcome.moved is True)
    assert (word_of(entry)[1] == "good") is has_arrived(entry)


def test_the_place_is_known_but_for_three() -> None:
    """A ledger holds the memory at both ends for these."""
    nowhere = {item for item in Outcome if item.moved is None and not item.overtaken}
    assert nowhere == {Outcome.QUARANTINED, Outcome.LOST, Outcome.UNKNOWN}


def test_with_three_nothing_was_left_to_migrate() -> None:
    assert {outcome.value for outcome in Outcome if outcome.overtaken} == set(OVERTAKEN)
