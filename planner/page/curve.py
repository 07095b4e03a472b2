# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first migrations buy, and what the last ones: one small picture per figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure over the number of migrations; points in per cent of the picture, the origin at its top left."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]
    first: float
    last: float

    @property
    def path(self) -> str:
        """The line for SVG."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


def lines_of(plan: Mapping[str, Any]) -> list[Line]:
    """Return a line per figure of a plan's curve; none where it has no curve."""
    points = plan.get("curve", {}).get("points", [])
    if len(points) < 2:
        return []
    units = {term["name"]: term["unit"].split(" ")[0] for term in plan["terms"]}
    return [_line(name, units.get(name, ""), points) for name in points[0]["terms"]]


def _line(name: str, unit: str, points: Sequence[Mapping[str, Any]]) -> Line:
    """Scale to the picture: right is all migrations, the bottom nothing of the figure."""
    values = [point["terms"][name] for point in points]
    most, longest = max(map(abs, values)) or 1.0, points[-1]["migrations"] or 1
    return Line(
        name=name,
        unit=unit,
        points=tuple(
            (round(100 * point["migrations"] / longest, 2), round(100 - 96 * value / most, 2))
            for point, value in zip(points, values, strict=True)
        ),
        first=values[0],
        last=values[-1],
    )
