# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator should know about a plan that is right as it is."""

from __future__ import annotations

from typing import Any

import pytest

from planner.advice.unrepaired import MOST_SENTENCES, unrepaired
from planner.advice.warnings import warnings_for
from planner.pipeline import make_plan
from planner.problem.problem import Problem
from tests.unit.planner.builders import (
    TIGHT,
    Facts,
    cluster,
    domain,
    evacuation,
    host,
    policy,
    problem,
    rule,
)


def warned(posed: Problem, **after: str) -> list[str]:
    """Return the warnings about a placement."""
    return list(warnings_for(posed, posed.snapshot.placement.move(after)))


def test_nothing_to_be_said() -> None:
    """All holds."""
    assert warned(problem(cluster(a={"x": 1}, b={}), evacuation("a")), x="b") == []


def test_hosts_over_their_limits_and_broken_rules_are_told() -> None:
    """As they are after the plan; a required rule cannot be broken then."""
    facts = cluster(a={}, b={"y": 900, "z": 200}, c={"w": 1})
    rules = policy(rule("affinity", ["y", "w"]), rule("stay", ["z"], strictness="preferred"))
    posed = problem(facts, {"goal": "restore", "hosts": ["a"], "domains": []}, rules)
    assert warned(posed, z="a", y="b") == [
        "affinity wants w, y together, but y on b, w on c.",
        "stay wants z to stay on b.",
    ]
    assert warned(posed) == [
        "b carries 1100 MiB of memory, more than its limit of 1000.",
        "affinity wants w, y together, but y on b, w on c.",
    ]


def test_a_host_that_is_down_is_over_no_limit() -> None:
    """Nobody knows what it carries."""
    facts = cluster(a={"x": 1}, b={}, c={"y": 5000})
    facts["hosts"][2]["state"] = "unreachable"
    assert warned(problem(facts, evacuation("a")), x="b") == []


def test_room_that_failures_would_need() -> None:
    """A sentence for each failure, three at most."""
    facts = cluster(a={"x": 100}, **{f"h{n}": {f"v{n}": 800} for n in range(5)})
    posed = problem(facts, evacuation("a"), {**TIGHT, "spare_hosts": 1})
    said = warned(posed, x="h0")
    assert len(said) == 3
    assert said[0] == "After this plan: if h0 failed, there would be no place for v0."


def test_a_migration_that_somebody_else_runs() -> None:
    """It is left alone."""
    job = {"kind": "migration_out"}
    facts: Facts = {
        "hosts": [host("a"), host("b"), host("c")],
        "domains": [
            domain("x", "a", job=job, uuid="u"),
            domain("x", "b", job={"kind": "migration_in"}, uuid="u"),
        ],
    }
    assert warned(problem(facts, {"goal": "repair"})) == [
        "VM x is being migrated to b already: it is left alone and counted at both ends."
    ]


def test_an_evacuation_that_did_not_come_to_its_end() -> None:
    """Unless this plan is about that host."""
    facts = cluster(a={"x": 1, "y": 1}, b={"z": 1}, c={})
    facts["hosts"][0]["maintenance"] = True
    said = (
        "a is in maintenance, and 2 of its VMs are still there: end its evacuation with drover.libvirt.evacuate, "
        "or its maintenance with drover.libvirt.restore (drover_hosts=a)."
    )
    assert warned(problem(facts, {"goal": "repair"})) == [said]
    assert warned(problem(facts, evacuation("b")), z="c") == [said]
    assert warned(problem(facts, evacuation("a"))) == []
    assert warned(problem(facts, {"goal": "repair"}), x="b", y="b") == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (TIGHT, "there is no room for it under the policies"),
        (
            {**TIGHT, "limits": {"max_migrations": 0}},
            "there is no room for it under the policies",
        ),
        (
            policy(rule("host_affinity", ["x"], hosts=["b"])),
            "the host_affinity rule host_affinity does not let it run on a",
        ),
    ],
)
def test_a_vm_that_does_not_come_back(document: dict[str, Any], reason: str) -> None:
    """With the reason; home is full."""
    facts = cluster(a={"p": 950}, b={"x": 100})
    goal = {"goal": "restore", "hosts": ["a"], "domains": ["x"]}
    assert warned(problem(facts, goal, document)) == [f"VM x stays on b: {reason}."]


def test_a_vm_that_does_not_come_back_alone() -> None:
    """There is room at home, but a rule keeps it with a VM that never ran there; with both marked it comes."""
    facts = cluster(a={}, b={"x": 100, "y": 100})
    together = policy(rule("affinity", ["x", "y"]))
    goal = {"goal": "restore", "hosts": ["a"], "domains": ["x"]}
    assert warned(problem(facts, goal, together)) == [
        "VM x stays on b: an affinity rule keeps it together with y."
    ]
    assert make_plan(facts, together, goal)["steps"] == []
    both = make_plan(facts, together, {**goal, "domains": ["x", "y"]})
    assert both["placement"] == {"x": "a", "y": "a"}


