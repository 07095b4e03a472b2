# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts over their limits, whatever the goal: relieved, or the plan says why not and what would help."""

from __future__ import annotations

from typing import Any

import pytest

from planner.pipeline import make_plan, read_problem
from tests.benchmarks.instances import POLICY, shrunk
from tests.unit.planner.builders import TIGHT, Facts, cluster, host, policy, rule

REPAIR = {"goal": "repair"}
OVER = cluster(a={"x": 700, "y": 350}, b={"z": 100}, c={"w": 600})
FULL = cluster(a={"x": 700, "y": 500}, b={"z": 900})


def test_a_consolidation_relieves_a_host_over_its_limits() -> None:
    """Of a over-full, y leaves; b is emptied all the same."""
    plan = make_plan(OVER, TIGHT, {"goal": "consolidate"})
    reasons = {step["domain"]: step["reason"] for step in plan["steps"]}
    assert reasons["y"] == "takes load off a, which is over its limits"
    assert plan["power_off"] == ["b"]
    assert plan["warnings"] == []


@pytest.mark.parametrize("goal", ["balance", "consolidate"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_goal_leaves_a_host_over_its_limits_that_can_be_relieved(goal: str, seed: int) -> None:
    """Hosts shrank, as after the loss of a DIMM: none is over its limits afterwards."""
    facts = shrunk(30, 250, seed=seed)
    problem = read_problem(facts, POLICY, {"goal": goal})
    assert problem.room.excess(problem.snapshot.placement) > 0
    plan = make_plan(facts, POLICY, {"goal": goal})
    assert problem.room.excess(plan["placement"]) == 0
    assert not any("more than its limit" in warning for warning in plan["warnings"])


@pytest.mark.parametrize("goal", ["balance", "consolidate", "repair"])
def test_what_cannot_be_relieved_is_told_with_reason_and_remedy(goal: str) -> None:
    """y would need 500 MiB elsewhere, and 100 are free: what to free, and where."""
    plan = make_plan(FULL, TIGHT, {"goal": goal})
    assert plan["steps"] == []
    assert (
        "Not repaired: a carries 1200 MiB of memory, more than its limit of 1000: y finds no other host (b lacks 400 "
        "MiB of memory); x finds no other host (b lacks 600 MiB of memory). What would help: free 400 MiB of memory on "
        "b for y, or free 200 MiB of memory on a."
    ) in plan["warnings"]


def test_the_remedies_of_a_repair_are_enough() -> None:
    """With the room that the note names, the plan repairs it."""
    freed: Facts = {**FULL, "domains": [dict(vm) for vm in FULL["domains"]]}
    freed["domains"][2]["memory_mib"] = 500
    assert make_plan(freed, TIGHT, REPAIR)["placement"]["y"] == "b"
    freed["domains"][2]["memory_mib"] = 501
    assert make_plan(freed, TIGHT, REPAIR)["steps"] == []


@pytest.mark.parametrize(
    ("facts", "document", "words"),
    [
        (
            cluster(a={"x": 400, "y": 400}, b={"z": 800}),
            policy(rule("anti_affinity", ["x", "y"])),
            ["b lacks 200 MiB of memory", "make the anti_affinity rule anti_affinity preferred"],
        ),
        (
            cluster(a={"x": 700, "y": 500}, b={}),
            policy({"type": "stay", "name": "fixed", "domains": ["x", "y"]}),
            ["y cannot move (the stay rule fixed keeps it there"],
        ),
        (
            {**FULL, "hosts": [*FULL["hosts"], host("c", maintenance=True)]},
            TIGHT,
            ["c is in maintenance"],
        ),
    ],
)
def test_every_kind_of_reason_is_told(
    facts: Facts, document: dict[str, Any], words: list[str]
) -> None:
    """Room, rules and maintenance; and the message says that something stays broken."""
    plan = make_plan(facts, document, REPAIR)
    assert plan["message"].startswith("No migration repairs what is broken")
    for word in words:
        assert word in plan["warnings"][0]


def test_a_repair_in_part_says_that_something_stays_broken() -> None:
    """One rule can be repaired, another cannot."""
    facts = cluster(a={"x": 100, "y": 100, "big": 700}, b={"large": 800})
    document = policy(
        {"type": "anti_affinity", "name": "small", "domains": ["x", "y"]},
        {"type": "affinity", "name": "heavy", "domains": ["big", "large"]},
    )
    plan = make_plan(facts, document, REPAIR)
    assert plan["message"] == (
        "1 migration repairs broken policies; something stays broken, and the notes say why."
    )
    assert [warning for warning in plan["warnings"] if warning.startswith("Not repaired: heavy")]
