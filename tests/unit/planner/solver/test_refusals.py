# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why there is no placement: every reason with its numbers, and remedies that are enough."""

from __future__ import annotations

import re
from typing import Any

import pytest

from planner.cluster.resources import Resources
from planner.errors import Infeasible
from planner.policy.capacity import Capacity
from planner.policy.headroom import Headroom
from planner.problem.problem import Problem
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from planner.solver.refusal.explanation import amounts, explain_evacuation, explain_relocation
from planner.solver.refusal.remedies import Remedies, find_conflict, find_remedies
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


def why(posed: Problem, *, proved: bool = True) -> str:
    """Return why hosts cannot be emptied."""
    with pytest.raises(Infeasible) as caught:
        explain_evacuation(posed, Indexed(posed), Effort(), proved=proved)
    return caught.value.message


def why_not_there(
    facts: Facts, document: dict[str, Any] | None = None, vm: str = "x", destination: str = "b"
) -> str | None:
    """Return why a VM may not go to a host; ``None`` where it may."""
    goal = {"goal": "migrate", "domain": vm, "destination": destination}
    posed = problem(facts, goal, document)
    try:
        explain_relocation(posed, Indexed(posed))
    except Infeasible as error:
        return error.message
    return None


FULL = cluster(a={"x": 600, "y": 300}, b={"p": 700})


def test_memory_that_is_short() -> None:
    """What is needed, what is free and under which limits; then each change that would be enough."""
    assert why(problem(FULL, evacuation("a"))) == (
        "There is no room to empty a: the VMs there need 900 MiB of memory and the hosts that may take them have "
        "300 free under the limits (memory_overcommit 1, headroom 0%), 600 too few; what would be enough: "
        "free 600 MiB of memory on b, or raise capacity.memory_overcommit to 1.6, or shut down x first."
    )


def test_vcpus_and_busy_cpu_that_are_short() -> None:
    """One part for each; busy CPU has no overcommit that could be raised."""
    facts = {
        "hosts": [host("a", vcpus=16), host("b", vcpus=4)],
        "domains": [domain("x", "a", 10, 3, 3.0), domain("p", "b", 10, 3, 2.0)],
    }
    said = why(problem(facts, evacuation("a")))
    limits = {"vCPUs": "vcpu_overcommit 1, headroom 0%", "busy vCPUs": "headroom 0%"}
    for (what, limit), free, few in zip(limits.items(), (1, 2), (2, 1), strict=True):
        assert (
            f"the VMs there need 3 {what} and the hosts that may take them have {free} free under the limits "
            f"({limit}), {few} too few; "
        ) in said
    assert said.endswith(
        "what would be enough: free 2 vCPUs and 1 busy vCPUs on b, or shut down x first."
    )


def test_room_in_pieces() -> None:
    """In all there is enough; each host lacks a little."""
    facts = cluster(a={"x": 400, "y": 100}, b={"p": 700}, c={"q": 700})
    said = why(problem(facts, evacuation("a")))
    assert "the VMs there need 500 MiB and 600 MiB are free in all, but in pieces" in said
    assert "free 100 MiB of memory on " in said
    assert why(problem(facts, evacuation("a")), proved=False).startswith(
        "No room was found to empty a"
    )


