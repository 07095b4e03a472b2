# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances for benchmarks: synthetic clusters of any size, and the project's instance files converted at run time.

The sizes are those that public clouds sell most (many small VMs, few large ones); hosts have 40 threads and 90 GiB. A VM arrives,
is placed, and some leave again, as in a cluster that has been alive for a while.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

HOST_VCPUS, HOST_MIB = 40, 92_160

SHAPES = (
    (1, 1, 120), (1, 2, 700), (1, 4, 5), (2, 4, 30), (2, 8, 70), (4, 8, 45), (4, 16, 5), (8, 16, 12), (8, 32, 2),
)  # fmt: skip
"""vCPUs, GiB and how often."""

POLICY = {"capacity": {"vcpu_overcommit": 1.0, "memory_overcommit": 1.0}, "headroom": {"cpu": 0, "memory": 0}}
"""vCPUs are hard, and hosts may be filled to the brim: what the other tools in the comparison assume."""


def synthetic(hosts: int, domains: int, *, seed: int = 1, first_fit: bool = False) -> Facts:
    """Return facts of a cluster whose VMs were placed on the emptiest host, or on the first one with room."""
    chance = random.Random(seed)
    used = [[0, 0] for _ in range(hosts)]
    placed: dict[int, tuple[int, int, int]] = {}
    shapes, weights = [shape[:2] for shape in SHAPES], [shape[2] for shape in SHAPES]
    number = 0
    while len(placed) < domains:
        vcpus, gib = chance.choices(shapes, weights)[0]
        host = _choose(used, vcpus, gib * 1024, first_fit)
        placed[number] = (host, vcpus, gib * 1024)
        used[host][0] += vcpus
        used[host][1] += gib * 1024
        number += 1
        if len(placed) > domains // 4 and chance.random() < 0.45:
            gone = chance.choice(list(placed)) if number % 7 == 0 else next(iter(placed))
            host, vcpus, mib = placed.pop(gone)
            used[host][0] -= vcpus
            used[host][1] -= mib
    return {
        "hosts": [{"name": f"n{i:04d}", "vcpus": HOST_VCPUS, "memory_mib": HOST_MIB} for i in range(hosts)],
        "domains": [
            {
                "name": f"vm{index:05d}",
                "host": f"n{host:04d}",
                "vcpus": vcpus,
                "memory_mib": mib,
                "cpu_usage": round(vcpus * min(1.0, chance.expovariate(8)), 4),
            }
            for index, (host, vcpus, mib) in enumerate(placed.values())
        ],
    }


def _choose(used: list[list[int]], vcpus: int, mib: int, first_fit: bool) -> int:
    fitting = [i for i, (c, m) in enumerate(used) if c + vcpus <= HOST_VCPUS and m + mib <= HOST_MIB]
    return fitting[0] if first_fit else min(fitting, key=lambda i: (used[i][1], i))


def converted(path: Path) -> Facts:
    """Return the facts of an instance file: nodes with cpu and mem, vms with node, cpu, mem and cpu_usage."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        "hosts": [{"name": n["name"], "vcpus": n["cpu"], "memory_mib": n["mem"]} for n in document["nodes"]],
        "domains": [
            {
                "name": v["name"],
                "host": v["node"],
                "vcpus": v["cpu"],
                "memory_mib": v["mem"],
                "cpu_usage": v["cpu_usage"],
            }
            for v in document["vms"]
        ],
    }
