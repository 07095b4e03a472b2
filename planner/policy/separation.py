# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of VMs that must not share a host with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Violation
from .zones import zone_of


@dataclass(frozen=True, kw_only=True)
class Separation(Rule):
    """No host (or rack) carries VMs of more than one of ``groups``; VMs of the same group may share one.

    ``domains`` are the VMs of all groups.
    """

    kind: ClassVar[str] = "separation"

    groups: tuple[tuple[str, ...], ...]
    across: str | None = None

    def zone(self, snapshot: ClusterSnapshot, host: str) -> str:
        """Return what the groups must not share, for a host."""
        return zone_of(snapshot, host, self.across)

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Count for each zone the groups beyond the first."""
        present = self._present(snapshot, {name: (host,) for name, host in placement.items()})
        return tuple(
            Violation(
                policy=self.name,
                subjects=(zone,),
                amount=len(numbers) - 1,
                sentence=f"{self.name} keeps its groups apart, but {len(numbers)} of them are on {zone}.",
            )
            for zone, numbers in sorted(present.items())
            if len(numbers) > 1
        )

    def amount_during(
        self, snapshot: ClusterSnapshot, ends: Mapping[str, tuple[str, ...]]
    ) -> float:
        """Count the groups beyond the first, where a VM is in the zones of both its ends."""
        return sum(len(numbers) - 1 for numbers in self._present(snapshot, ends).values())

    def _present(
        self, snapshot: ClusterSnapshot, ends: Mapping[str, tuple[str, ...]]
    ) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for number, group in enumerate(self.groups):
            for name in group:
                for host in ends.get(name, ()):
                    found.setdefault(self.zone(snapshot, host), set()).add(number)
        return found
