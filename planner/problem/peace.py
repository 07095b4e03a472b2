# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing is to be done now, although the goal would find something."""

from __future__ import annotations

from itertools import takewhile

from ..cluster.past import looks_before
from ..cluster.resources import TOLERANCE
from .problem import Problem


def resting(problem: Problem) -> str | None:
    """Say why nothing moves, because the cluster's last migration is not long ago; ``None`` if it may."""
    now = problem.peace_at
    if now is None:
        return None
    return problem.policies.cooldown.rest(problem.snapshot.placed.values(), now)


def calm(problem: Problem) -> str | None:
    """Say that no host is so full that the goal would do anything; ``None`` where one is."""
    above = problem.policies.balance_above
    if not above or not problem.goal.waits_for_full_hosts:
        return None
    room = problem.room
    for name, host in problem.snapshot.hosts.items():
        takes_part = host.is_up and not host.maintenance
        if takes_part and room.loads[name].share_of(room.limits[name]) > above + TOLERANCE:
            return None
    return f"Nothing to do: no host gives out more than {above:.0%} of its limits (balance.above)."


def too_early(problem: Problem) -> str | None:
    """Say that what the goal is for has not lasted long enough; ``None`` where it has, or nothing is due."""
    hold, goal, limits = problem.policies.balance_hold, problem.goal, problem.room.limits
    if hold <= 1 or not goal.waits_until_it_lasts or not goal.is_due(problem.snapshot, limits):
        return None
    before = looks_before(problem.snapshot, hold - 1)
    lasted = 1 + sum(1 for _look in takewhile(lambda look: goal.is_due(look, limits), before))
    if lasted >= hold:
        return None
    looks = "look" if lasted == 1 else "looks"
    return (
        f"Nothing to do yet: hosts have been uneven for {lasted} {looks} of {hold} (balance.hold)."
    )
