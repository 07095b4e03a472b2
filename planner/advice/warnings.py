# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator should know about a plan that is right as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..cluster.placement import Placement
from ..goal.balance import Balance
from ..goal.consolidation import Consolidation
from ..goal.repair import Repair
from ..goal.restoration import Restoration
from ..policy.base import Strictness
from ..problem.problem import Problem
from ..solver.indexed import companions, kept_with
from .unrepaired import unrepaired


def warnings_for(problem: Problem, placement: Placement) -> Iterable[str]:
    """Return sentences about a placement."""
    yield from _broken(problem, placement)
    yield from _no_spare(problem, placement)
    yield from _in_flight(problem)
    yield from _left_in_maintenance(problem, placement)
    if isinstance(problem.goal, Restoration):
        yield from _not_returned(problem, problem.goal, placement)


def _broken(problem: Problem, placement: Placement) -> Iterable[str]:
    """Say what is broken, with reasons and remedies where a goal relieves hosts; a repair tells `unrepaired` itself."""
    if isinstance(problem.goal, Repair):
        return
    if isinstance(problem.goal, (Balance, Consolidation)):
        yield from unrepaired(problem, placement, rules=False)
    else:
        yield from _over_limit(problem, placement)
    yield from _broken_rules(problem, placement)


def _over_limit(problem: Problem, placement: Placement) -> Iterable[str]:
    for violation in problem.policies.capacity.violations(problem.snapshot, placement):
        if problem.snapshot.hosts[violation.subjects[0]].is_up:
            yield violation.sentence


def _broken_rules(problem: Problem, placement: Placement) -> Iterable[str]:
    for rule in problem.policies.rules:
        if rule.strictness is not Strictness.REQUIRED:
            yield from (
                violation.sentence for violation in rule.violations(problem.snapshot, placement)
            )


def _no_spare(problem: Problem, placement: Placement) -> Iterable[str]:
    """Emptying a host for a while may use up the spare room; then the operator is told, not refused."""
    for violation in problem.spare.stranded(placement)[:3]:
        yield f"After this plan: {violation.sentence[0].lower()}{violation.sentence[1:]}"


def _in_flight(problem: Problem) -> Iterable[str]:
    for name, destination in problem.snapshot.incoming.items():
        yield f"VM {name} is being migrated to {destination} already: it is left alone and counted at both ends."


def _left_in_maintenance(problem: Problem, placement: Placement) -> Iterable[str]:
    """Remind of an evacuation that did not come to its end, and that this plan does not end."""
    left = Counter(placement.values())
    for name, host in problem.snapshot.hosts.items():
        if host.is_up and host.maintenance and left[name] and name not in problem.goal.hosts:
            yield (
                f"{name} is in maintenance, and {left[name]} of its VMs are still there: end its evacuation with "
                f"drover.libvirt.evacuate, or its maintenance with drover.libvirt.restore (drover_hosts={name})."
            )


def _not_returned(problem: Problem, goal: Restoration, placement: Placement) -> Iterable[str]:
    groups = companions(problem)
    for name in goal.away(placement):
        home = goal.homes[name]
        # A VM whose companions come back with it is not kept from doing so.
        staying = [other for other in groups.get(name, ()) if goal.homes.get(other) != home]
        reason = (
            problem.ways.refusal(name, home)
            or kept_with(staying)
            or _too_full(problem, placement, name, home)
        )
        yield f"VM {name} stays on {placement[name]}: {reason}."


def _too_full(problem: Problem, placement: Placement, domain: str, home: str) -> str:
    """Say why a VM that may go home does not."""
    after = problem.snapshot.loads(placement)[home].plus(problem.snapshot.domains[domain].demand)
    if problem.time.totals and after.fits(problem.room.caps[home]):
        return "the limits of the plan leave it out"
    return "there is no room for it under the policies"
