# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the solver: what is, what must hold, what we want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from ..cluster.snapshot import ClusterSnapshot
from ..goal.base import Goal
from ..policy.base import Strictness, Violation
from ..policy.policies import Policies
from ..policy.time_frame import TimeFrame
from .objective import Objective
from .room import Room
from .spare import Spare
from .time import Time
from .ways import Ways


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything a placement is judged by; what follows from it is told by C(room), C(ways), C(spare), C(time) and
    C(objective), each of which answers one question.

    Attributes
    ----------
    transfer_s
        Predicted seconds of transfer per VM.
    setup_s
        What a migration takes beside the transfer.
    forbidden
        Pairs of VM and host that turned out to have no order of migrations.
    asked
        The goal document, for later readers of the plan.
    now
        What time it is, where that is told.
    frame
        Until when the migrations may run; ``None`` where no clock limits them.
    late
        VMs whose windows turned out to close too early for any migration found, with the reason.
    pace
        The share of the time there is that a placement may need by its sums: less than all of it, where the
        order of another placement turned out to take too long.
    """

    snapshot: ClusterSnapshot
    policies: Policies
    goal: Goal
    transfer_s: Mapping[str, float]
    setup_s: float = 0.0
    forbidden: frozenset[tuple[str, str]] = field(default=frozenset())
    asked: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None
    frame: TimeFrame | None = None
    late: Mapping[str, str] = field(default_factory=dict)
    pace: float = 1.0

    @cached_property
    def room(self) -> Room:
        """How much hosts carry and may carry."""
        return Room(self.snapshot, self.policies.capacity)

    @cached_property
    def ways(self) -> Ways:
        """Where each VM may go."""
        return Ways(
            snapshot=self.snapshot,
            policies=self.policies,
            goal=self.goal,
            limits=self.room.limits,
            forbidden=self.forbidden,
            late=self.late,
            peace_at=self.peace_at,
        )

    @cached_property
    def spare(self) -> Spare:
        """Which failures of hosts leave VMs without a place."""
        return Spare(self.policies, self.goal, self.room, self.ways)

    @cached_property
    def time(self) -> Time:
        """How long the migrations may take, and how long they take."""
        return Time(
            snapshot=self.snapshot,
            policies=self.policies,
            frame=self.frame,
            setup_s=self.setup_s,
            transfer_s=self.transfer_s,
        )

    @cached_property
    def objective(self) -> Objective:
        """What a placement is worth."""
        return Objective(
            policies=self.policies,
            goal=self.goal,
            room=self.room,
            transfer_s=self.transfer_s,
            peace_at=self.peace_at,
        )

    @property
    def peace_at(self) -> datetime | None:
        """What time it is, if that is told and the goal owes peace to VMs that have just moved."""
        return self.now if self.goal.follows_load else None

    def without_totals(self) -> Problem:
        """Return the same problem without the limits of a plan in all."""
        limits = self.policies.limits.without_totals()
        return replace(self, policies=replace(self.policies, limits=limits), frame=None)

    def required_broken(self, placement: Mapping[str, str]) -> Violation | None:
        """Return how a placement breaks a required rule; ``None`` if it breaks none."""
        required = [r for r in self.policies.rules if r.strictness is Strictness.REQUIRED]
        found = (v for rule in required for v in rule.violations(self.snapshot, placement))
        return next(found, None)

    def keeps_rules(self, placement: Mapping[str, str]) -> bool:
        """Tell whether a placement breaks no firm rule more than it may."""
        return all(
            rule.amount(self.snapshot, placement) <= rule.tolerated(self.snapshot)
            for rule in self.policies.rules
            if rule.is_firm
        )
