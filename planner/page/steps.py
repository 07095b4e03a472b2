# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migrations of a plan as rows of a table, with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..outcome import Outcome
from ..report.table import duration
from .axis import clock
from .execution import word_of
from .words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a step, for people."""

    word: str
    tone: str
    took: str
    took_s: float
    downtime: str
    downtime_ms: float
    reason: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of a plan as a row."""

    id: str
    wave: int
    domain: str
    source: str
    destination: str
    memory_mib: int
    start_s: float
    when: str
    reason: str
    after: tuple[str, ...]
    is_parking: bool
    deadline: str
    result: Result | None


def step_rows(plan: Mapping[str, Any], outcomes: Iterable[Outcome]) -> list[StepRow]:
    """Return the rows in the plan's order."""
    wave_of = {step: number for number, wave in enumerate(plan["waves"], start=1) for step in wave}
    by_step = {outcome["id"]: outcome for outcome in outcomes}
    return [
        _row(step, wave_of.get(step["id"], 0), by_step.get(step["id"])) for step in plan["steps"]
    ]


def _row(step: Mapping[str, Any], wave: int, outcome: Outcome | None) -> StepRow:
    return StepRow(
        id=_short(step["id"]),
        wave=wave,
        domain=step["domain"],
        source=step["source"],
        destination=step["destination"],
        memory_mib=step["memory_mib"],
        start_s=step["start_s"],
        when=f"{clock(step['start_s'])} \u2013 {clock(step['finish_s'])}",
        reason=step["reason"],
        after=tuple(map(_short, step["after"])),
        is_parking=bool(step.get("parking")),
        deadline=step.get("deadline", "")[:16].replace("T", " "),
        result=_result(outcome) if outcome else None,
    )


def _short(step: str) -> str:
    return step.split("-")[0]


def _result(outcome: Outcome) -> Result:
    word, tone = word_of(outcome)
    took_s, downtime_ms = outcome.get("duration_s"), outcome.get("downtime_ms")
    return Result(
        word=word,
        tone=tone,
        took="" if took_s is None else duration(took_s),
        took_s=took_s or 0.0,
        downtime="" if downtime_ms is None else f"{downtime_ms:.0f} ms",
        downtime_ms=downtime_ms or 0.0,
        reason=outcome["reason"],
        notes=(*outcome.get("warnings", ()), *outcome.get("leftovers", ())),
    )


def alternatives(plan: Mapping[str, Any], words: Words) -> dict[int, list[int]]:
    """Return for each VM that moves why it does not go to each other host: numbers of host, reason, host, reason..."""
    return {
        words.number(domain): words.numbers(text for pair in others.items() for text in pair)
        for domain, others in plan.get("explanations", {}).items()
    }


def troubles(rows: Sequence[StepRow]) -> list[StepRow]:
    """Return the rows that somebody has to look at."""
    return [
        row
        for row in rows
        if row.result and (row.result.tone in ("bad", "warn") or row.result.notes)
    ]
