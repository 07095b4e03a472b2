# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as an executor writes them, and with garbage in each of their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOVE = {"id": "m1", "domain": "a", "source": "h1", "destination": "h2"}
PROGRESS = {"percent": 1, "total_mib": 2, "bandwidth_mib_s": 3, "iteration": 1, "silent_s": 0.5}
SOUND: list[dict[str, Any]] = [
    {"event": "execution_started", "steps": 1, "owner": "ann", "purpose": "balance"},
    {"event": "migration_started", **MOVE, "uuid": "u"},
    {"event": "migration_begun", "id": "m1", "domain": "a", "mark": {}, "options": {}},
    {"event": "progress", "id": "m1", "domain": "a", **PROGRESS},
    {"event": "migration_ended", **MOVE, "outcome": "moved", "reason": "", "duration_s": 1.5},
    {"event": "stopping", "reason": "The controller is gone.", "running": ["m1"]},
    {"event": "execution_ended", "duration_s": 2.0},
]
GARBAGE: list[Any] = [None, [], {}, "x", 1e308, -1, True, "\x1b[2J"]


def strange_journals() -> Iterator[list[dict[str, Any]]]:
    """Yield journals of three events; a field of the last one holds what no executor writes."""
    for event in SOUND:
        for field in [*event, "at"]:
            for value in GARBAGE:
                strange = {**event, "at": 5.0, field: value}
                yield [{**one, "at": 1.0} for one in SOUND[:2]] + [strange]
