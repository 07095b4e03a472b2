# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many more VMs of a shape fit, with and without spare hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..cluster.domain import Domain
from ..cluster.resources import RESOURCE_NAMES, Resources
from ..errors import InputError
from ..policy.spare_hosts import SpareHosts
from ..problem.problem import Problem

MOST = 100_000
"""A shape of next to nothing would fit without end."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How many more VMs of a shape fit without moving any other.

    Attributes
    ----------
    per_host
        Host to the number that fits there.
    with_spare
        How many fit so that the spare hosts stay spare; ``None`` where no spare host is asked for.
    bottleneck
        Per host what is short first.
    """

    per_host: Mapping[str, int]
    with_spare: int | None
    spare: int
    bottleneck: Mapping[str, str]

    @property
    def total(self) -> int:
        """How many fit in all."""
        return sum(self.per_host.values())


def room_for(problem: Problem, shape: Resources, spare: int | None = None) -> Room:
    """Count the VMs of a shape that still fit.

    Parameters
    ----------
    spare
        Hosts that may fail; the policy's, if not given.

    Raises
    ------
    InputError
        An amount or the number of hosts is less than nothing.
    """
    if not all(amount >= 0 for amount in (*shape, spare or 0)):
        raise InputError("What a VM takes and the hosts that may fail cannot be less than nothing.")
    open_hosts = [n for n, h in problem.snapshot.hosts.items() if h.is_up and not h.maintenance]
    counts, bottleneck = {}, {}
    for name in open_hosts:
        free = problem.room.limits[name].minus(problem.room.loads[name])
        fits = {
            key: int((left + 1e-6) // need) if left > 0 else 0
            for key, left, need in zip(Resources._fields, free, shape, strict=True)
            if need > 0
        }
        least = min(fits, key=lambda key: (fits[key], key)) if fits else ""
        counts[name] = min(MOST, fits[least]) if fits else MOST
        bottleneck[name] = RESOURCE_NAMES[least][0] if least else ""
    count = problem.policies.spare_hosts.count if spare is None else spare
    with_spare = _with_spare(problem, shape, counts, count) if count else None
    return Room(per_host=counts, with_spare=with_spare, spare=count, bottleneck=bottleneck)


def _with_spare(problem: Problem, shape: Resources, counts: Mapping[str, int], spare: int) -> int:
    """Find by bisection the greatest number that survives every simulated failure; fewer always do if more do."""
    low, high = 0, min(sum(counts.values()), MOST)
    if _survives(problem, shape, counts, spare, high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if _survives(problem, shape, counts, spare, middle):
            low = middle
        else:
            high = middle
    return low


def _survives(
    problem: Problem, shape: Resources, counts: Mapping[str, int], spare: int, number: int
) -> bool:
    """Put this many VMs on the emptiest hosts, and let hosts fail."""
    snapshot = problem.snapshot
    left = dict(counts)
    loads = {name: problem.room.loads[name].memory_mib for name in counts}
    more: dict[str, Domain] = {}
    for index in range(number):
        host = min((n for n in left if left[n] > 0), key=lambda n: (loads[n], n))
        left[host] -= 1
        loads[host] += shape.memory_mib
        name = f"new VM {index + 1}"
        more[name] = Domain(
            name=name,
            host=host,
            vcpus=int(shape.vcpus),
            memory_mib=int(shape.memory_mib),
            cpu_usage=shape.cpu_usage,
        )
    grown = replace(snapshot, domains={**snapshot.domains, **more})
    wider = replace(
        problem,
        snapshot=grown,
        policies=replace(problem.policies, spare_hosts=SpareHosts(count=spare)),
    )
    return not wider.spare.stranded(grown.placement)
