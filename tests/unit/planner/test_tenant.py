# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant writes about his VM never stops the plans of others."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import Infeasible
from planner.pipeline import make_plan
from tests.unit.planner.builders import cluster

NOW = "2026-11-24T22:00:00+00:00"


def plan(goal: str = "evacuate", **metadata: Any) -> dict[str, Any]:
    """Return a plan for a cluster with a VM of that metadata."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    facts["domains"][0].update(metadata)
    hosts = {"hosts": ["a"]} if goal == "evacuate" else {}
    return make_plan(facts, {"cooldown": {"quiet_s": 600}}, {"goal": goal, "now": NOW, **hosts})


@pytest.mark.parametrize("priority", [10**16, -(10**16), 1001, 10**400])
def test_a_priority_out_of_range_counts_as_none(priority: int) -> None:
    """With a warning that names the VM; it stopped every plan of the cluster."""
    made = plan(priority=priority)
    assert made["placement"] == {"x": "b", "y": "b"}
    assert any("VM x counts as one without priority" in warning for warning in made["warnings"])


@pytest.mark.parametrize("priority", [-1000, 0, 1000])
def test_a_priority_in_range_counts(priority: int) -> None:
    """Without a word."""
    assert not any("priority" in warning for warning in plan(priority=priority)["warnings"])


def test_a_migration_of_the_future_counts_as_none() -> None:
    """It stopped all balancing until the year 2999."""
    made = plan("balance", last_migration={"at": "2999-01-01T00:00:00+00:00"})
    assert "Nothing moves now" not in made["message"]
    assert any("VM x counts as one that never moved" in warning for warning in made["warnings"])
    recent = plan("balance", last_migration={"at": "2026-11-24T22:01:00+00:00"})
    assert "Nothing moves now" in recent["message"]


@pytest.mark.parametrize("labels", [{str(n): "v" for n in range(101)}, {"a": "v" * 1001}])
def test_too_many_and_too_long_labels_count_as_none(labels: dict[str, str]) -> None:
    """Everybody's facts carry them."""
    made = plan(labels=labels)
    assert any("VM x counts as one without labels" in warning for warning in made["warnings"])


@pytest.mark.parametrize(("counting", "moves"), [(None, 0), (["tier"], 0), ([], 1), (["rack"], 1)])
def test_the_policy_says_which_labels_of_tenants_count(counting: Any, moves: int) -> None:
    """A tenant could take his VM out of a rule, or put it into another, with a label."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={})
    facts["domains"][0]["labels"] = {"tier": "calm"}
    rule = {"type": "stay", "name": "calm", "domains": "labels.tier == 'calm'"}
    policy = {"rules": [rule], **({} if counting is None else {"tenant_labels": counting})}
    goal = {"goal": "migrate", "domain": "x", "destination": "c", "now": NOW}
    if moves:
        assert len(make_plan(facts, policy, goal)["steps"]) == 1
    else:
        with pytest.raises(Infeasible):
            make_plan(facts, policy, goal)
