# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simple way to consolidate: one host after the other is emptied, best-fit, if all of its VMs fit elsewhere.

``python -m tests.benchmarks.greedy FACTS OUT load|count`` writes the placement: hosts by their load, or by the number
of their VMs. No plan of Drover's may be worse.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Measurement, run

Facts = Mapping[str, Any]
Order = Callable[[float, int], float]
"""Ranks a host by its load and the number of its VMs."""

ORDERS: dict[str, Order] = {
    "load": lambda load, _count: load,
    "count": lambda _load, count: float(count),
}


def greedy(facts: Facts, order: Order) -> dict[str, str]:
    """Empty host after host, best-fit, each only if all of it fits; return the placement."""
    room = {h["name"]: [h["memory_mib"], h["vcpus"]] for h in facts["hosts"]}
    size = {name: list(room[name]) for name in room}
    on: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for vm in facts["domains"]:
        on[vm["host"]].append((vm["memory_mib"], vm["vcpus"], vm["name"]))
        room[vm["host"]][0] -= vm["memory_mib"]
        room[vm["host"]][1] -= vm["vcpus"]

    def load(name: str) -> float:
        return max(1 - room[name][r] / size[name][r] for r in (0, 1))

    for name in sorted(on, key=lambda n: (order(load(n), len(on[n])), n)):
        trial = {n: list(room[n]) for n in on if n != name and on[n]}
        placed: list[tuple[tuple[int, int, str], str]] = []
        for vm in sorted(on[name], reverse=True):
            fitting = [n for n, r in trial.items() if r[0] >= vm[0] and r[1] >= vm[1]]
            if not fitting:
                break
            best = min(fitting, key=lambda n: (trial[n][0] - vm[0], n))
            trial[best][0] -= vm[0]
            trial[best][1] -= vm[1]
            placed.append((vm, best))
        if len(placed) == len(on[name]):
            room.update(trial)
            on[name] = []
            for vm, best in placed:
                on[best].append(vm)
    return {vm[2]: name for name, vms in on.items() for vm in vms}


def ask(
    facts: Facts, order: str, folder: Path, limit_s: float
) -> tuple[Measurement, dict[str, str]]:
    """Consolidate in a process of its own; return what it took and the placement."""
    written, found = folder / "facts.json", folder / "placement.json"
    written.write_text(json.dumps(facts), encoding="utf-8")
    measured = run(
        [sys.executable, "-m", "tests.benchmarks.greedy", str(written), str(found), order], limit_s
    )
    return measured, json.loads(found.read_text(encoding="utf-8")) if found.exists() else {}


def main(facts: str, out: str, order: str) -> None:
    """Read facts, write the placement."""
    read = json.loads(Path(facts).read_text(encoding="utf-8"))
    Path(out).write_text(json.dumps(greedy(read, ORDERS[order])), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
