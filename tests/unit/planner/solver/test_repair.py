# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairing what is broken."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import Infeasible
from planner.pipeline import make_plan
from planner.solver.repairing import repair
from tests.benchmarks.instances import POLICY, shrunk, synthetic
from tests.unit.planner.builders import TIGHT, Facts, cluster, policy, problem, rule
from tests.unit.planner.strategies import clusters, rules

REPAIR = {"goal": "repair"}


def test_nothing_broken_nothing_moved() -> None:
    """An uneven cluster without a broken policy is left alone."""
    plan = make_plan(cluster(a={"x": 900}, b={}), TIGHT, REPAIR)
    assert plan["message"] == "Nothing to do: no policy is broken."


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
    """A goal that does not repair a required rule waits, and says what to do."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    document = policy(rule("anti_affinity", ["x", "y"], strictness="required"))
    with pytest.raises(Infeasible, match="repair it first with the goal repair"):
        make_plan(facts, document, {"goal": goal})
    assert len(make_plan(facts, document, REPAIR)["steps"]) == 1


def test_a_required_rule_waits_for_no_window_in_silence() -> None:
    """Nothing may move now, and what is required does not hold: that is no plan, and the sentence says until when."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    apart = rule("anti_affinity", ["x", "y"], strictness="required")
    document = policy(apart, limits={"windows": [{"start": "22:00", "end": "05:00"}]})
    with pytest.raises(Infeasible, match="opens on Tue 2026-11-24 22:00; wait until then"):
        make_plan(facts, document, {"goal": "repair", "now": "2026-11-24T12:00+00:00"})


def crowded(hosts: int, vms: int) -> Facts:
    """Return a large cluster in which every tenth host carries more than its limit."""
    facts = synthetic(hosts, vms, seed=1)
    for entry in facts["hosts"][::10]:
        entry["memory_mib"] = 60_000
    return facts


def test_a_large_cluster_is_repaired_with_proof() -> None:
    """The cheapest VMs leave each over-full host, and all of them find a place: nothing could cost less."""
    facts = crowded(100, 2000)
    plan = make_plan(facts, POLICY, REPAIR)
    assert plan["steps"]
    assert plan["status"] == "optimal"
    after = {
        **facts,
        "domains": [{**d, "host": plan["placement"][d["name"]]} for d in facts["domains"]],
    }
    assert make_plan(after, POLICY, REPAIR)["steps"] == []


def test_broken_rules_of_a_large_cluster_are_repaired() -> None:
    """Rivals on one host are parted where the model of all VMs would be too large."""
    facts = synthetic(100, 2000, seed=1)
    rivals = [vm["name"] for vm in facts["domains"] if vm["host"] == facts["domains"][0]["host"]]
    document = {**POLICY, "rules": [rule("anti_affinity", rivals[:4])]}
    plan = make_plan(facts, document, REPAIR)
    assert len({plan["placement"][name] for name in rivals[:4]}) == len(rivals[:4])
    assert len(plan["steps"]) == len(rivals[:4]) - 1


def required(**homes: str) -> dict[str, object]:
    """Return a policy whose required rules want each of these VMs on a host."""
    rules = [
        {
            **rule("host_affinity", [vm], hosts=[host], strictness="required"),
            "name": f"{vm} on {host}",
        }
        for vm, host in homes.items()
    ]
    return policy(*rules)


def test_vms_of_broken_required_rules_change_places_in_a_large_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither finds room while the other stays, so the model with the emptiest hosts alone has no destination."""
    monkeypatch.setattr("planner.solver.milp.model.EXACT_COLUMNS", 0)
    facts = cluster(a={"x": 600}, b={"y": 400}, c={"z": 500})
    plan = make_plan(facts, required(x="b", y="a"), REPAIR)
    assert plan["placement"] == {"x": "b", "y": "a", "z": "c"}


def test_a_large_cluster_is_not_said_to_be_beyond_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the VMs concerned were moved in the model, so nothing is proved where that has no answer."""
    monkeypatch.setattr("planner.solver.milp.model.EXACT_COLUMNS", 0)
    facts = cluster(a={"x": 600, "v": 300}, b={"y": 350, "w": 350}, c={"z": 800})
    with pytest.raises(
        Infeasible, match="No placement was found that keeps the host_affinity rule"
    ):
        make_plan(facts, required(x="b"), REPAIR)


def test_no_repair_tells_to_repair_first() -> None:
    """Where nothing that may move could keep a required rule, the goal repair is no remedy."""
    facts = cluster(a={"x": 600}, b={})
    facts["domains"][0]["job"] = {"kind": "backup"}
    with pytest.raises(Infeasible, match="no migration that is allowed repairs it"):
        make_plan(facts, required(x="b"), REPAIR)


@pytest.mark.parametrize("over_full", [False, True])
def test_the_gap_of_a_large_repair_is_a_gap(over_full: bool) -> None:
    """Broken rules bound what their repair costs as over-full hosts do, also where a VM serves several of them."""
    facts = (shrunk if over_full else partial(synthetic, first_fit=True))(100, 1000, seed=1)
    names = [vm["name"] for vm in facts["domains"]]
    rules = [
        *(rule("anti_affinity", names[n * 7 : n * 7 + 4]) | {"name": f"t{n}"} for n in range(8)),
        *(rule("affinity", names[-5 * n - 3 : -5 * n - 1]) | {"name": f"a{n}"} for n in range(4)),
        rule("host_affinity", names[500:502], hosts=["n0007"]),
        rule("licence", names[600:604], at_most_hosts=1),
    ]
    plan = make_plan(facts, {**POLICY, "rules": rules}, REPAIR)
    assert len(plan["steps"]) > 8
    assert plan["gap"] < 0.05
    assert not any("Not repaired" in warning for warning in plan["warnings"])


def test_a_hasty_repair_is_done_when_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effort 1 asks no model for fewer migrations; at the usual effort the model is asked."""

    def refuse(*_anything: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(repair, "_modelled", refuse)
    facts = cluster(a={"x": 600, "y": 500}, b={"p": 300, "q": 250}, c={"r": 550})
    assert len(make_plan(facts, TIGHT, {**REPAIR, "effort": 1})["steps"]) == 2
    with pytest.raises(AssertionError, match="asked"):
        make_plan(facts, TIGHT, REPAIR)
