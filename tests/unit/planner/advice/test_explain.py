# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a VM moves or stays, and why each other host was not chosen."""

from __future__ import annotations

from typing import Any

import pytest

from planner.advice import explain as module
from planner.advice.explain import explain, explanation, explanations, told, unmoved
from planner.advice.standing import standings
from planner.errors import UnknownDomain
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

EVACUATE, BALANCE = evacuation("a"), {"goal": "balance"}


def why_not(posed: Problem, host: str, vm: str = "x", **after: str) -> str:
    """Return why a VM is not on a host in a placement."""
    placement = posed.snapshot.placement.move(after)
    return explanations(posed, placement, [vm])[vm][host]


FACTS = cluster(a={"x": 300}, b={"p": 800}, c={"q": 200}, d={})
BLOCKER = {"code": "c", "message": "It is fixed.", "remedy": "Loosen it."}


@pytest.mark.parametrize(
    ("goal", "document", "host", "sentence"),
    [
        (
            EVACUATE,
            TIGHT,
            "b",
            "with it and all that the plan puts there, b would carry 1100 MiB of memory of 1000",
        ),
        (EVACUATE, TIGHT, "c", "c could take it, but would be 50% full; d is 30% full with it"),
        (EVACUATE, TIGHT, "a", "a is to be emptied"),
        (
            EVACUATE,
            policy(rule("anti_affinity", ["x", "q"])),
            "c",
            "anti_affinity allows 1 of its VMs on c, but there are 2: q, x",
        ),
        (
            EVACUATE,
            policy(rule("anti_affinity", ["x", "q"], strictness="preferred")),
            "c",
            "c could take it, but would be 50% full; d is 30% full with it",
        ),
        (
            EVACUATE,
            policy(rule("anti_affinity", ["x", "p"])),
            "c",
            "c could take it, but would be 50% full; d is 30% full with it",
        ),
        (
            EVACUATE,
            policy(rule("host_affinity", ["x"], hosts=["a", "d"])),
            "c",
            "the host_affinity rule host_affinity does not let it run on c",
        ),
        (BALANCE, TIGHT, "a", "it runs here now; the plan as a whole is better with the move"),
    ],
)
def test_the_first_reason_that_people_would_ask_for(
    goal: dict[str, Any], document: dict[str, Any], host: str, sentence: str
) -> None:
    """x goes to d, which is empty."""
    assert why_not(problem(FACTS, goal, document), host, x="d") == sentence


def test_a_host_that_a_consolidation_frees() -> None:
    """It is not full, nor refused: it is not needed."""
    posed = problem(FACTS, {"goal": "consolidate"})
    assert why_not(posed, "d", x="c") == "d is not needed, and may be switched off"


def test_only_vms_that_are_asked_about_are_explained() -> None:
    """Each once, for all hosts but its own."""
    posed = problem(FACTS, EVACUATE)
    placement = posed.snapshot.placement.move({"x": "d"})
    found = explanations(posed, placement, ["x", "x", "q"])
    assert {vm: sorted(hosts) for vm, hosts in found.items()} == {
        "q": ["a", "b", "d"],
        "x": ["a", "b", "c"],
    }
    assert explanations(posed, placement, []) == {}


