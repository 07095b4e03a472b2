# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters for benchmarks: synthetic ones of any size, and instance files turned into facts at run time.

The synthetic ones have the sizes that public clouds sell most (many small VMs, few large ones) on hosts of 40 threads
and 90 GiB; the resampled ones have the sizes of an instance file, as often as there. Tenants arrive, each with some VMs
of one size, until the cluster is nearly full; then tenants leave until the wanted number of VMs is left. That leaves
hosts as uneven as those of real traces.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planner.importers.instance import from_instance
from planner.importers.source import Source

Facts = dict[str, Any]

HOST_VCPUS, HOST_MIB = 40, 92_160

SHAPES = (
    (1, 1, 120), (1, 2, 700), (1, 4, 5), (2, 4, 30), (2, 8, 70), (4, 8, 45), (4, 16, 5), (8, 16, 12), (8, 32, 2),
)  # fmt: skip
"""vCPUs, GiB and how often."""

POLICY = {
    "capacity": {"vcpu_overcommit": 1.0, "memory_overcommit": 1.0},
    "headroom": {"cpu": 0, "memory": 0},
    "limits": {"per_host": 2},
}
"""Hard vCPUs and no headroom, as the peers assume; two migrations of a host at a time, as the table of figures says."""

FULL = 0.85
"""Part of the memory or of the vCPUs that is given out when tenants stop arriving."""

MORE = 0.8
"""Chance that a tenant has one VM more."""

TIGHT_MIB = (2048, 4096, 8192, 16_384, 32_768)
"""Memory of the VMs of tight clusters."""

Shape = tuple[int, int]
"""vCPUs and MiB."""

Vm = tuple[int, int, Shape]
"""Tenant, host and shape."""


class _Hosts:
    """What each host has given out."""

    def __init__(self, count: int) -> None:
        self.vcpus = [0] * count
        self.mib = [0] * count

    def add(self, host: int, shape: Shape) -> None:
        self.vcpus[host] += shape[0]
        self.mib[host] += shape[1]

    def is_full(self) -> bool:
        """Tell whether no more tenants come."""
        most = FULL * len(self.vcpus)
        return sum(self.vcpus) >= most * HOST_VCPUS or sum(self.mib) >= most * HOST_MIB

    def choose(self, shape: Shape, first_fit: bool) -> int | None:
        """Return the first host with room, or the one with the least memory given out; ``None`` if there is no room."""
        vcpus, mib = HOST_VCPUS - shape[0], HOST_MIB - shape[1]
        used = enumerate(zip(self.vcpus, self.mib, strict=True))
        fitting = (i for i, (c, m) in used if c <= vcpus and m <= mib)
        return (
            next(fitting, None)
            if first_fit
            else min(fitting, key=self.mib.__getitem__, default=None)
        )


def synthetic(hosts: int, domains: int, *, seed: int = 1, first_fit: bool = False) -> Facts:
    """Return facts of a cluster whose VMs were placed on the first host with room, or on the emptiest one.

    Raises
    ------
    ValueError
        This many VMs do not fit.
    """
    shapes = [(vcpus, gib * 1024) for vcpus, gib, _often in SHAPES]
    return _cluster(hosts, domains, seed, first_fit, shapes, [often for *_size, often in SHAPES])


def resampled(
    path: Path, hosts: int, domains: int, *, seed: int = 1, first_fit: bool = False
) -> Facts:
    """Return facts of a cluster of another size with VMs of the sizes in an instance file.

    Raises
    ------
    ValueError
        This many VMs do not fit.
    """
    sizes = Counter((d["vcpus"], d["memory_mib"]) for d in converted(path)["domains"])
    return _cluster(hosts, domains, seed, first_fit, list(sizes), list(sizes.values()))


