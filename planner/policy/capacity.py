# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a host may give out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor

from ..cluster.host import Host
from ..cluster.resources import Resources, in_words
from ..cluster.snapshot import ClusterSnapshot
from .base import Violation
from .headroom import Headroom


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What may be given out, as a multiple of what there is.

    The defaults are meant to be safe without anybody's thinking: memory is never promised twice, because a host
    short of memory kills VMs; four vCPUs share a thread, a ratio that general-purpose clusters run at without
    waiting times that anybody notices, while the busy CPU, which is limited to the threads there are,
    catches the others.
    """

    vcpu_overcommit: float = 4.0
    memory_overcommit: float = 1.0
    headroom: Headroom = field(default_factory=Headroom)

    def limit(self, host: Host) -> Resources:
        """Return the most that the VMs of a host may take: memory, vCPUs, busy CPU.

        Memory: ``(memory - kept - huge pages) x overcommit x (1 - headroom)``. What is kept is the reserve, or what the
        host uses beside its VMs, where that is more. With 16384 MiB, nothing kept, no huge pages, no overcommit and
        5 % headroom: 15564 MiB.
        """
        kept = host.kept
        memory = (
            host.memory_mib - kept.memory_mib - host.memory_in_pages_mib
        ) * self.memory_overcommit
        return Resources(
            max(0, floor(memory * (1 - self.headroom.memory) + 1e-6)),
            max(0.0, host.vcpus - host.cpus_reserved)
            * self.vcpu_overcommit
            * (1 - self.headroom.cpu),
            max(0.0, host.vcpus * (1 - self.headroom.cpu) - kept.cpu_usage),
        )

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Name every host and resource above its limit."""
        found = []
        for name, load in snapshot.loads(placement).items():
            limit = self.limit(snapshot.hosts[name])
            for key, used, most in zip(Resources._fields, load, limit, strict=True):
                if used > most + 1e-6:
                    found.append(_over(name, key, used, most))
        return tuple(found)


def _over(host: str, key: str, used: float, most: float) -> Violation:
    return Violation(
        policy="capacity",
        subjects=(host, key),
        amount=used - most,
        sentence=f"{host} carries {in_words(key, used)}, more than its limit of {most:g}.",
    )
