# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that nothing moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Strictness, Violation


@dataclass(frozen=True, kw_only=True)
class Stay(Rule):
    """These VMs stay where they are: nothing plans a migration for them, whatever the goal.

    Preferred, it makes their migrations dearer by its weight.
    """

    kind: ClassVar[str] = "stay"

    strictness: Strictness = Strictness.REQUIRED

    @property
    def binds(self) -> bool:
        """Tell whether the rule keeps its VMs where they are now."""
        return True

    @property
    def reason(self) -> str:
        """Say why its VMs stay, and what to do about it."""
        return f"the {self.title} keeps it there; take it out of the rule"

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Name every VM that is not where it is now."""
        return self.moved(snapshot, placement)

    def moved(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Return a violation for every VM that is not where it is now."""
        return tuple(
            Violation(
                policy=self.name,
                subjects=(domain,),
                amount=1,
                sentence=f"{self.name} wants {domain} to stay on {snapshot.placement[domain]}.",
            )
            for domain in self.members(placement)
            if placement[domain] != snapshot.placement[domain]
        )
