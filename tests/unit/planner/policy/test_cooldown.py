# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that moved a short while ago are left in peace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from planner.advice.explain import explain
from planner.cluster.domain import Domain, LastMigration
from planner.cluster.parse import parse_cluster
from planner.errors import InputError
from planner.pipeline import make_plan
from planner.policy.cooldown import Cooldown
from tests.unit.planner.builders import TIGHT, cluster, evacuation

NOON = "2026-11-24T12:00:00+00:00"
BALANCE = {"goal": "balance", "aggressiveness": 5, "now": NOON}


def crowded(*moved: str, at: str = "2026-11-24T11:45:00+00:00", failed: bool = False) -> Any:
    """Return facts of a full and an empty host, where some VMs moved at a time, or failed to."""
    facts = cluster(a={"x": 300, "y": 300, "z": 300}, b={})
    for entry in facts["domains"]:
        if entry["name"] in moved:
            entry["last_migration"] = {"at": at, "failed": failed}
    return facts


def movers(facts: Any, goal: dict[str, Any], **cooldown: float) -> list[str]:
    """Return the VMs that the plan for a goal moves."""
    plan = make_plan(facts, {**TIGHT, "cooldown": cooldown}, goal)
    return [step["domain"] for step in plan["steps"]]


@pytest.mark.parametrize(
    ("minutes", "extra_s"), [(0, 300), (15, 225), (60, 0), (600, 0), (-5, 300)]
)
def test_the_cost_decays(minutes: int, extra_s: float) -> None:
    """300 s right after the migration, a quarter less after a quarter of an hour, nothing after the hour."""
    now = datetime.fromisoformat(NOON)
    moved = LastMigration(at=datetime.fromtimestamp(now.timestamp() - 60 * minutes, now.tzinfo))
    vm = Domain(name="x", host="a", vcpus=1, memory_mib=1, cpu_usage=0, last_migration=moved)
    assert Cooldown().extra_s(vm, now) == extra_s


def test_a_balance_moves_who_has_not_just_moved() -> None:
    """Of equal VMs, one moves that has been in peace; who stays for that is told why."""
    [usual] = movers(crowded(), BALANCE)
    [other] = movers(crowded(usual), BALANCE)
    assert other != usual
    plan = make_plan(crowded(usual), TIGHT, BALANCE)
    assert "another migration counts 225 s more" in explain(plan, usual)


def test_it_is_a_price_and_no_prohibition() -> None:
    """If all have just moved, one moves again where that is worth the price, and none where it is not."""
    every = ("x", "y", "z")
    assert len(movers(crowded(*every), BALANCE)) == 1
    assert movers(crowded(*every), BALANCE, cost_s=1e9) == []


def test_after_a_failure_a_vm_is_left_alone_for_a_while() -> None:
    """An hour long nothing that follows the load tries it again; after that it is one like the others."""
    every = ("x", "y", "z")
    assert movers(crowded(*every, failed=True), BALANCE) == []
    assert movers(crowded(*every, failed=True), BALANCE, after_failure_s=900, cost_s=0)
    plan = make_plan(crowded(*every, failed=True), TIGHT, BALANCE)
    assert "it is left alone until Tue 2026-11-24 12:45" in explain(plan, "x")


def test_an_evacuation_spares_nobody() -> None:
    """Who has to leave leaves, whether it has just moved or failed to."""
    facts = crowded("x", "y", "z", failed=True)
    goal = {**evacuation("a"), "now": NOON}
    plan = make_plan(facts, TIGHT, goal)
    assert len(plan["steps"]) == 3
    assert plan["objective"] == make_plan(crowded(), TIGHT, goal)["objective"]


def test_quiet_after_the_last_migration_of_the_cluster() -> None:
    """Within the time of quiet nothing moves, and the plan says why; before that, as ever."""
    facts = crowded("x")
    plan = make_plan(facts, {**TIGHT, "cooldown": {"quiet_s": 1200}}, BALANCE)
    assert plan["steps"] == []
    assert plan["message"] == (
        "Nothing moves now: the last migration of the cluster was 900 s ago, and cooldown.quiet_s asks for "
        "1200 s of quiet."
    )
    assert len(movers(facts, BALANCE, quiet_s=900)) == 1


def test_without_the_time_nothing_is_spared() -> None:
    """Where nobody tells what time it is, the facts about migrations mean nothing."""
    goal = {"goal": "balance", "aggressiveness": 5}
    assert movers(crowded("x", "y", "z", failed=True), goal) == movers(crowded(), goal)


@pytest.mark.parametrize("at", ["yesterday", "2026-11-24T12:00:00"])
def test_a_moment_that_cannot_be_read_is_unknown(at: str) -> None:
    """The facts come from definitions that people may edit: no moment is no migration."""
    assert parse_cluster(crowded("x", at=at)).domains["x"].last_migration is None


def test_faults_of_a_cooldown_are_named() -> None:
    """A period of nothing would divide by zero: it is refused."""
    with pytest.raises(InputError, match=r"policy.cooldown.period_s: 0 must be"):
        movers(crowded(), BALANCE, period_s=0)
