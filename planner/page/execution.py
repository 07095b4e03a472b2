# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan's steps: from the executor's answer, or from its journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..documents import validate
from ..errors import InputError
from ..outcome import OVERTAKEN, WORDS, Outcome, has_arrived

UNDER_WAY = "under_way"
"""What a step is that has begun and not ended; no executor calls it an outcome."""

ENDED, STARTED = "migration_ended", "migration_started"


def word_of(outcome: Outcome) -> tuple[str, str]:
    """Return what to call an outcome, and its tone."""
    name = outcome["outcome"]
    if name == UNDER_WAY:
        return "under way", "busy"
    tone = "good" if has_arrived(outcome) else "warn" if name in ("skipped", *OVERTAKEN) else "bad"
    return WORDS[name].lower(), tone


def read_journal(text: str, path: str) -> list[dict[str, Any]]:
    """Return the outcomes in a journal, in the order in which the steps began.

    A step that has begun and not ended is under way. Lines that a crash cut short are left out.

    Parameters
    ----------
    path
        Where it stands, for messages.

    Raises
    ------
    InputError
        It is not a journal.
    """
    events = list(_events(text))
    if not events:
        raise InputError(
            f"{path} is not the journal of an execution; name the journal.jsonl of its folder on the coordinator."
        )
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["event"] == STARTED:
            begun = {name: event.get(name) for name in ("id", "domain", "source", "destination")}
            times = {"started_at": event.get("at")}
            found[str(event.get("id"))] = {**begun, **times, "outcome": UNDER_WAY, "reason": ""}
        elif event["event"] == ENDED:
            before = found.get(str(event.get("id")), {})
            ended = {name: value for name, value in event.items() if name not in ("event", "at")}
            times = {"ended_at": event.get("at")} if before else {}
            found[str(event.get("id"))] = {**before, **times, **ended}
    return checked(list(found.values()))


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event


def checked(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return outcomes as they are.

    Raises
    ------
    InputError
        They break the published schema.
    """
    validate("outcomes", outcomes)
    return outcomes


def real_times(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float]]:
    """Return the seconds from the first start to start and end of each step; one under way ends with the last event."""
    known = [outcome for outcome in outcomes if outcome.get("started_at") is not None]
    if not known:
        return {}
    began = min(outcome["started_at"] for outcome in known)
    last = max(outcome.get("ended_at") or outcome["started_at"] for outcome in known)
    return {
        outcome["id"]: (
            round(outcome["started_at"] - began, 3),
            round((outcome.get("ended_at") or last) - began, 3),
        )
        for outcome in known
    }
