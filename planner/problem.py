# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the solver: what is, what must hold, what we want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import Any

from .cluster.past import looks_before
from .cluster.placement import Placement
from .cluster.resources import TOLERANCE, Resources
from .cluster.snapshot import ClusterSnapshot
from .goal.base import Goal, Term
from .policy.base import Strictness, Violation
from .policy.eligibility import Eligibility, immovable
from .policy.headroom import Headroom
from .policy.move_window import MoveWindow
from .policy.policies import Policies
from .policy.spare_hosts import FAILOVER_MEMORY
from .policy.stay import Stay
from .policy.time_frame import TimeFrame


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything a placement is judged by.

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

    @property
    def duration_s(self) -> float | None:
        """The seconds that the migrations may take; ``None`` where nothing limits them."""
        limits = [self.policies.limits.duration_s, self.frame.seconds if self.frame else None]
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def totals(self) -> dict[str, str]:
        """The limits of a plan in all, for which something may have to be left out, for people."""
        limits = self.policies.limits.totals
        found = {name: f"limits.{name} ({most:g})" for name, most in limits.items()}
        if self.frame and self.frame.seconds == self.duration_s:
            found["duration_s"] = f"time ({self.frame.cause})"
        return found

    @cached_property
    def closings(self) -> dict[str, MoveWindow]:
        """The rules whose windows are open now; of several about a VM, the one that closes first."""
        found: dict[str, MoveWindow] = {}
        for rule in self.policies.rules:
            if isinstance(rule, MoveWindow) and rule.is_firm and not rule.binds:
                for name in rule.domains:
                    found[name] = min(found.get(name, rule), rule, key=lambda r: r.closes)
        return found

    @property
    def at_once(self) -> int:
        """How many migrations may run at a time."""
        return self.policies.limits.at_once(
            sum(host.is_up for host in self.snapshot.hosts.values())
        )

    def without_totals(self) -> Problem:
        """Return the same problem without the limits of a plan in all."""
        limits = self.policies.limits.without_totals()
        return replace(self, policies=replace(self.policies, limits=limits), frame=None)

    def work_s(self, domain: str) -> float:
        """Return for how long the migration of a VM is predicted to occupy its hosts."""
        return self.setup_s + self.transfer_s[domain]

    @cached_property
    def limits(self) -> dict[str, Resources]:
        """What each host that is up may give out under the policies."""
        capacity = self.policies.capacity
        return {
            n: capacity.limit(h) if h.is_up else Resources() for n, h in self.snapshot.hosts.items()
        }

    @cached_property
    def loads(self) -> dict[str, Resources]:
        """What each host carries now."""
        return self.snapshot.loads(self.snapshot.placement)

    @cached_property
    def caps(self) -> dict[str, Resources]:
        """What each host may carry: its limit, or what it carries already, where that is more."""
        return {name: limit.at_least(self.loads[name]) for name, limit in self.limits.items()}

    def memory_limit_mib(self, host: str) -> float:
        """Return the most memory that the VMs of a host may have, normal and in huge pages."""
        return self.caps[host].memory_mib + self.snapshot.hosts[host].room_in_pages_mib

    @cached_property
    def failover_limits(self) -> dict[str, Resources]:
        """What each host may give out after the failure of others: more than planned, as headroom is for that day."""
        loose = replace(
            self.policies.capacity, headroom=Headroom(cpu=0.0, memory=1 - FAILOVER_MEMORY)
        )
        hosts = self.snapshot.hosts.items()
        return {n: loose.limit(h).at_least(self.limits[n]) for n, h in hosts if h.is_up}

    def stranded_by_failure(self, placement: Mapping[str, str]) -> tuple[Violation, ...]:
        """Say which failures of hosts would leave VMs without a place (N+k), by simulation.

        The hosts that take over are those that are on: all that are up, but only those in use if the goal
        frees the others.
        """
        on = (
            set(placement.values())
            if self.goal.frees_hosts
            else set(self.failover_limits) - self.goal.must_leave
        )
        limits = {name: limit for name, limit in self.failover_limits.items() if name in on}
        return self.policies.spare_hosts.violations(
            self.snapshot, placement, limits, self.eligibility.can_run
        )

    @cached_property
    def stranded_now(self) -> tuple[Violation, ...]:
        """Which failures of hosts would leave VMs without a place as things are, all hosts in use taking over."""
        if self.goal.frees_hosts:
            return self.stranded_by_failure(self.snapshot.placement)
        open_now = Eligibility(self.snapshot, self.policies, self.limits, self.goal.reopened)
        return self.policies.spare_hosts.violations(
            self.snapshot, self.snapshot.placement, self.failover_limits, open_now.can_run
        )

    def worsens_spare(self, placement: Mapping[str, str]) -> bool:
        """Tell whether failures would leave more VMs without a place than now, all failures taken together."""
        if not self.policies.spare_hosts.count:
            return False
        after = sum(violation.amount for violation in self.stranded_by_failure(placement))
        return after > self.stranded_tolerated

    @property
    def stranded_tolerated(self) -> float:
        """How many VMs failures may leave without a place, all failures taken together: as many as now."""
        return sum(violation.amount for violation in self.stranded_now)

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

    @property
    def keeps_spare(self) -> bool:
        """Tell whether a plan may not use up the room for the VMs of hosts that fail."""
        return self.goal.frees_hosts or self.policies.spare_hosts.is_required

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

    @cached_property
    def _stays_by_rule(self) -> dict[str, str]:
        return {
            name: rule.reason
            for rule in self.policies.rules
            if isinstance(rule, Stay) and rule.is_firm and rule.binds
            for name in rule.domains
        }

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

    def cost_s(self, domain: str) -> float:
        """Return what moving a VM costs: a fixed part, the transfer, and more for a higher priority."""
        weight = 1 + max(0, self.snapshot.domains[domain].priority)
        own_s = (self.policies.per_migration_s + self.transfer_s[domain]) * weight
        return round(own_s + self.cooldown_s(domain), 3)

    @property
    def _peace_at(self) -> datetime | None:
        """What time it is, if that is told and the goal owes peace to VMs that have just moved."""
        return self.now if self.goal.follows_load else None

    def cooldown_s(self, domain: str) -> float:
        """Return what it costs more to move a VM because it has just moved."""
        now = self._peace_at
        return self.policies.cooldown.extra_s(self.snapshot.domains[domain], now) if now else 0.0

    @cached_property
    def rest(self) -> str | None:
        """Say why nothing moves, because the cluster's last migration is not long ago; ``None`` if it may."""
        now = self._peace_at
        return self.policies.cooldown.rest(self.snapshot.placed.values(), now) if now else None

    @property
    def calm(self) -> str | None:
        """Say that no host is so full that the goal would do anything; ``None`` where one is."""
        above = self.policies.balance_above
        if not above or not self.goal.waits_for_full_hosts:
            return None
        for name, host in self.snapshot.hosts.items():
            takes_part = host.is_up and not host.maintenance
            if takes_part and self.loads[name].share_of(self.limits[name]) > above + TOLERANCE:
                return None
        return (
            f"Nothing to do: no host gives out more than {above:.0%} of its limits (balance.above)."
        )

    @cached_property
    def too_early(self) -> str | None:
        """Say that what the goal is for has not lasted long enough; ``None`` where it has, or nothing is due."""
        hold = self.policies.balance_hold
        if hold <= 1 or not self.goal.waits_until_it_lasts:
            return None
        if not self.goal.is_due(self.snapshot, self.limits):
            return None
        before = looks_before(self.snapshot, hold - 1)
        lasted = 1 + sum(1 for _look in takewhile(self._is_due_in, before))
        if lasted >= hold:
            return None
        looks = "look" if lasted == 1 else "looks"
        return f"Nothing to do yet: hosts have been uneven for {lasted} {looks} of {hold} (balance.hold)."

    def _is_due_in(self, look: ClusterSnapshot) -> bool:
        return self.goal.is_due(look, self.limits)

    @cached_property
    def _cooling(self) -> dict[str, str]:
        """The VMs that are not tried again yet, with the reason."""
        now = self._peace_at
        if now is None:
            return {}
        placed = self.snapshot.placed.items()
        reasons = {n: self.policies.cooldown.refusal(d, now) for n, d in placed}
        return {name: reason for name, reason in reasons.items() if reason}

    def terms(self, placement: Placement) -> tuple[Term, ...]:
        """Return the parts of the objective of a placement, computed from it alone."""
        moved = self.snapshot.placement.moves_to(placement)
        cost = round(sum(self.cost_s(domain) for domain in moved), 3)
        return (
            *self.goal.terms(self.snapshot, self.limits, placement),
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

    def _broken(self, placement: Mapping[str, str]) -> tuple[Term, ...]:
        """Return how much of the firm rules and limits is broken, for a goal that repairs them."""
        if not self.goal.repair_s:
            return ()
        firm = [rule for rule in self.policies.rules if rule.is_firm]
        amount = sum(rule.amount(self.snapshot, placement) for rule in firm)
        amount += self.excess(placement)
        return (
            Term(
                name="policies broken",
                unit="violations",
                value=round(amount, 9),
                weight_s=self.goal.repair_s,
            ),
        )

    def excess(self, placement: Mapping[str, str]) -> float:
        """Return by how much hosts that are up are over their limits, as a sum of shares of these."""
        over = 0.0
        for violation in self.policies.capacity.violations(self.snapshot, placement):
            name, resource = violation.subjects
            limit = getattr(self.limits[name], resource)
            over += violation.amount / limit if limit else 0.0
        return round(over, 9)

    def preference_s(self, placement: Mapping[str, str]) -> float:
        """Return what the violations of preferred rules are worth, in seconds."""
        preferred = [rule for rule in self.policies.rules if not rule.is_firm]
        return sum(rule.weight * rule.amount(self.snapshot, placement) for rule in preferred)

    def objective_s(self, placement: Placement) -> float:
        """Return the objective of a placement; less is better."""
        return round(sum(term.value * term.weight_s for term in self.terms(placement)), 3)
