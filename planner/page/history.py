# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load of a host over time, as a small line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

POINTS = 120
"""More than these are not to be told apart in a line of some hundred pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """Busy CPU over the samples of a host; the path in a picture of 100 by 24, full load at its top."""

    path: str
    told: str


def spark_of(history: Mapping[str, Any] | None, vcpus: int) -> Spark | None:
    """Return the line of a history in the facts; ``None`` where it tells less than two moments."""
    if not history:
        return None
    known = [
        (age_s, busy)
        for age_s, busy in zip(history["age_s"], history.get("cpu_usage") or (), strict=False)
        if busy is not None
    ]
    known = known[:: max(1, len(known) // POINTS)]
    if len(known) < 2 or known[0][0] <= known[-1][0]:
        return None
    oldest, newest = known[0][0], known[-1][0]
    points = [
        f"{100 * (oldest - age_s) / (oldest - newest):.1f},{24 - 23 * min(1.0, busy / max(vcpus, 1)):.1f}"
        for age_s, busy in known
    ]
    shares = [busy / max(vcpus, 1) for _age_s, busy in known]
    hours = (oldest - newest) / 3600
    return Spark(
        path=" ".join(points),
        told=f"{min(shares):.0%} to {max(shares):.0%} in {hours:.1f} h",
    )
