# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data centre of CloudSim's power examples, as facts for ``drover simulate``.

``python -m tests.benchmarks.planetlab TRACES OUT`` writes OUT/facts.json and OUT/policy.json for a folder of PlanetLab
traces, one file per VM, which are not part of this project. 800 hosts and VMs of four kinds as in Beloglazov and
Buyya, "Optimal online deterministic algorithms and adaptive heuristics for energy and performance efficient dynamic
consolidation of virtual machines in cloud data centers", 2012, https://doi.org/10.1002/cpe.1867.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MIPS = 100
"""Instructions per second, in millions, of one unit of CPU in the facts: they count whole units only."""

HOSTS = 800
G4_W = (86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117)
G5_W = (93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135)
"""Watts at 0, 10, ... 100 % (SPECpower_ssj2008: HP ProLiant ML110 G4 and G5)."""

TAKES = {"boot_s": 120, "shutdown_s": 30}
"""Seconds; CloudSim's hosts take none."""

KINDS = {"g4": (2 * 1860, 65_536, G4_W), "g5": (2 * 2660, 65_536, G5_W)}
"""Per kind of host: MIPS of its two cores, memory in MiB, watts."""

SHAPES = ((2500, 870), (2000, 1740), (1000, 1740), (500, 613))
"""MIPS and memory in MiB of the four kinds of VMs, in equal parts."""

FAST = 1860
"""A VM has one vCPU, so one that is faster than a core of a G4 only runs on a G5."""

POLICY: dict[str, Any] = {
    "capacity": {"vcpu_overcommit": 100, "memory_overcommit": 1.0},
    "headroom": {"cpu": 0.1, "memory": 0},
    "limits": {"cluster": 400, "per_host": 2, "bandwidth_mib_s": 60},
    "rules": [
        {
            "type": "host_affinity",
            "name": "fast",
            "domains": "labels.core == 'fast'",
            "hosts": "labels.kind == 'g5'",
            "strictness": "required",
        }
    ],
    "power": {
        "wake_above": 1.0,
        "sleep_below": 0.83,
        "night": {
            "windows": [{"start": "00:00", "end": "00:00"}, {"start": "12:00", "end": "12:00"}]
        },
    },
}
"""Hosts are filled to 90 % of their CPU by what is used, not by what was promised; 0.5 Gbit/s for a migration, two at a
time. Hosts sleep all day long, for the windows overlap: as many as leave the others 83 % of that 90 % full together."""


def facts(traces: Sequence[str]) -> dict[str, Any]:
    """Return the data centre with a VM per trace, placed by what was promised, and all empty hosts asleep."""
    hosts = [_host(f"h{number:03d}", "g4" if number % 2 == 0 else "g5") for number in range(HOSTS)]
    # As CloudSim begins the day: each VM where it adds the least power, and a G5 does for its MIPS.
    room = {host["name"]: host["vcpus"] for host in hosts if host["labels"]["kind"] == "g5"}
    quarter = -(-len(traces) // len(SHAPES))
    domains = []
    for number, trace in enumerate(traces):
        mips, memory_mib = SHAPES[number // quarter]
        vcpus = mips // MIPS
        host = next(name for name in room if room[name] >= vcpus)
        room[host] -= vcpus
        vm = {"name": trace, "host": host, "vcpus": vcpus, "memory_mib": memory_mib}
        label = {"labels": {"core": "fast"}} if mips > FAST else {}
        domains.append({**vm, "cpu_usage": 0.0, **label})
    used = {domain["host"] for domain in domains}
    for host in hosts:
        host["state"] = "up" if host["name"] in used else "asleep"
    return {"hosts": hosts, "domains": domains}


def _host(name: str, kind: str) -> dict[str, Any]:
    mips, memory_mib, watts = KINDS[kind]
    power = {"idle_w": watts[0], "busy_w": watts[-1], "curve_w": list(watts), **TAKES}
    return {
        "name": name,
        "vcpus": mips // MIPS,
        "memory_mib": memory_mib,
        "labels": {"kind": kind},
        "power": power,
    }


def main(traces: str, out: str) -> None:
    """Write the facts and the policy."""
    Path(out).mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in Path(traces).iterdir() if path.is_file())
    for name, document in (("facts", facts(names)), ("policy", POLICY)):
        (Path(out) / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