def test_headroom_is_lowered_before_more_is_promised() -> None:
    """Where giving out what there is would do, nobody has to overcommit."""
    roomy = {**TIGHT, "headroom": {"cpu": 0, "memory": 0.1}}
    facts = cluster(a={"x": 200}, b={"p": 750})
    said = why(problem(facts, evacuation("a"), roomy))
    found = re.search(r"lower headroom\.memory to (0\.\d+),", said)
    assert found is not None
    lowered = {**TIGHT, "headroom": {"cpu": 0, "memory": float(found[1])}}
    assert problem(facts, evacuation("a"), lowered).room.limits["b"].memory_mib >= 950
    assert "raise capacity.memory_overcommit" in why(
        problem(cluster(a={"x": 300}, b={"p": 750}), evacuation("a"), roomy)
    )


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            {"max_migrations": 1},
            "takes 2 migrations and limits.max_migrations allows 1; raise it to 2, or name fewer hosts.",
        ),
        (
            {"max_memory_gib": 0.25},
            "moves 0.4 GiB and limits.max_memory_gib allows 0.25; raise it to 0.4, or name fewer hosts.",
        ),
        (
            {"duration_s": 3, "cluster": 9},
            "keeps a busy for 5 s, 1 at a time, and there are 3 s; give it 5 s, raise limits.per_host, "
            "or name fewer hosts.",
        ),
        (
            {"duration_s": 3, "per_host": 2, "cluster": 1},
            "keeps the cluster busy for 5 s, 1 at a time, and there are 3 s; give it 5 s, raise limits.cluster, "
            "or name fewer hosts.",
        ),
    ],
)
def test_limits_of_a_plan_in_all(limits: dict[str, Any], words: str) -> None:
    """Each with what would do."""
    facts = cluster(a={"x": 200, "y": 200}, b={}, c={})
    posed = problem(facts, evacuation("a"), {**TIGHT, "limits": limits})
    assert why(posed) == f"Emptying a {words}"


def test_a_limit_that_only_makes_room_exceeds() -> None:
    """The VM that leaves is one migration; with the one that makes room for it they are two."""
    facts = cluster(a={"x": 500}, b={"p": 300, "q": 300}, c={"r": 600})
    posed = problem(facts, evacuation("a"), {**TIGHT, "limits": {"max_migrations": 1}})
    assert why(posed).startswith("Emptying a takes 2 migrations and limits.max_migrations allows 1")


APART = rule("anti_affinity", ["x", "p"])


def test_a_rule_that_leaves_no_place() -> None:
    """What it is about, and the ways out; not proved, it says that none was found."""
    posed = problem(cluster(a={"x": 1}, b={"p": 1}), evacuation("a"), policy(APART))
    ends = ": anti_affinity is about p, x; make it preferred, or take a VM out of it."
    assert (
        why(posed) == f"The anti_affinity rule anti_affinity leaves no place for the VMs of a{ends}"
    )
    assert why(posed, proved=False) == (
        f"No placement was found that empties a and keeps the anti_affinity rule anti_affinity{ends}"
    )


def test_rules_that_leave_no_place_together() -> None:
    """Only those that take part in the conflict are named."""
    facts = cluster(a={"x": 1}, b={"p": 1}, c={"q": 1})
    rules = policy(
        APART,
        {**rule("anti_affinity", ["x", "q"]), "name": "second"},
        {**rule("anti_affinity", ["p", "q"]), "name": "third"},
        {**rule("host_affinity", ["p"], hosts=["a", "b", "c"]), "name": "harmless"},
    )
    posed = problem(facts, evacuation("a"), rules)
    assert [found.name for found in find_conflict(posed, Effort())] == [
        "anti_affinity",
        "second",
        "third",
    ]
    said = why(posed)
    assert said.startswith(
        "The anti_affinity rule anti_affinity and the anti_affinity rule second and the anti_affinity rule third "
        "leave no place for the VMs of a: "
    )
    assert said.endswith("make one of them preferred, or take a VM out of it.")


def test_no_rule_is_blamed_where_room_is_short() -> None:
    """Without any rule there is no placement either."""
    posed = problem(FULL, evacuation("a"), policy(APART))
    assert find_conflict(posed, Effort()) == ()


def test_huge_pages_that_are_short() -> None:
    """No rule that somebody wrote, so none can be taken out: more pages are what helps."""
    pages = {"hugepages": [{"size_kib": 2048, "total": 100, "free": 50}]}
    facts = {
        "hosts": [host("a", **pages), host("b", **pages)],
        "domains": [
            domain("x", "a", 100, hugepages_kib=2048),
            domain("y", "a", 100, hugepages_kib=2048),
        ],
    }
    facts["hosts"][0]["hugepages"] = [{"size_kib": 2048, "total": 100, "free": 0}]
    facts["hosts"][1]["hugepages"] = [{"size_kib": 2048, "total": 75, "free": 75}]
    assert why(problem(facts, evacuation("a"))) == (
        "The supply of huge pages of 2048 KiB leaves no place for the VMs of a: the VMs in huge pages of 2048 KiB take "
        "200 MiB of them, and there are 150 MiB on b; reserve more huge pages (vm.nr_hugepages) on a host that is to "
        "take the VMs."
    )


