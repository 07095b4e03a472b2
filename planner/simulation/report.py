# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation as text and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..report.table import render_table
from .run import Record, Totals

HEADER = (
    "strategy",
    "energy",
    "saved",
    "cost",
    "hosts on",
    "host hours",
    "migrations",
    "memory",
    "woken",
    "full",
    "unserved",
)
UNDONE = "nothing"
"""The strategy that the others are compared with."""


def render_totals(totals: Mapping[str, Totals], price: float | None) -> Iterable[str]:
    """Return the table of all strategies; what they save is against doing nothing."""
    base = totals[UNDONE].energy_kwh
    yield from render_table(
        HEADER, [_row(name, entry, base, price) for name, entry in totals.items()], indent=""
    )
    for name, entry in totals.items():
        yield from (
            f"Note: a step of {name} had no plan: {sentence}" for sentence in entry.failures[:3]
        )


def _row(name: str, entry: Totals, base_kwh: float, price: float | None) -> Sequence[object]:
    on = (
        f"{entry.least_on}"
        if entry.least_on == entry.most_on
        else f"{entry.least_on}-{entry.most_on}"
    )
    return (
        name,
        f"{entry.energy_kwh:.1f} kWh",
        f"{1 - entry.energy_kwh / base_kwh:.1%}" if base_kwh else "-",
        f"{entry.energy_kwh * price:.2f}" if price is not None else "-",
        on,
        f"{entry.host_hours:.1f}",
        str(entry.migrations),
        f"{entry.moved_gib:.0f} GiB",
        str(entry.woken),
        f"{entry.full_share:.2%}",
        f"{entry.unserved_share:.3%}",
    )


def document(
    records: Mapping[str, Sequence[Record]],
    totals: Mapping[str, Totals],
    step_s: float,
    price: float | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return everything as plain JSON values.

    Parameters
    ----------
    records, totals : mapping
        The steps of each strategy, and what they come to.
    step_s : float
        Seconds of a step.
    price : float, optional
        Price of a kWh; C(cost) of a strategy is null without it.
    notes : sequence of str
        What was taken for granted.
    """
    return {
        "step_s": step_s,
        "notes": list(notes),
        "strategies": {
            name: {
                "totals": asdict(totals[name]),
                "cost": None if price is None else totals[name].energy_kwh * price,
                "steps": [asdict(record) for record in records[name]],
            }
            for name in records
        },
    }
