# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays rows of the fault matrix and writes the table: ``python -m tests.faults``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.faults import results
from tests.faults.matrix import ALL
from tests.faults.row import Row
from tests.faults.run import RunRow, SeenRun
from tests.faults.runner import LabKeeper, Seen
from tests.faults.stock import run_stock
from tests.faults.table import table


def main() -> int:
    """Play the rows; return 1 when one fails."""
    arguments = _arguments()
    rows = [row for row in ALL if _wanted(row, arguments)]
    if arguments.list:
        print("\n".join(f"{row.name:40} {row.fault}" for row in rows))
        return 0
    if arguments.fresh:
        results.forget()
    with LabKeeper(arguments.name, keep=arguments.keep) as keeper:
        seen = [_play(keeper, row) for row in rows]
        for row in rows:
            if isinstance(row, Row) and row.beside_stock:
                results.keep(run_stock(keeper.lab, row))
    if arguments.report:
        arguments.report.write_text(table(*results.newest()))
    failed = [each.row.name for each in seen if not each.passes]
    print(f"{len(seen) - len(failed)} of {len(seen)} rows pass. {' '.join(failed)}")
    return int(bool(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("rows", nargs="*", help="names of rows, or beginnings of them; default all")
    parser.add_argument("--quick", action="store_true", help="only the rows of make test")
    parser.add_argument("--list", action="store_true", help="only show which rows there are")
    parser.add_argument("--report", type=Path, help="write the table to this file")
    parser.add_argument("--fresh", action="store_true", help="forget the results of earlier runs")
    parser.add_argument("--name", default="faults", help="name of the lab")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    return parser.parse_args()


def _wanted(row: Row | RunRow, arguments: argparse.Namespace) -> bool:
    named = not arguments.rows or row.name.startswith(tuple(arguments.rows))
    return named and (row.quick or not arguments.quick)


def _play(keeper: LabKeeper, row: Row | RunRow) -> Seen | SeenRun:
    seen = keeper.play(row)
    results.keep(seen)
    verdict = "ok  " if seen.passes else "FAIL"
    print(f"{verdict} {row.name:36} {seen.duration_s:5.1f} s {seen.told}", flush=True)
    for fault in seen.faults:
        print(f"       - {fault}", flush=True)
    return seen


if __name__ == "__main__":
    sys.exit(main())