@pytest.mark.parametrize(
    ("facts", "document", "words"),
    [
        (cluster(a={"x": 100}, b={}), TIGHT, None),
        (cluster(a={"x": 100}, b={"p": 900}), TIGHT, None),
        (
            cluster(a={"x": 200}, b={"p": 900}),
            TIGHT,
            "it needs 200 MiB of memory, and 100 are free there under the limits",
        ),
        (
            cluster(a={"x": 200}, b={"p": 1200}),
            TIGHT,
            "it needs 200 MiB of memory, and 0 are free there under the limits",
        ),
        (
            cluster(a={"x": 1, "y": 1}, b={}),
            policy(rule("affinity", ["x", "y"])),
            "an affinity rule keeps it together with y",
        ),
        (
            cluster(a={"x": 1, "y": 1}, b={}),
            policy(rule("affinity", ["x", "y"]), rule("stay", ["y"])),
            "an affinity rule keeps it together with y",
        ),
        (cluster(a={"x": 1}, b={"y": 1}), policy(rule("affinity", ["x", "y"])), None),
        (
            cluster(a={"x": 1}, b={"p": 1}),
            policy(APART),
            "anti_affinity allows 1 of its VMs on b, but there are 2: p, x",
        ),
        (
            cluster(a={"x": 1}, b={}),
            policy(rule("stay", ["x"])),
            "the stay rule stay keeps it there; take it out of the rule",
        ),
        (
            cluster(a={"x": 1}, b={}),
            policy(rule("host_affinity", ["x"], hosts=["b"], mode="forbid")),
            "the host_affinity rule host_affinity does not let it run on b",
        ),
        (
            cluster(a={"x": 1}, b={}),
            {**TIGHT, "limits": {"max_migrations": 0}},
            "that takes 1 migrations and limits.max_migrations allows 0; raise it to 1",
        ),
        (
            cluster(a={"x": 1001}, b={}),
            TIGHT,
            "it needs 1001 MiB of memory, and b may give out 1000 in all",
        ),
    ],
)
def test_why_a_vm_may_not_go_where_a_person_wants_it(
    facts: Facts, document: dict[str, Any], words: str | None
) -> None:
    """Room, rules, limits and companions, each in its own words."""
    said = why_not_there(facts, document)
    assert said == (None if words is None else f"VM x may not go to b: {words}.")


def test_remedies_are_the_smallest_changes() -> None:
    """Room to free, the overcommit that does, and the fewest VMs to leave out; a third host takes its part."""
    indexed = Indexed(problem(FULL, evacuation("a")))
    assert find_remedies(indexed, Effort()) == Remedies(
        room={"b": Resources(600, 0, 0.0)},
        overcommit={"memory_overcommit": 1.6},
        left_out=("x",),
    )
    more = {**FULL, "hosts": [*FULL["hosts"], host("c", 300)]}
    found = find_remedies(Indexed(problem(more, evacuation("a"))), Effort())
    assert found.left_out == ("x",)
    assert found.room == {"b": Resources(300, 0, 0.0)}


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (Resources(5, 0, 0), "5 MiB of memory"),
        (Resources(5, 2, 0.5), "5 MiB of memory and 2 vCPUs and 0.5 busy vCPUs"),
        (Resources(0, 0, 0), ""),
    ],
)
def test_amounts_for_people(room: Resources, words: str) -> None:
    """Only those that there are."""
    assert amounts(room) == words


def test_a_remedy_of_capacity_is_enough() -> None:
    """With the factor that is named there is room; the default headroom stays."""
    posed = problem(FULL, evacuation("a"), {"headroom": {"memory": 0.05}})
    factor = find_remedies(Indexed(posed), Effort()).overcommit["memory_overcommit"]
    capacity = Capacity(memory_overcommit=factor, headroom=Headroom(memory=0.05))
    room = capacity.limit(posed.snapshot.hosts["b"]).memory_mib
    assert 1600 <= room < 1620
