# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs whose software is licensed by host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Violation, count_per_host


@dataclass(frozen=True, kw_only=True)
class Licence(Rule):
    """These VMs together run on at most ``at_most_hosts`` hosts, whichever these are."""

    kind: ClassVar[str] = "licence"

    at_most_hosts: int

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Count the hosts in use beyond the number licensed."""
        used = sorted(count_per_host(self.domains, placement))
        over = len(used) - self.at_most_hosts
        if over <= 0:
            return ()
        return (
            Violation(
                policy=self.name,
                subjects=tuple(used),
                amount=over,
                sentence=f"{self.name} is licensed for {self.at_most_hosts} hosts, "
                f"but its VMs run on {', '.join(used)}.",
            ),
        )