def test_a_large_plan_is_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be mostly explanation."""
    posed = problem(FACTS, EVACUATE)
    monkeypatch.setattr(module, "MOST", 7)
    assert explanations(posed, posed.snapshot.placement, ["x", "q"]) == {}
    assert explanations(posed, posed.snapshot.placement, ["x"]) != {}


def test_a_move_in_words() -> None:
    """The step with its cost, and then the other hosts."""
    lines = explain(make_plan(FACTS, TIGHT, EVACUATE), "x").split("\n")
    assert lines[0] == (
        "x goes from a to d: a is being emptied. "
        "Cost: 300 MiB, 0.3 s of transfer, predicted from 0 s to 2 s."
    )
    assert lines[1:3] == ["", "The other hosts:"]
    assert lines[3] == "  a: a is to be emptied."
    assert len(lines) == 7


def test_a_step_that_waits() -> None:
    """For whom, and what for; without explanations no list of hosts."""
    plan = make_plan(FACTS, TIGHT, EVACUATE)
    plan["steps"][0]["after"] = ["m002-y", "m003-z"]
    plan["explanations"] = {}
    [line, end] = explain(plan, "x").split("\n")
    assert line.endswith(" It waits for m002-y, m003-z, whose room it takes.")
    assert end == ""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "no policy and no part of the goal gains enough from moving it"),
        ({"blockers": [BLOCKER]}, "it cannot move: it is fixed; loosen it"),
        (
            {"job": {"kind": "backup"}},
            "it cannot move: a backup is under way on it; wait until it has ended",
        ),
        ({"job": {}}, "no policy and no part of the goal gains enough from moving it"),
        ({"job": {"x": 1}}, "it cannot move: a job is under way on it; wait until it has ended"),
    ],
)
def test_why_a_vm_stays(more: dict[str, Any], why: str) -> None:
    """What keeps it, or that nothing is gained."""
    facts: Facts = {"hosts": [host("a"), host("b")], "domains": [domain("x", "a", **more)]}
    plan = make_plan(facts, TIGHT, {"goal": "repair"})
    assert explain(plan, "x") == f"x stays on a: {why}.\n"
    found = explanation(plan, "x")
    assert (found["host"], found["steps"], found["not_there"]) == ("a", [], {})


def test_a_vm_that_has_just_moved() -> None:
    """Only where the goal spares it: the time is told, and goals that follow the load ask for peace."""
    facts = cluster(a={"x": 10}, b={"y": 10})
    facts["domains"][0]["last_migration"] = {"at": "2026-11-24T12:00:00+00:00"}
    posed = problem(facts, {**BALANCE, "now": "2026-11-24T12:15:00+00:00"}, {})
    found = unmoved(posed, posed.snapshot.placement)
    assert found == {
        "x": "it moved a short while ago, so another migration counts 225 s more, and nothing gains that much"
    }
    assert unmoved(posed, posed.snapshot.placement.move({"x": "b"})) == {}


def test_a_vm_that_the_plan_does_not_know() -> None:
    """It is off, or there is none."""
    with pytest.raises(UnknownDomain, match=r"The plan knows no VM z that runs; check the name\."):
        explain(make_plan(FACTS, TIGHT, EVACUATE), "z")


def test_names_in_an_explanation_are_one_line() -> None:
    """Whatever they hold."""
    assert told(
        {"domain": "x\n", "host": "a", "stays": "so it is", "steps": [], "not_there": {}}
    ) == ("x\\n stays on a: so it is.\n")


def test_how_rules_limits_and_spare_hosts_stand() -> None:
    """Before and after: 0 means that it holds."""
    facts = cluster(a={"x": 600, "y": 600}, b={})
    document = {**policy(rule("anti_affinity", ["x", "y"])), "spare_hosts": 1}
    posed = problem(facts, {"goal": "repair"}, document)
    found = {
        entry["name"]: entry
        for entry in standings(posed, posed.snapshot.placement.move({"x": "b"}))
    }
    assert list(found) == ["anti_affinity", "limits of hosts", "spare hosts"]
    assert found["anti_affinity"] == {
        "kind": "anti_affinity",
        "name": "anti_affinity",
        "strictness": "never_worsen",
        "domains": 2,
        "about": "anti_affinity is about x, y",
        "before": {
            "amount": 1,
            "sentences": ["anti_affinity allows 1 of its VMs on a, but there are 2: x, y."],
        },
        "after": {"amount": 0, "sentences": []},
    }
    limits = found["limits of hosts"]
    assert (limits["before"]["amount"], limits["after"]["amount"]) == (200, 0)
    assert limits["before"]["sentences"] == [
        "a carries 1200 MiB of memory, more than its limit of 1000."
    ]
    assert found["spare hosts"]["after"]["amount"] == 2
    assert [
        entry["name"] for entry in standings(problem(facts, BALANCE), posed.snapshot.placement)
    ] == ["limits of hosts"]


def test_hosts_that_are_down_break_no_limit() -> None:
    """What they carried is not known."""
    facts = cluster(a={"x": 5000}, b={})
    facts["hosts"][0]["state"] = "unreachable"
    posed = problem(facts, BALANCE)
    [entry] = standings(posed, posed.snapshot.placement)
    assert entry["before"] == {"amount": 0, "sentences": []}
