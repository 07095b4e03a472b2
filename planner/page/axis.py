# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Axes with round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

TICKS = 8
"""An axis has about this many."""

SECONDS = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
)
"""Round numbers of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From 0 to the end; ticks are at per cents of it, with their labels."""

    end: float
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Return where a value is, in per cent."""
        return round(100 * value / self.end, 3)


def axis_to(seconds: float) -> Axis:
    """Return an axis of seconds that holds this many."""
    end = max(seconds, 1.0) * 1.02
    step = next(
        (s for s in SECONDS if end / s <= TICKS), SECONDS[-1] * math.ceil(end / SECONDS[-1] / TICKS)
    )
    return Axis(
        end=end,
        ticks=tuple(
            (round(100 * k * step / end, 3), clock(k * step)) for k in range(int(end // step) + 1)
        ),
    )


def clock(seconds: float) -> str:
    """Return seconds as short as a tick needs: 0, 45 s, 2:30 min, 1:05 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole else "0"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
