# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..outcome import OVERTAKEN, WORDS, Outcome, has_arrived
from ..visible import text_of
from .table import duration, render_table

COLUMNS = ("VM", "from", "to", "outcome", "took", "downtime", "sent", "passes", "reason")


def render_outcomes(plan: Mapping[str, Any], outcomes: Sequence[Outcome], duration_s: float) -> str:
    """Return the outcomes of a plan's steps as a table with a summary.

    Parameters
    ----------
    plan
        The plan document.
    outcomes
        One object per step, as ``plan_apply`` returns them.
    duration_s
        How long carrying out the plan took.
    """
    if not outcomes:
        return "Nothing was to be done."
    table = render_table(COLUMNS, [_row(outcome) for outcome in outcomes], indent="")
    return text_of([*table, "", _summary(plan, outcomes, duration_s), *_warnings(outcomes)])


def _row(outcome: Outcome) -> Sequence[str]:
    return (
        outcome["domain"],
        outcome["source"],
        outcome["destination"],
        WORDS[outcome["outcome"]],
        _measure(outcome, "duration_s", ".1f", "s"),
        _measure(outcome, "downtime_ms", ".0f", "ms"),
        _measure(outcome, "memory_processed_mib", ".0f", "MiB"),
        _measure(outcome, "iterations", "d", ""),
        outcome["reason"],
    )


def _measure(outcome: Outcome, name: str, form: str, unit: str) -> str:
    value = outcome.get(name)
    return "" if value is None else f"{value:{form}} {unit}".rstrip()


def _summary(plan: Mapping[str, Any], outcomes: Sequence[Outcome], duration_s: float) -> str:
    arrived = sum(map(has_arrived, outcomes))
    words = [f"{arrived} of {len(outcomes)} migrations succeeded"]
    words += [
        f"{outcome['domain']} is {WORDS[outcome['outcome']]}"
        for outcome in outcomes
        if outcome["outcome"] in OVERTAKEN
    ]
    downtimes = [
        outcome["downtime_ms"] for outcome in outcomes if outcome.get("downtime_ms") is not None
    ]
    if downtimes:
        words.append(f"longest downtime {max(downtimes):.0f} ms")
    words.append(f"took {duration(duration_s)}, predicted {duration(plan['makespan_s'])}")
    return ", ".join(words) + "."


def _warnings(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{outcome['domain']}: {remark}"
        for outcome in outcomes
        for remark in [*outcome.get("warnings", ()), *outcome.get("leftovers", ())]
    ]
