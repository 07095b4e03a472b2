# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each VM may go, and why not elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from ..goal.base import Goal
from ..policy.eligibility import Eligibility, immovable
from ..policy.policies import Policies
from ..policy.stay import Stay


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The destinations of VMs.

    Attributes
    ----------
    limits
        What each host may give out.
    forbidden
        Pairs of VM and host that turned out to have no order of migrations.
    late
        VMs whose windows turned out to close too early, with the reason.
    peace_at
        What time it is, where VMs that have just moved are left in peace.
    """

    snapshot: ClusterSnapshot
    policies: Policies
    goal: Goal
    limits: Mapping[str, Resources]
    forbidden: frozenset[tuple[str, str]]
    late: Mapping[str, str]
    peace_at: datetime | None

    @cached_property
    def eligibility(self) -> Eligibility:
        """Which hosts each VM may go to."""
        closed = {host: f"{host} is to be emptied" for host in self.goal.must_leave}
        return Eligibility(self.snapshot, self.policies, self.limits, self.goal.reopened, closed)

    def destinations(self, domain: str) -> tuple[str, ...]:
        """Return the hosts that a VM may go to for this goal, in the order of names."""
        if self.stays(domain):
            return ()
        hosts = self.eligibility.hosts(domain)
        wanted = self.goal.destinations(domain)
        if wanted is None and not self.forbidden:
            return hosts
        return tuple(
            h
            for h in hosts
            if (wanted is None or h in wanted) and (domain, h) not in self.forbidden
        )

    def stays(self, domain: str) -> str | None:
        """Say why a VM cannot leave its host at all; ``None`` where it can."""
        return (
            immovable(self.snapshot.domains[domain])
            or self._stays_by_rule.get(domain)
            or self.late.get(domain)
            or self._cooling.get(domain)
        )

    def refusal(self, domain: str, host: str) -> str | None:
        """Say why a VM may not go to a host; ``None`` where it may."""
        if reason := self.stays(domain):
            return reason
        if (domain, host) in self.forbidden:
            return f"no order of migrations brings it to {host}"
        return self.eligibility.refusal(domain, host)

    @cached_property
    def _stays_by_rule(self) -> dict[str, str]:
        return {
            name: rule.reason
            for rule in self.policies.rules
            if isinstance(rule, Stay) and rule.is_firm and rule.binds
            for name in rule.domains
        }

    @cached_property
    def _cooling(self) -> dict[str, str]:
        """The VMs that are not tried again yet, with the reason."""
        now = self.peace_at
        if now is None:
            return {}
        placed = self.snapshot.placed.items()
        reasons = {n: self.policies.cooldown.refusal(d, now) for n, d in placed}
        return {name: reason for name, reason in reasons.items() if reason}
