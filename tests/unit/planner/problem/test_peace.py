# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing is done now, although the goal would find something."""

from __future__ import annotations

from typing import Any

import pytest

from planner.problem.peace import calm, resting, too_early
from tests.unit.planner.builders import cluster, evacuation
from tests.unit.planner.problem.posing import BALANCE, FACTS, NOW, posed

MOVED = {"last_migration": {"at": "2026-11-24T21:55:00+00:00"}}


def test_a_cluster_that_has_just_moved_rests() -> None:
    """For goals that follow the load, and only where the policy asks for it."""
    facts = {**FACTS, "domains": [{**FACTS["domains"][0], **MOVED}, *FACTS["domains"][1:]]}
    quiet = {"cooldown": {"quiet_s": 600}}
    assert resting(posed(quiet, facts=facts)) == (
        "Nothing moves now: the last migration of the cluster was 300 s ago, and cooldown.quiet_s asks for 600 s of "
        "quiet."
    )
    assert resting(posed({"cooldown": {"quiet_s": 300}}, facts=facts)) is None
    assert resting(posed(quiet, {**evacuation("a"), "now": NOW}, facts)) is None
    assert resting(posed(quiet, {"goal": "balance"}, facts)) is None


@pytest.mark.parametrize(
    ("above", "goal", "is_calm"),
    [
        (0.0, BALANCE, False),
        (0.7, BALANCE, True),
        (0.69, BALANCE, False),
        (0.9, {"goal": "consolidate"}, False),
    ],
)
def test_a_cluster_in_which_no_host_is_full(above: float, goal: Any, is_calm: bool) -> None:
    """The fullest gives out 70 %; a host in maintenance takes no part."""
    said = calm(posed({"balance": {"above": above}}, goal))
    wanted = (
        f"Nothing to do: no host gives out more than {above:.0%} of its limits (balance.above)."
    )
    assert said == (wanted if is_calm else None)
    maintained = {
        **FACTS,
        "hosts": [{**FACTS["hosts"][0], "maintenance": True}, *FACTS["hosts"][1:]],
    }
    assert (calm(posed({"balance": {"above": 0.3}}, facts=maintained)) is not None) is True


def test_unevenness_has_to_last() -> None:
    """Of three looks only this one is known."""
    assert too_early(posed({"balance": {"hold": 3}})) == (
        "Nothing to do yet: hosts have been uneven for 1 look of 3 (balance.hold)."
    )
    assert too_early(posed({"balance": {"hold": 1}})) is None
    even = cluster(a={"x": 300}, b={"y": 300})
    assert too_early(posed({"balance": {"hold": 3}}, facts=even)) is None
    assert too_early(posed({"balance": {"hold": 3}}, {"goal": "consolidate"})) is None
