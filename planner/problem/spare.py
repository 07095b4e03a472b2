# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failures of hosts leave VMs without a place (N+k)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..goal.base import Goal
from ..policy.base import Violation
from ..policy.eligibility import Eligibility
from ..policy.policies import Policies
from .room import Room
from .ways import Ways


@dataclass(frozen=True)
class Spare:
    """The room for the VMs of hosts that fail."""

    policies: Policies
    goal: Goal
    room: Room
    ways: Ways

    @property
    def is_kept(self) -> bool:
        """Tell whether a plan may not use up the room for the VMs of hosts that fail."""
        return self.goal.frees_hosts or self.policies.spare_hosts.is_required

    def stranded(self, placement: Mapping[str, str]) -> tuple[Violation, ...]:
        """Say which failures of hosts would leave VMs without a place, by simulation.

        The hosts that take over are those that are on: all that are up, but only those in use if the goal
        frees the others.
        """
        limits = self.room.failover_limits
        on = (
            set(placement.values()) if self.goal.frees_hosts else set(limits) - self.goal.must_leave
        )
        return self.policies.spare_hosts.violations(
            self.room.snapshot,
            placement,
            {name: limit for name, limit in limits.items() if name in on},
            self.ways.eligibility.can_run,
        )

    @cached_property
    def stranded_now(self) -> tuple[Violation, ...]:
        """Which failures of hosts would leave VMs without a place as things are, all hosts in use taking over."""
        snapshot, limits = self.room.snapshot, self.room.limits
        if self.goal.frees_hosts:
            return self.stranded(snapshot.placement)
        open_now = Eligibility(snapshot, self.policies, limits, self.goal.reopened)
        return self.policies.spare_hosts.violations(
            snapshot, snapshot.placement, self.room.failover_limits, open_now.can_run
        )

    @property
    def tolerated(self) -> float:
        """How many VMs failures may leave without a place, all failures taken together: as many as now."""
        return sum(violation.amount for violation in self.stranded_now)

    def worsens(self, placement: Mapping[str, str]) -> bool:
        """Tell whether failures would leave more VMs without a place than now, all failures taken together."""
        if not self.policies.spare_hosts.count:
            return False
        after = sum(violation.amount for violation in self.stranded(placement))
        return after > self.tolerated
