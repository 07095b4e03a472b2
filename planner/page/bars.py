# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How full a host is of one resource, as a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cluster.resources import TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar that is as long as what there is, with what is taken of it before and after.

    Attributes
    ----------
    before, after, limit
        In per cent of the whole length.
    share
        What is taken afterwards, in per cent of the limit; ``None`` where there is no limit.
    is_over
        More than the limit is taken afterwards.
    text
        All of it in words.
    """

    before: float
    after: float
    limit: float
    share: float | None
    is_over: bool
    text: str


def bar_of(
    before: float, after: float, limit: float, most: float, unit: str, scale: float = 1.0
) -> Bar:
    """Return the bar of a resource.

    Parameters
    ----------
    before, after
        What is taken.
    limit, most
        What may be given out, and what there is.
    unit, scale
        How amounts are told: divided by the scale, with the unit.

    Worked example: 8 of 16 taken before, 12 after, a limit of 15 are bars of 50 % and 75 % with a mark at 93.75 %.
    """
    whole = max(before, after, limit, most) or 1.0
    told = _amount(after / scale)
    if _amount(before / scale) != told:
        told = f"{_amount(before / scale)} \u2192 {told}"
    return Bar(
        before=_per_cent(before, whole),
        after=_per_cent(after, whole),
        limit=_per_cent(limit, whole),
        share=_per_cent(after, limit) if limit else None,
        is_over=after > limit + TOLERANCE,
        text=f"{told} of {_amount(limit / scale)} {unit}",
    )


def bars_of(host: Mapping[str, Any]) -> tuple[Bar, Bar, Bar]:
    """Return the bars of an entry of a plan's hosts: memory, vCPUs, busy CPU."""
    before, after, limits = host["before"], host["after"], host["limits"]
    threads = host["vcpus"]
    return (
        bar_of(
            before["memory_mib"],
            after["memory_mib"],
            limits["memory_mib"],
            host["memory_mib"],
            "GiB",
            1024,
        ),
        bar_of(before["vcpus"], after["vcpus"], limits["vcpus"], limits["vcpus"], "vCPUs"),
        bar_of(before["cpu_usage"], after["cpu_usage"], limits["cpu_usage"], threads, "busy"),
    )


def _per_cent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2)


def _amount(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 100 else f"{number:.0f}"
