# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a rolling maintenance: its batches, and the migrations of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..report.table import duration
from .steps import alternatives, step_rows
from .template import fill
from .tile import Tile
from .words import Words


def rolling_page(plan: Mapping[str, Any]) -> str:
    """Return the page of a document of ``make_rolling_plan``."""
    words = Words()
    batches: Sequence[Mapping[str, Any]] = plan["batches"]
    why = [alternatives(batch, words) for batch in batches]
    values = {
        "plan": plan,
        "tiles": list(_tiles(plan, batches)),
        "batches": [
            (batch, step_rows(batch, ()), duration(batch["makespan_s"])) for batch in batches
        ],
        "most": max((len(batch["steps"]) for batch in batches), default=0) or 1,
    }
    return fill("rolling.html.j2", values, {"batches": why, "words": words.all})


def _tiles(plan: Mapping[str, Any], batches: Sequence[Mapping[str, Any]]) -> Iterable[Tile]:
    hosts = sum(len(batch["goal_hosts"]) for batch in batches)
    yield Tile(label="Hosts", value=str(hosts), note=f"in {len(batches)} batches")
    yield Tile(
        label="Migrations",
        value=str(plan["migrations"]),
        note=f"at least {plan['bound']} are needed",
    )
    total_s = sum(batch["makespan_s"] for batch in batches)
    yield Tile(
        label="Predicted",
        value=duration(total_s),
        note="for the migrations, without the maintenance itself",
    )
