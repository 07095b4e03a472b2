# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that no planner can make sense of are refused in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import InputError
from planner.pipeline import make_plan
from tests.unit.planner.builders import TIGHT, cluster, evacuation

FACTS = cluster(a={"x": 100}, b={})
NOW = "2026-11-24T22:30:00+01:00"
DAILY = [{"start": "22:00", "end": "05:00"}]


@pytest.mark.parametrize(
    ("policy", "goal", "told"),
    [
        ({"capacity": {"memory_overcommit": float("nan")}}, {}, "memory_overcommit: NaN is not"),
        (
            {"limits": {"network_mib_s": float("inf")}},
            {},
            "network_mib_s: Infinity must be at most",
        ),
        ({"spare_hosts": {"count": 10**400}}, {}, "spare_hosts.count: 1000.* is not an amount"),
        ({"headroom": {"memory": 1}}, {}, "headroom.memory: 1 must be less than 1"),
        ({"limits": {"windows": []}}, {}, r"windows: \[\] must have at least 1 entry"),
        ({"cooldown": {"after_failure_s": 1e12}}, {}, "must be at most 31536000"),
        ({"limits": {"bandwidth_mib_s": 1e-300}}, {}, "must be at least 0.001"),
        ({}, {"now": True}, "goal.now: true is not a text"),
        ({}, {"now": NOW, "deadline": "²2:30"}, "'²2:30' is not a time of day"),
        ({"limits": {"windows": DAILY}}, {"now": "0001-01-01T00:00:00+00:00"}, "is not a moment"),
        ({}, {"now": "9999-12-31T23:59:00+00:00", "deadline": "13:30"}, "is not a moment"),
    ],
)
def test_strange_values_are_refused(
    policy: dict[str, Any], goal: dict[str, Any], told: str
) -> None:
    """Numbers that are none or infinite, moments outside the calendar and digits of no clock end in a sentence."""
    with pytest.raises(InputError, match=told):
        make_plan(FACTS, {**TIGHT, **policy}, {**evacuation("a"), **goal})


def test_a_goal_is_an_object() -> None:
    """The goal is looked at before anything is read from it."""
    with pytest.raises(InputError, match="goal: true is not a mapping"):
        make_plan(FACTS, TIGHT, True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "policy", [{"spare_hosts": 1.0}, {"spare_hosts": {"count": 1.0}}, {"limits": {"per_host": 2.0}}]
)
def test_whole_numbers_may_have_a_point(policy: dict[str, Any]) -> None:
    """For a schema 2.0 is an integer, and so it is for the planner."""
    plan = make_plan(FACTS, {**TIGHT, **policy}, evacuation("a"))
    assert plan["placement"] == {"x": "b"}


@pytest.mark.parametrize("document", [False, 0, "", [], "strict"])
def test_only_no_policy_or_an_empty_one_means_the_defaults(document: Any) -> None:
    """What is no mapping is refused, also where Python takes it for nothing: it was meant to say something."""
    facts = cluster(a={"x": 100}, b={})
    for nothing in (None, {}):
        assert make_plan(facts, nothing, evacuation("a"))["steps"]
    with pytest.raises(InputError, match=r"^policy: .* is not a mapping"):
        make_plan(facts, document, evacuation("a"))
