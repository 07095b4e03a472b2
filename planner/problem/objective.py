# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement is worth, computed from it alone and in seconds; less is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..cluster.placement import Placement
from ..goal.base import Goal, Term
from ..policy.policies import Policies
from .room import Room


@dataclass(frozen=True, kw_only=True)
class Objective:
    """The objective of a placement, as a sum of terms.

    Attributes
    ----------
    transfer_s
        Predicted seconds of transfer per VM.
    peace_at
        What time it is, where VMs that have just moved cost more.
    """

    policies: Policies
    goal: Goal
    room: Room
    transfer_s: Mapping[str, float]
    peace_at: datetime | None

    def value_s(self, placement: Placement) -> float:
        """Return the objective of a placement; less is better."""
        return round(sum(term.value * term.weight_s for term in self.terms(placement)), 3)

    def terms(self, placement: Placement) -> tuple[Term, ...]:
        """Return the parts of the objective of a placement, computed from it alone."""
        moved = self.room.snapshot.placement.moves_to(placement)
        cost = round(sum(self.cost_s(domain) for domain in moved), 3)
        return (
            *self.goal.terms(self.room.snapshot, self.room.limits, placement),
            *self._broken(placement),
            Term(name="migration cost", unit="s", value=cost, weight_s=1.0),
            Term(
                name="preferences not kept",
                unit="s",
                value=self.preference_s(placement),
                weight_s=1.0,
            ),
            Term(name="migrations", unit="migrations", value=len(moved)),
        )

    def cost_s(self, domain: str) -> float:
        """Return what moving a VM costs: a fixed part, the transfer, and more for a higher priority."""
        weight = 1 + max(0, self.room.snapshot.domains[domain].priority)
        own_s = (self.policies.per_migration_s + self.transfer_s[domain]) * weight
        return round(own_s + self.cooldown_s(domain), 3)

    def cooldown_s(self, domain: str) -> float:
        """Return what it costs more to move a VM because it has just moved."""
        if self.peace_at is None:
            return 0.0
        return self.policies.cooldown.extra_s(self.room.snapshot.domains[domain], self.peace_at)

    def preference_s(self, placement: Mapping[str, str]) -> float:
        """Return what the violations of preferred rules are worth, in seconds."""
        preferred = [rule for rule in self.policies.rules if not rule.is_firm]
        return sum(rule.weight * rule.amount(self.room.snapshot, placement) for rule in preferred)

    def _broken(self, placement: Mapping[str, str]) -> tuple[Term, ...]:
        """Return how much of the firm rules and limits is broken, for a goal that repairs them."""
        if not self.goal.repair_s:
            return ()
        firm = [rule for rule in self.policies.rules if rule.is_firm]
        amount = sum(rule.amount(self.room.snapshot, placement) for rule in firm)
        amount += self.room.excess(placement)
        return (
            Term(
                name="policies broken",
                unit="violations",
                value=round(amount, 9),
                weight_s=self.goal.repair_s,
            ),
        )
