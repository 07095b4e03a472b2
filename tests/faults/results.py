# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what was seen, so that a row played again replaces only its own line of the report."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.matrix import ROWS, RUNS
from tests.faults.run import SeenRun
from tests.faults.runner import Seen
from tests.faults.stock import Stock

RESULTS = Path(__file__).resolve().parents[2] / "build" / "faults.jsonl"


def forget() -> None:
    """Begin a new run."""
    RESULTS.unlink(missing_ok=True)


def keep(result: Seen | SeenRun | Stock) -> None:
    """Write a result down."""
    RESULTS.parent.mkdir(exist_ok=True)
    plain = {name: value for name, value in vars(result).items() if name != "row"}
    line = {"kind": type(result).__name__, "row": result.row.name, "is": plain}
    with RESULTS.open("a") as file:
        file.write(json.dumps(line) + "\n")


def newest() -> tuple[list[Seen], list[Stock], list[SeenRun]]:
    """Return the newest results of all rows, in the order of the matrix."""
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    found = {(line["kind"], line["row"]): line["is"] for line in lines}
    return (
        [Seen(row, **found["Seen", row.name]) for row in ROWS if ("Seen", row.name) in found],
        [Stock(row, **found["Stock", row.name]) for row in ROWS if ("Stock", row.name) in found],
        [
            SeenRun(row, **found["SeenRun", row.name])
            for row in RUNS
            if ("SeenRun", row.name) in found
        ],
    )
