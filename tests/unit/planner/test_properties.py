# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan of every cluster.

``make_plan`` runs the oracle itself, so that each of these examples also says that the plan verifies.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.documents import validate
from planner.errors import Infeasible
from planner.pipeline import make_plan
from planner.verify import find_faults
from tests.unit.planner.builders import evacuation, policy, problem
from tests.unit.planner.strategies import clusters, rules

quick = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def planned(
    facts: dict[str, Any], document: dict[str, Any], goal: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the plan, or ``None`` where there is none."""
    try:
        return make_plan(facts, document, goal)
    except Infeasible:
        return None


def after(facts: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """Return the facts as they are when the plan is done."""
    return {
        "hosts": facts["hosts"],
        "domains": [
            {**entry, "host": plan["placement"][entry["name"]]} for entry in facts["domains"]
        ],
    }


@quick
@given(st.data())
def test_planning_again_after_a_plan_does_nothing(data: st.DataObject) -> None:
    """The plan is a document of its schema; once it is done, the same goal needs no step."""
    facts = data.draw(clusters())
    document = policy(*data.draw(rules(facts)))
    plan = planned(facts, document, evacuation("h0"))
    if plan is None:
        return
    validate("plan", json.loads(json.dumps(plan)))
    again = planned(after(facts, plan), document, evacuation("h0"))
    assert again is not None
    assert again["steps"] == []


@quick
@given(st.data())
def test_order_of_input_does_not_matter(data: st.DataObject) -> None:
    """The same facts in another order give the same bytes."""
    facts = data.draw(clusters())
    document = policy(*data.draw(rules(facts)))
    turned = {key: data.draw(st.permutations(entries)) for key, entries in facts.items()}
    one, other = (planned(some, document, evacuation("h1")) for some in (facts, turned))
    assert json.dumps(one) == json.dumps(other)


GOALS: dict[str, dict[str, Any]] = {
    "balance": {"goal": "balance", "aggressiveness": 5, "effort": 1},
    "consolidate": {"goal": "consolidate", "effort": 1},
    "repair": {"goal": "repair", "effort": 1},
}


@pytest.mark.parametrize("goal", GOALS)
@settings(quick, max_examples=8)
@given(st.data())
def test_the_same_input_gives_the_same_bytes_and_the_oracle_accepts_them(
    goal: str, data: st.DataObject
) -> None:
    """Whatever the goal and the order of the facts; a fault that is put into the plan is found."""
    facts = data.draw(clusters(max_hosts=4, max_domains=8))
    document = policy(*data.draw(rules(facts)))
    turned = {key: data.draw(st.permutations(entries)) for key, entries in facts.items()}
    one, other = (planned(some, document, GOALS[goal]) for some in (facts, turned))
    assert json.dumps(one) == json.dumps(other)
    if one is None:
        return
    posed = problem(facts, GOALS[goal], document)
    assert list(find_faults(posed, one)) == []
    assert list(
        find_faults(posed, {**one, "objective": one["objective"] - 10 - one["objective"] / 100})
    )


@settings(quick, max_examples=12)
@given(st.data())
def test_names_of_hosts_do_not_change_what_an_evacuation_costs(data: st.DataObject) -> None:
    """Hosts change their names with each other: the plan may be another one, but it is as good."""
    facts = data.draw(clusters(max_hosts=4, max_domains=8))
    names = [entry["name"] for entry in facts["hosts"]]
    other = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    renamed = {
        "hosts": [{**entry, "name": other[entry["name"]]} for entry in facts["hosts"]],
        "domains": [{**entry, "host": other[entry["host"]]} for entry in facts["domains"]],
    }
    before, then = (
        planned(facts, policy(), evacuation("h0")),
        planned(renamed, policy(), evacuation(other["h0"])),
    )
    assert (before is None) is (then is None)
    if before and then:
        assert before["status"] == then["status"] == "optimal"
        assert then["objective"] == pytest.approx(before["objective"])


@quick
@given(clusters())
def test_a_tighter_policy_never_costs_less(facts: dict[str, Any]) -> None:
    """With more headroom the objective is the same or worse, or there is no plan any more."""
    loose, tight = (
        planned(facts, {**policy(), "headroom": {"memory": room}}, evacuation("h0"))
        for room in (0.0, 0.2)
    )
    if loose is None or tight is None or loose["status"] != "optimal":
        return
    assert tight["objective"] >= loose["objective"] - 1e-3


@quick
@given(clusters())
def test_evacuating_and_restoring_brings_all_back(facts: dict[str, Any]) -> None:
    """What left a host fits there again, as long as nothing else changed."""
    plan = planned(facts, policy(), evacuation("h0"))
    if plan is None or any(
        entry["host"] != "h0" for entry in facts["domains"] if entry["name"] in moved(plan)
    ):
        return
    back = planned(
        after(facts, plan), policy(), {"goal": "restore", "hosts": ["h0"], "domains": moved(plan)}
    )
    assert back is not None
    over = (
        sum(entry["memory_mib"] for entry in facts["domains"] if entry["host"] == "h0")
        > facts["hosts"][0]["memory_mib"]
    )
    assert (
        over
        or back["placement"] == {entry["name"]: entry["host"] for entry in facts["domains"]}
        or has_cpu_excess(facts)
    )


def moved(plan: dict[str, Any]) -> list[str]:
    """Return the VMs that a plan moves."""
    return sorted({step["domain"] for step in plan["steps"]})


def has_cpu_excess(facts: dict[str, Any]) -> bool:
    """Tell whether the first host carries more vCPUs than it has."""
    return bool(
        sum(e["vcpus"] for e in facts["domains"] if e["host"] == "h0") > facts["hosts"][0]["vcpus"]
    )
