# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Balance with proxlb-solver; runs in its own environment (``scripts/setup peers``), where nothing of this project is.

``.venv-peers/proxlb-solver/bin/python tests/benchmarks/by_proxlb.py FACTS OUT SECONDS`` writes the placement.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from proxlb_solver import VM, Balancing, Cluster, Constraints, Node, solve
from proxlb_solver.models import Expect

MIB = 1024 * 1024


def main(facts: str, out: str, limit_s: str) -> None:
    """Read facts, balance by the memory and vCPUs that are assigned, and write the placement if there is one."""
    read = json.loads(Path(facts).read_text(encoding="utf-8"))
    nodes = [
        Node(name=h["name"], cpu_total=h["vcpus"], memory_total=h["memory_mib"] * MIB)
        for h in read["hosts"]
    ]
    vms = [
        VM(name=d["name"], node=d["host"], cpu=d["vcpus"], memory=d["memory_mib"] * MIB)
        for d in read["domains"]
    ]
    balancing = Balancing(method="memory", mode="assigned", balanciness=5, cpu_overcommit=1.0)
    cluster = Cluster(
        name="bench",
        description="",
        balancing=balancing,
        nodes=nodes,
        vms=vms,
        constraints=Constraints(),
        expect=Expect(),
    )
    solution = solve(cluster, time_limit_s=float(limit_s))
    if solution.feasible:
        Path(out).write_text(json.dumps(solution.placements), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
