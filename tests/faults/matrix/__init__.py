# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rows of the fault matrix."""

from __future__ import annotations

from tests.faults.matrix import handover, links, locks, pace, processes, quick, refused, runs, users
from tests.faults.row import Row
from tests.faults.run import RunRow

_ROWS = (
    *refused.ROWS,
    *processes.ROWS,
    *handover.ROWS,
    *links.ROWS,
    *users.ROWS,
    *pace.ROWS,
    *quick.ROWS,
)
ROWS = (*_ROWS, *locks.ROWS, *locks.by_controller(_ROWS))
RUNS = runs.RUNS
ALL: tuple[Row | RunRow, ...] = (*ROWS, *RUNS)
