# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of all clusters, as a table and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..report.table import duration, gib, render_table
from ..visible import text_of
from .work import ClusterOutcome

HEADER = ("cluster", "hosts", "VMs", "migrations", "memory", "time", "gap", "result")


def render_summary(outcomes: Sequence[ClusterOutcome]) -> str:
    """Return the table of all clusters, in the order of their names."""
    rows = [_row(outcome) for outcome in sorted(outcomes, key=lambda outcome: outcome.name)]
    return text_of(render_table(HEADER, rows, indent="")) + "\n"


def _row(outcome: ClusterOutcome) -> tuple[object, ...]:
    plan = outcome.plan
    if plan is None:
        return (outcome.name, "-", "-", "-", "-", "-", "-", f"{outcome.state}: {outcome.message}")
    memory = sum(step["memory_mib"] for step in plan["steps"])
    return (
        outcome.name,
        str(len(plan["hosts"])),
        str(len(plan["placement"])),
        str(len(plan["steps"])),
        gib(memory),
        duration(plan["makespan_s"]),
        "proved" if plan["status"] == "optimal" else f"{plan['gap']:.1%}",
        outcome.message,
    )


def summary_document(outcomes: Sequence[ClusterOutcome]) -> dict[str, Any]:
    """Return the summary as plain JSON values, without the plans."""
    return {
        "clusters": [
            {"name": outcome.name, "state": outcome.state, "message": outcome.message}
            for outcome in sorted(outcomes, key=lambda outcome: outcome.name)
        ]
    }
