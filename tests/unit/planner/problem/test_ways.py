# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each VM may go, and why not elsewhere."""

from __future__ import annotations

from tests.unit.planner.builders import Facts, domain, evacuation, host, policy, problem, rule
from tests.unit.planner.problem.posing import FACTS


def test_where_a_vm_may_go_and_why_not_elsewhere() -> None:
    """Room and rules by host; pairs that have no order of migrations; nothing for one that stays."""
    fences = policy(rule("host_affinity", ["x"], hosts=["a", "c"]), rule("stay", ["z"]))
    ways = problem(FACTS, evacuation("a"), fences).ways
    assert ways.destinations("x") == ("c",)
    assert ways.destinations("y") == ("b", "c")
    assert ways.destinations("z") == ()
    assert ways.refusal("x", "b") == "the host_affinity rule host_affinity does not let it run on b"
    assert ways.refusal("z", "c") == "the stay rule stay keeps it there; take it out of the rule"
    assert ways.refusal("y", "a") == "a is to be emptied"
    assert ways.refusal("y", "c") is None


def test_a_way_that_turned_out_to_have_no_order() -> None:
    """It is forbidden for that VM only."""
    ways = problem(FACTS, evacuation("a")).ways
    forbidden = type(ways)(
        snapshot=ways.snapshot,
        policies=ways.policies,
        goal=ways.goal,
        limits=ways.limits,
        forbidden=frozenset({("y", "b")}),
        late={"x": "it is too late"},
        peace_at=None,
    )
    assert forbidden.destinations("y") == ("c",)
    assert forbidden.refusal("y", "b") == "no order of migrations brings it to b"
    assert forbidden.destinations("x") == ()
    assert forbidden.refusal("x", "c") == "it is too late"


def test_the_same_needs_have_the_same_refusals() -> None:
    """Size counts only where some host is too small; hosts that are closed say so before any size."""
    facts: Facts = {
        "hosts": [host("a"), host("b", 300), host("c", maintenance=True)],
        "domains": [
            domain("small", "a", 100),
            domain("large", "a", 400),
            domain("other", "a", 200),
        ],
    }
    ways = problem(facts, {"goal": "repair"}).ways
    assert ways.destinations("small") is ways.destinations("other")
    assert ways.destinations("large") == ()
    assert ways.refusal("large", "b") == "it needs 400 MiB of memory, and b may give out 300 in all"
    assert ways.refusal("large", "c") == "c is in maintenance"
    assert ways.eligibility.can_run("large", "a")
    assert not ways.eligibility.can_run("large", "b")
