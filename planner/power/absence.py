# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster loses with an empty host that goes to sleep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pipeline import plain, read_problem
from ..problem.problem import Problem

JsonObject = Mapping[str, Any]


def spare_lost(
    facts: JsonObject, without: JsonObject, policy: JsonObject | None, now: str
) -> str | None:
    """Say which failure would leave VMs without a place once the host is gone; ``None`` if no more VMs than now.

    Parameters
    ----------
    facts, without
        The facts as they are, and as they are while the host sleeps.
    policy
        The policy document, whose ``spare_hosts`` counts.
    now
        What time it is, with its distance from UTC.

    Raises
    ------
    PlanningError
        A document breaks its schema, or contradicts itself.
    """
    before, after = (_posed(document, policy, now) for document in (facts, without))
    if after.spare.tolerated <= before.spare.tolerated:
        return None
    return after.spare.stranded_now[0].sentence


def _posed(facts: JsonObject, policy: JsonObject | None, now: str) -> Problem:
    return read_problem(plain(facts), plain(policy), {"goal": "repair", "now": now})
