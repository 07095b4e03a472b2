# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oracle finds what is wrong with a plan, no matter who made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planner.errors import PlanRejected
from planner.pipeline import make_plan
from planner.verify import find_faults, verify
from tests.unit.planner.builders import cluster, evacuation, policy, problem, rule

FACTS = cluster(a={"x": 600, "y": 100}, b={"r": 100}, c={"p": 500})
POLICY = policy(rule("anti_affinity", ["y", "r"]))
GOAL = evacuation("a")


def plan() -> dict[str, Any]:
    """Return a right plan: x and y leave a."""
    return make_plan(FACTS, POLICY, GOAL)


def step_of(document: dict[str, Any], vm: str) -> dict[str, Any]:
    """Return the step of a VM."""
    found: dict[str, Any] = next(step for step in document["steps"] if step["domain"] == vm)
    return found


def leave_y(document: dict[str, Any]) -> None:
    """Forget one VM."""
    document["steps"] = [step for step in document["steps"] if step["domain"] != "y"]
    document["placement"]["y"] = "a"


def overfill(document: dict[str, Any]) -> None:
    """Send the large VM to where it does not fit."""
    step_of(document, "x")["destination"] = "c"
    document["placement"]["x"] = "c"


def break_rule(document: dict[str, Any]) -> None:
    """Send y to its rival."""
    step_of(document, "y")["destination"] = "b"
    document["placement"]["y"] = "b"


def hurry(document: dict[str, Any]) -> None:
    """Start everything at once."""
    for step in document["steps"]:
        step["finish_s"] -= step["start_s"]
        step["start_s"] = 0.0


def allow_more(document: dict[str, Any]) -> None:
    """Tell the executor that a host may take part in three migrations at a time."""
    document["limits"]["per_host"] = 3


def lie(document: dict[str, Any]) -> None:
    """Claim a better objective."""
    document["objective"] = document["bound"] = 1.0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (leave_y, "y is still on a"),
        (overfill, "c would carry"),
        (break_rule, "anti_affinity allows 1 of its VMs on b"),
        (allow_more, "The plan has limits.per_host 3, and the policy 1"),
        (hurry, "takes part in more than 1 migrations"),
        (lie, "The objective is"),
    ],
)
def test_each_fault_is_found(spoil: Callable[[dict[str, Any]], None], words: str) -> None:
    """A spoilt plan is refused, and the fault is named."""
    document = plan()
    given = problem(FACTS, GOAL, POLICY)
    assert list(find_faults(given, document)) == []
    spoil(document)
    assert any(words in fault for fault in find_faults(given, document))
    with pytest.raises(PlanRejected):
        verify(given, document)
