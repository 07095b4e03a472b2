# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair broken policies, and move nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Goal

REPAIR_S = 86_400.0
"""What one violation less is worth: a day of migrations."""


@dataclass(frozen=True, kw_only=True)
class Repair(Goal):
    """As few broken policies as possible, in as few migrations as that takes."""

    kind: ClassVar[str] = "repair"

    @property
    def repair_s(self) -> float:
        """Every violation less is worth this."""
        return REPAIR_S

    @property
    def may_do_nothing(self) -> bool:
        """The cluster works as it is."""
        return True

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Nothing can fall short: what cannot be repaired is named in the warnings."""
        return ()

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say what for."""
        return "repairs a broken policy, or makes room for that"

    def message(self, moves: int) -> str:
        """Say what is repaired."""
        if not moves:
            return "Nothing to do: no policy is broken."
        return (
            f"{moves} {'migration repairs' if moves == 1 else 'migrations repair'} broken policies."
        )
