# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that may run only on certain hosts, or never there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Violation


@dataclass(frozen=True, kw_only=True)
class HostAffinity(Rule):
    """These VMs run only on ``hosts`` (``allow``), or never on them (not ``allow``)."""

    kind: ClassVar[str] = "host_affinity"

    hosts: frozenset[str]
    allow: bool = True

    def permits(self, host: str) -> bool:
        """Tell whether its VMs may run on this host."""
        return (host in self.hosts) is self.allow

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Name every VM on a wrong host."""
        verb = "does not allow" if self.allow else "forbids"
        return tuple(
            Violation(
                policy=self.name,
                subjects=(domain, placement[domain]),
                amount=1,
                sentence=f"{self.name} {verb} {domain} on {placement[domain]}.",
            )
            for domain in self.members(placement)
            if not self.permits(placement[domain])
        )
