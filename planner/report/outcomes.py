# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .table import render_table

COLUMNS = ("VM", "from", "to", "outcome", "took", "downtime", "sent", "passes", "reason")
WORDS = {"moved": "moved", "not_moved": "STAYED", "skipped": "skipped", "unknown": "UNKNOWN"}

Outcome = Mapping[str, Any]


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
    return "\n".join([*table, "", _summary(plan, outcomes, duration_s), *_warnings(outcomes)])


def _row(outcome: Outcome) -> Sequence[str]:
    return (
        outcome["domain"],
        outcome["source"],
        outcome["destination"],
        "was there" if outcome.get("already_there") else WORDS[outcome["outcome"]],
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
    counts = Counter(outcome["outcome"] for outcome in outcomes)
    words = [f"{counts['moved']} of {len(outcomes)} migrations succeeded"]
    downtimes = [
        outcome["downtime_ms"] for outcome in outcomes if outcome.get("downtime_ms") is not None
    ]
    if downtimes:
        words.append(f"longest downtime {max(downtimes):.0f} ms")
    words.append(f"took {duration_s:.1f} s, planned {plan['makespan_s']:.1f} s")
    return ", ".join(words) + "."


def _warnings(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{outcome['domain']}: {remark}"
        for outcome in outcomes
        for remark in [*outcome.get("warnings", ()), *outcome.get("leftovers", ())]
    ]