def _cluster(
    hosts: int,
    domains: int,
    seed: int,
    first_fit: bool,
    shapes: Sequence[Shape],
    weights: Sequence[int],
) -> Facts:
    chance = random.Random(seed)
    arrived = _arrivals(chance, _Hosts(hosts), first_fit, shapes, weights)
    if len(arrived) < domains:
        raise ValueError(
            f"{hosts} hosts are full with {len(arrived)} VMs; ask for no more than that"
        )
    left = _departures(chance, arrived, domains)
    return {
        "hosts": [
            {"name": f"n{i:04d}", "vcpus": HOST_VCPUS, "memory_mib": HOST_MIB} for i in range(hosts)
        ],
        "domains": [_domain(chance, number, *vm[1:]) for number, vm in enumerate(left)],
    }


def _arrivals(
    chance: random.Random,
    given: _Hosts,
    first_fit: bool,
    shapes: Sequence[Shape],
    weights: Sequence[int],
) -> list[Vm]:
    """Let tenants come until the cluster is nearly full."""
    arrived: list[Vm] = []
    tenant = 0
    while not given.is_full():
        tenant += 1
        shape = chance.choices(shapes, weights)[0]
        while (host := given.choose(shape, first_fit)) is not None:
            given.add(host, shape)
            arrived.append((tenant, host, shape))
            if chance.random() > MORE:
                break
    return arrived


def _departures(chance: random.Random, arrived: list[Vm], domains: int) -> list[Vm]:
    """Let tenants go, in no order, until this many VMs are left; of the last one only some go."""
    tenants = sorted({vm[0] for vm in arrived})
    chance.shuffle(tenants)
    turn = {tenant: number for number, tenant in enumerate(tenants)}
    by_turn = sorted(range(len(arrived)), key=lambda index: (turn[arrived[index][0]], index))
    return [arrived[index] for index in sorted(by_turn[len(arrived) - domains :])]


def shrunk(hosts: int, domains: int, *, seed: int = 1, less_mib: int = 5000) -> Facts:
    """Return facts of an uneven cluster whose fullest tenth of hosts has so much less memory than its VMs need."""
    facts = synthetic(hosts, domains, seed=seed, first_fit=True)
    memory: Counter[str] = Counter()
    for vm in facts["domains"]:
        memory[vm["host"]] += vm["memory_mib"]
    fullest = {name for name, _mib in memory.most_common(max(1, hosts // 10))}
    for entry in facts["hosts"]:
        if entry["name"] in fullest:
            entry["memory_mib"] = memory[entry["name"]] - less_mib
    return facts


def tight(hosts: int, full: float, *, seed: int = 1) -> Facts:
    """Return facts of a cluster that is full to a part of the memory that is left without its first host.

    VMs of five sizes, each a double of another, on hosts of 256 GiB: room is left in small pieces.
    """
    chance = random.Random(seed)
    left = dict.fromkeys(range(hosts), 262_144)
    wanted = full * (hosts - 1) * 262_144
    vms: list[Vm] = []
    while wanted >= TIGHT_MIB[0]:
        fitting = [mib for mib in TIGHT_MIB if mib <= min(wanted, max(left.values()))]
        if not fitting:
            break
        mib = chance.choice(fitting)
        able = [host for host, free in left.items() if free >= mib]
        host = max(chance.sample(able, min(3, len(able))), key=left.__getitem__)
        left[host] -= mib
        wanted -= mib
        vms.append((0, host, (chance.choice((1, 2, 4)), mib)))
    return {
        "hosts": [{"name": f"n{i:04d}", "vcpus": 256, "memory_mib": 262_144} for i in range(hosts)],
        "domains": [_domain(chance, number, *vm[1:]) for number, vm in enumerate(vms)],
    }


def _domain(chance: random.Random, number: int, host: int, shape: Shape) -> dict[str, Any]:
    return {
        "name": f"vm{number:05d}",
        "host": f"n{host:04d}",
        "vcpus": shape[0],
        "memory_mib": shape[1],
        "cpu_usage": round(shape[0] * min(1.0, chance.expovariate(8)), 4),
    }


def converted(path: Path) -> Facts:
    """Return the facts of an instance file."""
    return from_instance(Source(str(path), path.read_text(encoding="utf-8"))).facts