def test_a_vm_that_limits_leave_away() -> None:
    """There would be room."""
    goal = {"goal": "restore", "hosts": ["a"], "domains": ["x"]}
    limited = {**TIGHT, "limits": {"max_migrations": 0}}
    assert warned(problem(cluster(a={}, b={"x": 100}), goal, limited)) == [
        "VM x stays on b: the limits of the plan leave it out."
    ]


def left(facts: Facts, *rules: dict[str, Any], goal: str = "repair") -> list[str]:
    """Return what a plan that moves nothing leaves broken."""
    posed = problem(facts, {"goal": goal}, policy(*rules))
    return list(unrepaired(posed, posed.snapshot.placement))


def test_what_stays_broken_why_and_what_would_help() -> None:
    """The VM that is large enough to relieve the host, what the other host lacks, and the two ways out."""
    facts = cluster(a={"x": 800, "y": 300}, b={"z": 750})
    assert left(facts) == [
        "Not repaired: a carries 1100 MiB of memory, more than its limit of 1000: "
        "y finds no other host (b lacks 50 MiB of memory); x finds no other host (b lacks 550 MiB of memory). "
        "What would help: free 50 MiB of memory on b for y, or free 100 MiB of memory on a."
    ]


def test_where_no_vm_is_large_enough_the_largest_are_looked_at() -> None:
    """Three of them."""
    facts = cluster(a={f"v{n}": 280 + n for n in range(5)}, b={"z": 900})
    [said] = left(facts)
    assert "v4 finds no other host" in said
    assert [name for name in ("v4", "v3", "v2", "v1", "v0") if f"{name} finds" in said] == [
        "v4",
        "v3",
        "v2",
    ]


def test_a_cluster_of_one_host() -> None:
    """There is nowhere to go."""
    assert left(cluster(a={"x": 1200})) == [
        "Not repaired: a carries 1200 MiB of memory, more than its limit of 1000: x has no other host. "
        "What would help: free 200 MiB of memory on a."
    ]


def test_many_hosts_are_not_all_named() -> None:
    """Three, and how many more."""
    others = {f"h{n}": {f"z{n}": 900} for n in range(5)}
    [said] = left(cluster(a={"x": 600, "y": 600}, **others))
    hosts = ", ".join(f"h{number} lacks 500 MiB of memory" for number in range(3))
    assert f"x finds no other host ({hosts}, and 2 more hosts)" in said


def test_a_rule_that_would_be_broken_elsewhere_as_much() -> None:
    """There is room, but it does not help."""
    facts = cluster(a={"x": 1, "y": 1}, b={"z": 1})
    [said] = left(facts, rule("anti_affinity", ["x", "y", "z"]))
    assert said.startswith(
        "Not repaired: anti_affinity allows 1 of its VMs on a, but there are 2: x, y: "
        "x finds no other host (on b it would break as much, or exceed the limits of the plan)"
    )
    assert said.endswith(
        "What would help: make the anti_affinity rule anti_affinity preferred, or take a VM out of it."
    )


def test_preferred_rules_and_hosts_that_are_down_are_not_told() -> None:
    """Nobody has to repair them; a goal that only relieves hosts leaves rules out as well."""
    facts = cluster(a={"x": 1, "y": 1}, b={"z": 5000})
    facts["hosts"][1]["state"] = "unreachable"
    assert left(facts, rule("anti_affinity", ["x", "y"], strictness="preferred")) == []
    posed = problem(facts, {"goal": "balance"}, policy(rule("anti_affinity", ["x", "y"])))
    assert unrepaired(posed, posed.snapshot.placement, rules=False) == ()
    assert len(unrepaired(posed, posed.snapshot.placement)) == 1


def test_a_vm_that_is_kept_by_a_rule_says_so() -> None:
    """And no room is asked for it."""
    [said] = left(cluster(a={"x": 1200}, b={}), rule("stay", ["x"]))
    assert "x cannot move (the stay rule stay keeps it there; take it out of the rule)" in said
    assert said.endswith("What would help: free 200 MiB of memory on a.")


def test_many_violations_are_counted() -> None:
    """Ten are explained."""
    facts = cluster(**{f"h{n:02d}": {f"v{n}": 1100} for n in range(MOST_SENTENCES + 2)})
    said = left(facts)
    assert len(said) == MOST_SENTENCES + 1
    assert said[-1] == "2 more violations stay."
