# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mending what is broken."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import Infeasible
from planner.pipeline import make_plan
from tests.unit.planner.builders import TIGHT, Facts, cluster, policy, problem, rule
from tests.unit.planner.strategies import clusters, rules

REPAIR = {"goal": "repair"}


def test_nothing_broken_nothing_moved() -> None:
    """An uneven cluster without a broken policy is left alone."""
    plan = make_plan(cluster(a={"x": 900}, b={}), TIGHT, REPAIR)
    assert plan["message"] == "Nothing to do: no policy is broken that migrations could mend."


@pytest.mark.parametrize(
    ("facts", "broken", "moves"),
    [
        (cluster(a={"x": 100, "y": 50}, b={}), rule("anti_affinity", ["x", "y"]), 1),
        (cluster(a={"x": 100}, b={"y": 50}), rule("affinity", ["x", "y"]), 1),
        (cluster(a={"x": 100}, b={}), rule("host_affinity", ["x"], hosts=["b"]), 1),
        (
            cluster(a={"x": 100}, b={"y": 1}, c={"z": 1}),
            rule("licence", ["x", "y", "z"], at_most_hosts=1),
            2,
        ),
        (
            cluster(a={"x": 100, "y": 50}, b={}),
            {"type": "separation", "name": "rivals", "groups": [["x"], ["y"]]},
            1,
        ),
    ],
)
def test_each_kind_of_rule_is_mended_in_fewest_migrations(
    facts: Facts, broken: dict[str, object], moves: int
) -> None:
    """A broken rule of each kind holds afterwards, and no more VMs move than that takes."""
    document = policy(broken)
    plan = make_plan(facts, document, REPAIR)
    posed = problem(facts, REPAIR, document)
    assert len(plan["steps"]) == moves
    assert posed.policies.rules[0].violations(posed.snapshot, plan["placement"]) == ()
    assert plan["status"] == "optimal"


def test_an_over_full_host_is_relieved() -> None:
    """A host above its limit gives away the VM that brings it under it."""
    plan = make_plan(cluster(a={"x": 700, "y": 350}, b={}), TIGHT, REPAIR)
    assert plan["placement"] == {"x": "a", "y": "b"}


def test_what_cannot_be_mended_stays_and_is_named() -> None:
    """With nowhere to go for one of three rivals, the others are parted and a warning names the rest."""
    facts = cluster(a={"x": 100, "y": 100, "z": 100}, b={})
    plan = make_plan(facts, policy(rule("anti_affinity", ["x", "y", "z"])), REPAIR)
    assert len(plan["steps"]) == 1
    assert any("anti_affinity allows 1" in warning for warning in plan["warnings"])


def test_a_required_rule_that_cannot_hold_is_infeasible() -> None:
    """A required rule that no placement keeps is no plan at all, and the rule is named."""
    facts = cluster(a={"x": 600}, b={"y": 600})
    with pytest.raises(Infeasible, match="affinity rule affinity"):
        make_plan(facts, policy(rule("affinity", ["x", "y"], strictness="required")), REPAIR)


@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_repairing_never_breaks_more(data: st.DataObject) -> None:
    """Whatever is broken, a repair verifies, and a second one finds nothing to do."""
    facts = data.draw(clusters(max_domains=9))
    document = policy(*data.draw(rules(facts)))
    try:
        plan = make_plan(facts, document, REPAIR)
    except Infeasible:
        return
    after = {
        **facts,
        "domains": [{**vm, "host": plan["placement"][vm["name"]]} for vm in facts["domains"]],
    }
    stays = {entry["type"] for entry in document["rules"]}
    assert stays & {"stay"} or make_plan(after, document, REPAIR)["steps"] == []


@pytest.mark.parametrize("goal", ["balance", "consolidate"])
def test_a_broken_required_rule_is_mended_first(goal: str) -> None:
    """A goal that does not mend a required rule waits, and says what to do."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    document = policy(rule("anti_affinity", ["x", "y"], strictness="required"))
    with pytest.raises(Infeasible, match="mend it first with the goal repair"):
        make_plan(facts, document, {"goal": goal})
    assert len(make_plan(facts, document, REPAIR)["steps"]) == 1


def test_a_required_rule_waits_for_no_window_in_silence() -> None:
    """Nothing may move now, and what is required does not hold: that is no plan, and the sentence says until when."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    apart = rule("anti_affinity", ["x", "y"], strictness="required")
    document = policy(apart, limits={"windows": [{"start": "22:00", "end": "05:00"}]})
    with pytest.raises(Infeasible, match="opens on Tue 2026-11-24 22:00; wait until then"):
        make_plan(facts, document, {"goal": "repair", "now": "2026-11-24T12:00+00:00"})
