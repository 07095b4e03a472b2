# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Violation, count_per_host


@dataclass(frozen=True, kw_only=True)
class Affinity(Rule):
    """All these VMs run on the same host.

    A migration takes time, so VMs that move together are apart meanwhile: this rule is about the end only.
    """

    kind: ClassVar[str] = "affinity"

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Count the hosts in use beyond the first."""
        used = count_per_host(self.domains, placement)
        if len(used) <= 1:
            return ()
        where = ", ".join(
            f"{' and '.join(names)} on {host}" for host, names in sorted(used.items())
        )
        sentence = f"{self.name} wants {', '.join(self.members(placement))} together, but {where}."
        return (
            Violation(
                policy=self.name,
                subjects=tuple(self.members(placement)),
                amount=len(used) - 1,
                sentence=sentence,
            ),
        )
