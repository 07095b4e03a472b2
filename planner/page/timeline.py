# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When each migration runs: as planned, and as it was."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .axis import Axis, axis_to

ROWS = 60
"""Up to this many migrations have a row each; more share rows, as those do that do not run at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A migration: its row, and when it runs in per cent of the axis (start, length).

    ``real`` is ``None`` where nothing has run, or nothing is known of when.
    """

    row: int
    step: int
    label: str
    planned: tuple[float, float]
    real: tuple[float, float] | None
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All migrations over an axis of seconds."""

    spans: tuple[Span, ...]
    rows: int
    axis: Axis
    planned_end: float
    has_real: bool
    is_packed: bool


Times = tuple[float, float]


def timeline_of(
    steps: Sequence[Mapping[str, Any]],
    real: Mapping[str, Times],
    tones: Mapping[str, str],
    makespan_s: float,
) -> Timeline:
    """Lay the migrations out.

    Parameters
    ----------
    steps
        Of a plan.
    real
        Seconds from the first start to the start and the end of steps, by their ids.
    tones
        How each step ended, as a tone of the page.
    """
    last = max([makespan_s, *(end for _start, end in real.values())], default=0.0)
    axis = axis_to(last)
    packed = len(steps) > ROWS
    rows = _packed(steps, real) if packed else list(range(len(steps)))
    spans = [
        Span(
            row=row,
            step=number,
            label="" if packed else step["domain"],
            planned=_place(axis, step["start_s"], step["finish_s"]),
            real=_place(axis, *real[step["id"]]) if step["id"] in real else None,
            tone=tones.get(step["id"], "none"),
        )
        for number, (step, row) in enumerate(zip(steps, rows, strict=True))
    ]
    return Timeline(
        spans=tuple(spans),
        rows=max(rows, default=-1) + 1,
        axis=axis,
        planned_end=axis.at(makespan_s),
        has_real=bool(real),
        is_packed=packed,
    )


def _place(axis: Axis, start_s: float, end_s: float) -> Times:
    return axis.at(start_s), round(axis.at(end_s) - axis.at(start_s), 3)


def _packed(steps: Sequence[Mapping[str, Any]], real: Mapping[str, Times]) -> list[int]:
    """Return rows so that no two migrations of one run at the same time, planned or real: first come, first row."""
    spans = []
    for number, step in enumerate(steps):
        start, end = real.get(step["id"], (step["start_s"], step["finish_s"]))
        spans.append((min(start, step["start_s"]), max(end, step["finish_s"]), number))
    rows, busy, free, used = [0] * len(steps), [], [], 0  # type: ignore[var-annotated]
    for start, end, number in sorted(spans):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, used = used, used + 1
        rows[number] = row
        heapq.heappush(busy, (end, row))
    return rows
