# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that maintenance may bend: kept where there is a way, given up where there is none, and restored after it."""

from __future__ import annotations

import pytest

from planner.errors import Immovable, Infeasible, InputError
from planner.pipeline import make_plan
from tests.unit.planner.builders import cluster, evacuation, policy, rule

STAY = {"type": "stay", "name": "fixed", "domains": ["db"]}
BENT_STAY = {**STAY, "during_maintenance": "preferred"}


def test_a_vm_that_stays_leaves_for_maintenance_only_and_comes_back() -> None:
    """Never moved by a balance; moved by an evacuation, and brought back by the return."""
    facts = cluster(a={"db": 700}, b={})
    assert make_plan(facts, policy(BENT_STAY), {"goal": "balance"})["steps"] == []
    assert make_plan(facts, policy(BENT_STAY), evacuation("a"))["placement"] == {"db": "b"}
    with pytest.raises(Immovable):
        make_plan(facts, policy(STAY), evacuation("a"))
    moved = cluster(a={}, b={"db": 700})
    back = {"goal": "restore", "hosts": ["a"], "domains": ["db"]}
    assert make_plan(moved, policy(BENT_STAY), back)["placement"] == {"db": "a"}
    assert make_plan(moved, policy(STAY), back)["steps"] == []


def test_other_vms_that_stay_make_no_room_if_others_can() -> None:
    """Its weight makes it the last to move: another VM makes room instead."""
    facts = cluster(a={"x": 500}, b={"db": 300, "free": 300}, c={"r": 600})
    plan = make_plan(facts, policy({**BENT_STAY, "weight": 500}), evacuation("a"))
    assert "db" not in {step["domain"] for step in plan["steps"]}


@pytest.mark.parametrize("strictness", ["required", "never_worsen"])
def test_replicas_share_a_host_during_maintenance_only_if_they_must(strictness: str) -> None:
    """Kept apart where there is room, together where there is none; without the key it is refused."""
    apart = rule("anti_affinity", ["x", "y"], strictness=strictness)
    bent = {**apart, "during_maintenance": "preferred"}
    crowded = cluster(a={"x": 300}, b={"y": 300}, c={"z": 900})
    assert make_plan(crowded, policy(bent), evacuation("a"))["placement"]["x"] == "b"
    with pytest.raises(Infeasible):
        make_plan(crowded, policy(apart), evacuation("a"))
    roomy = cluster(a={"x": 300}, b={"y": 300}, c={"z": 600})
    assert make_plan(roomy, policy(bent), evacuation("a"))["placement"]["x"] == "c"


def test_saving_power_is_not_maintenance() -> None:
    """Hosts that are emptied to be switched off keep the rules as they are every day."""
    facts = cluster(a={"db": 700}, b={})
    saving = {**evacuation("a"), "maintenance": False}
    with pytest.raises(Immovable):
        make_plan(facts, policy(BENT_STAY), saving)
    assert make_plan(facts, policy(BENT_STAY), {**saving, "maintenance": True})["steps"]


def test_only_an_evacuation_says_whether_it_is_for_maintenance() -> None:
    """A key that a goal does not read is refused."""
    with pytest.raises(InputError, match="the goal is balance") as caught:
        make_plan(cluster(a={}), None, {"goal": "balance", "maintenance": False})
    assert caught.value.path == "goal.maintenance"


def test_a_strictness_that_makes_no_sense_is_refused() -> None:
    """A stay rule cannot be never_worsen: it would mean nothing."""
    with pytest.raises(InputError, match="during_maintenance"):
        make_plan(
            cluster(a={"db": 1}, b={}),
            policy({**STAY, "during_maintenance": "never_worsen"}),
            evacuation("a"),
        )
