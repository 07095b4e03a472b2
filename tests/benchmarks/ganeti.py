# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ganeti's hbal and hsqueeze (Debian's ganeti-htools) on the same clusters.

They minimise Ganeti's own score. Dynamic load is left out, vCPUs are hard, disks are shared, and Ganeti's own disk and
instance limits are out of the way, so that only placement is compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Measurement, run

Facts = Mapping[str, Any]
Result = tuple[Measurement, dict[str, str]]
"""What a run took, and the placement (empty if there is none)."""

GROUP = "one|uuid-one|preferred||"
POLICY = "|1024,1,1024,1,1,1|1,1,1,1,1,1;9999999,999,9999999,16,99,99|ext|1.0|999.0"


def state(facts: Facts) -> str:
    """Return a cluster in Ganeti's text format."""
    used: dict[str, int] = {}
    for domain in facts["domains"]:
        used[domain["host"]] = used.get(domain["host"], 0) + domain["memory_mib"]
    nodes = [_node(host, used.get(host["name"], 0)) for host in facts["hosts"]]
    instances = [_instance(domain) for domain in facts["domains"]]
    return "\n".join([GROUP, "", *nodes, "", *instances, "", "", POLICY, "one" + POLICY]) + "\n"


def _node(host: Mapping[str, Any], used_mib: int) -> str:
    free = host["memory_mib"] - used_mib
    return f"{host['name']}|{host['memory_mib']}|0|{free}|1000000|1000000|{host['vcpus']}|N|uuid-one|1||N|0|0|1.0"


def _instance(domain: Mapping[str, Any]) -> str:
    return f"{domain['name']}|{domain['memory_mib']}|0|{domain['vcpus']}|running|Y|{domain['host']}||ext||1|0|N"


def available() -> bool:
    """Tell whether ganeti-htools is installed."""
    return shutil.which("hbal") is not None and shutil.which("hsqueeze") is not None


def hbal(facts: Facts, folder: Path, limit_s: float) -> Result:
    """Balance; return what it took and the placement."""
    return _hbal(facts, folder, limit_s, ())


def hbal_evacuation(facts: Facts, hosts: Sequence[str], folder: Path, limit_s: float) -> Result:
    """Evacuate hosts (``hbal -E``, the hosts marked as offline)."""
    return _hbal(
        facts, folder, limit_s, ["-E", *(option for host in hosts for option in ("-O", host))]
    )


def _hbal(facts: Facts, folder: Path, limit_s: float, more: Iterable[str]) -> Result:
    data, saved = folder / "cluster.data", folder / "after"
    data.write_text(state(facts), encoding="utf-8")
    command = [
        "hbal",
        "-t",
        str(data),
        "--ignore-dynu",
        "--max-cpu",
        "1.0",
        "-S",
        str(saved),
        *more,
    ]
    measured = run(command, limit_s)
    return measured, placement(folder / "after.balanced")


def hsqueeze(facts: Facts, folder: Path, limit_s: float) -> Result:
    """Consolidate; return what it took and the placement."""
    data, saved = folder / "cluster.data", folder / "after"
    data.write_text(state(facts), encoding="utf-8")
    command = [
        "hsqueeze",
        "-t",
        str(data),
        "--minimal-resources",
        "0",
        "--target-resources",
        "0",
        "-S",
        str(saved),
    ]
    measured = run(command, limit_s)
    return measured, placement(folder / "after.squeezed")


def placement(saved: Path) -> dict[str, str]:
    """Read the placement from a state that htools saved; empty if there is none."""
    if not saved.exists():
        return {}
    sections = saved.read_text(encoding="utf-8").split("\n\n")
    rows = [line.split("|") for line in sections[2].splitlines()]
    return {row[0]: row[6] for row in rows if len(row) > 6}
