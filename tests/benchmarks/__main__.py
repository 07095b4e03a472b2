# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.benchmarks``: figures of all cases as a table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks import drover
from tests.benchmarks.cases import FOLDER, Case, cases
from tests.benchmarks.evaluate import (
    deviation_bounds,
    evaluate,
    faults,
    here,
    host_bound,
    moves_bound,
)
from tests.benchmarks.measure import Measurement
from tests.benchmarks.peers import Peer, ask, installed, missing

Facts = Mapping[str, Any]
Cells = dict[str, str]

COLUMNS = {
    "case": 36, "by": 9, "wall s": 7, "cpu s": 7, "MiB": 5, "hosts": 9, "moves": 11, "GiB": 6,
    "mem max": 7, "sd": 5, "cpu max": 7, "sd ": 5, "gap": 7, "order": 6, "replay": 0,
}  # fmt: skip
"""Columns and their widths."""


def main() -> int:
    """Measure and print; the exit code says nothing about the figures."""
    options = _options()
    print(_line({name: name for name in COLUMNS}))
    if not options.only:
        print(_line(_start()))
    peers = () if options.no_peers else installed()
    for case in cases():
        if options.only in case.name:
            for cells in _rows(case, peers, options.limit):
                print(_line(cells), flush=True)
    if not options.no_peers:
        for name in missing():
            print(f"{name} is not installed, and was not asked (scripts/setup peers).")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=f"Figures of 'drover plan' on synthetic clusters, and on the instances of the folder in ${FOLDER}.",
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only cases whose name contains this"
    )
    parser.add_argument(
        "--limit", type=float, default=120, metavar="S", help="seconds after which a run is ended"
    )
    parser.add_argument("--no-peers", action="store_true", help="only Drover")
    return parser.parse_args()


def _line(cells: Mapping[str, str]) -> str:
    """Return a row; text to the left, figures to the right."""
    parts = []
    for name, width in COLUMNS.items():
        cell = cells.get(name, "")
        parts.append(cell.ljust(width) if name in ("case", "by", "replay") else cell.rjust(width))
    return "  ".join(parts).rstrip()


def _start() -> Cells:
    return {"case": "start-up (drover --help)", "by": "drover", **_taken(drover.start())}


def _rows(case: Case, peers: Iterable[Peer], limit_s: float) -> Iterator[Cells]:
    """Return a case's rows: before, what no placement can go below, Drover, peers."""
    facts = case.load()
    bounds = _bounds(case, facts)
    yield {"case": case.name, "by": "before", **_quality(case, facts, here(facts)), **bounds}
    if case.goal == "balance":
        memory, vcpus = deviation_bounds(facts)
        yield {"case": case.name, "by": "bound", "sd": f"{memory:.2f}", "sd ": f"{vcpus:.2f}"}
    yield {"case": case.name, "by": "drover", **_by_drover(case, facts, limit_s)}
    for peer in peers:
        if (answer := ask(peer, case, facts, limit_s)) is not None:
            measured, placement = answer
            quality = (
                _quality(case, facts, placement) if placement else {"replay": _ending(measured)}
            )
            yield {"case": case.name, "by": peer.name, **_taken(measured), **quality}


def _bounds(case: Case, facts: Facts) -> Cells:
    """Return what no plan can go below, shown in the row of what is."""
    if case.goal == "consolidate":
        least = host_bound(facts)
        return {"hosts": f">= {least}", "moves": f">= {moves_bound(facts, least)}"}
    if case.goal == "evacuate":
        emptied = set(case.hosts(facts))
        return {"moves": f">= {sum(domain['host'] in emptied for domain in facts['domains'])}"}
    return {"moves": ""}


def _by_drover(case: Case, facts: Facts, limit_s: float) -> Cells:
    with tempfile.TemporaryDirectory() as folder:
        measured, plan = drover.plan(case, facts, Path(folder), limit_s)
    if plan is None:
        return {**_taken(measured), "replay": _ending(measured)}
    found = list(faults(facts, plan))
    bound = plan["makespan_bound_s"]
    return {
        **_taken(measured),
        **_quality(case, facts, plan["placement"]),
        "gap": "proved" if plan["status"] == "optimal" else f"{plan['gap']:.2%}",
        "order": f"{plan['makespan_s'] / bound:.3f}" if bound else "-",
        "replay": found[0] if found else "ok",
    }


def _taken(measured: Measurement) -> Cells:
    return {
        "wall s": f"{measured.wall_s:.2f}",
        "cpu s": f"{measured.cpu_s:.2f}",
        "MiB": f"{measured.rss_mib:.0f}",
    }


def _quality(case: Case, facts: Facts, placement: Mapping[str, str]) -> Cells:
    quality = evaluate(facts, placement, case.hosts(facts))
    return {
        "hosts": str(quality.used),
        "moves": str(quality.moves),
        "GiB": f"{quality.moved_gib:.0f}",
        "mem max": f"{quality.memory_max:.1f}",
        "sd": f"{quality.memory_sd:.2f}",
        "cpu max": f"{quality.vcpus_max:.1f}",
        "sd ": f"{quality.vcpus_sd:.2f}",
        "replay": f"{quality.over} hosts over their limit" if quality.over else "",
    }


def _ending(measured: Measurement) -> str:
    """Say in a line why there is no result."""
    if measured.code < 0:
        return "ended at the time limit"
    last = measured.output.strip().splitlines()
    return last[-1] if last else f"exit code {measured.code}"


if __name__ == "__main__":
    sys.exit(main())
