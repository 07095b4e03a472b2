# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The problem by number: items that move together, what they may reach, and what is refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import Immovable
from planner.problem.problem import Problem
from planner.solver.budget import Budget, BudgetLeft, added
from planner.solver.indexed import Indexed
from tests.unit.planner.builders import TIGHT, Facts, cluster, evacuation, policy, problem, rule

BALANCE = {"goal": "balance"}
FACTS = cluster(a={"x": 100, "y": 200}, b={"z": 400}, c={})


def indexed(
    facts: Facts = FACTS, goal: dict[str, Any] | None = None, *rules: dict[str, Any], **more: Any
) -> Indexed:
    """Return the problem by number."""
    return Indexed(problem(facts, goal or BALANCE, {**policy(*rules), **more}))


def members(found: Indexed) -> list[tuple[str, ...]]:
    """Return the VMs of each item."""
    return [item.members for item in found.items]


def test_hosts_and_items_stand_in_the_order_of_names() -> None:
    """With home, destinations and what they take."""
    found = indexed()
    assert (found.hosts, members(found)) == (["a", "b", "c"], [("x",), ("y",), ("z",)])
    assert [(item.home, item.destinations) for item in found.items] == [
        (0, (1, 2)),
        (0, (1, 2)),
        (1, (0, 2)),
    ]
    assert found.items_at == [[0, 1], [2], []]
    assert found.movable_demand.memory_mib == 700
    assert [load[0] for load in found.fixed_loads] == [0, 0, 0]


def test_vms_that_a_rule_keeps_together_are_one_item() -> None:
    """Their demands and costs add up; where they are spread now, each is by itself."""
    together = rule("affinity", ["x", "y"])
    found = indexed(FACTS, BALANCE, together)
    assert members(found) == [("x", "y"), ("z",)]
    one = found.items[0]
    alone = [found.problem.objective.cost_s(name) for name in ("x", "y")]
    assert (one.demand.memory_mib, one.cost_s) == (300, pytest.approx(sum(alone)))
    assert members(indexed(FACTS, BALANCE, rule("affinity", ["x", "z"]))) == [
        ("x",),
        ("y",),
        ("z",),
    ]
    preferred = {**together, "strictness": "preferred"}
    assert members(indexed(FACTS, BALANCE, preferred)) == [("x",), ("y",), ("z",)]


def test_rules_that_share_a_vm_join_their_groups() -> None:
    """x with y, and y with w: all three go together."""
    facts = cluster(a={"w": 1, "x": 1, "y": 1, "z": 1}, b={})
    rules = (
        rule("affinity", ["x", "y"]),
        {**rule("affinity", ["y", "w"]), "name": "other"},
    )
    assert members(indexed(facts, BALANCE, *rules)) == [("w", "x", "y"), ("z",)]


def test_a_vm_that_stays_keeps_its_whole_group() -> None:
    """And what it takes from its host cannot be moved."""
    rules = (rule("affinity", ["x", "y"]), rule("stay", ["x"]))
    found = indexed(FACTS, BALANCE, *rules)
    assert members(found) == [("z",)]
    assert [load[0] for load in found.fixed_loads] == [300, 0, 0]


def test_a_group_goes_only_where_all_of_it_may() -> None:
    """x may go to b, y to c, both together nowhere: so they are no item."""
    rules = (
        rule("affinity", ["x", "y"]),
        rule("host_affinity", ["x"], hosts=["a", "b"]),
        {**rule("host_affinity", ["y"], hosts=["a", "c"]), "name": "other"},
    )
    assert members(indexed(FACTS, BALANCE, *rules)) == [("z",)]
    with pytest.raises(Immovable) as caught:
        indexed(FACTS, evacuation("a"), *rules)
    assert caught.value.message == (
        "VM x (kept together with y) cannot leave a, because no other host may run it: "
        "y may not go to b: the host_affinity rule other does not let it run on b; "
        "the host_affinity rule host_affinity does not let it run on c."
    )


def test_a_host_that_is_alone_cannot_be_emptied() -> None:
    """Where there is no other host, no rule has to be relaxed."""
    with pytest.raises(Immovable) as caught:
        indexed(cluster(a={"x": 1}), evacuation("a"))
    assert caught.value.message == "VM x cannot leave a, because there is no other host."


def test_equal_reaches_are_kept_once() -> None:
    """A cluster of 20 000 VMs would need gigabytes otherwise."""
    found = indexed()
    assert found.reach[0] is found.reach[1]
    assert found.reach[0] == frozenset({0, 1, 2})
    assert found.items[0].destinations is found.items[1].destinations


def test_moves_and_placements_are_the_same_thing() -> None:
    """There and back."""
    found = indexed()
    placement = found.placement({0: 2, 2: 0})
    assert dict(placement) == {"x": "c", "y": "a", "z": "a"}
    assert found.moves_to(placement) == {0: 2, 2: 0}


def test_who_has_to_leave() -> None:
    """Items of the hosts to be emptied, in the order of hosts."""
    assert indexed(FACTS, evacuation("a")).leavers == [0, 1]
    assert indexed().leavers == []


BLOCKED = {"code": "local_disk", "message": "Its disk is local.", "remedy": "Move it."}


def test_all_that_cannot_leave_is_said_at_once() -> None:
    """Each reason with its VMs; those of other hosts are nobody's trouble."""
    facts = cluster(a={"x": 1, "y": 1, "z": 1}, b={"w": 1})
    for entry in facts["domains"]:
        if entry["name"] in "xzw":
            entry["blockers"] = [BLOCKED]
    with pytest.raises(Immovable) as caught:
        indexed(facts, evacuation("a"), rule("host_affinity", ["y"], hosts=["a"]))
    assert caught.value.message == (
        "VMs x, z cannot leave a: its disk is local; move it. "
        "VM y cannot leave a, because no other host may run it: "
        "the host_affinity rule host_affinity does not let it run on b."
    )


def test_the_reasons_of_many_hosts_are_counted() -> None:
    """The first four are told."""
    hosts = {f"h{number}": {} for number in range(6)}
    facts = cluster(a={"x": 1}, **hosts)
    for entry in facts["hosts"][1:]:
        entry["maintenance"] = True
    with pytest.raises(Immovable, match=r"h3 is in maintenance; and 2 more hosts\.$"):
        indexed(facts, evacuation("a"))


def limited(**limits: Any) -> Problem:
    """Return a problem with limits of a plan in all."""
    return problem(FACTS, BALANCE, {**TIGHT, "limits": limits})


@pytest.mark.parametrize(
    ("limits", "moves", "allowed"),
    [
        ({}, {0: 1, 1: 2, 2: 0}, True),
        ({"max_migrations": 2}, {0: 1, 1: 2}, True),
        ({"max_migrations": 2}, {0: 1, 1: 2, 2: 0}, False),
        ({"max_migrations": 0}, {}, True),
        ({"max_migrations": 0}, {0: 0}, True),
        ({"max_migrations": 0}, {0: 1}, False),
        ({"max_memory_gib": 0.3}, {0: 1, 1: 2}, True),
        ({"max_memory_gib": 0.3}, {2: 0}, False),
        ({"duration_s": 3, "cluster": 5}, {0: 1, 2: 2}, False),
        ({"duration_s": 5, "cluster": 5}, {0: 1, 2: 2}, True),
        ({"duration_s": 5, "cluster": 1}, {0: 2, 2: 2}, True),
        ({"duration_s": 4, "cluster": 1}, {0: 2, 2: 2}, False),
        ({"duration_s": 3, "cluster": 2, "per_host": 2}, {0: 2, 2: 2}, True),
    ],
)
def test_what_a_plan_may_take_in_all(
    limits: dict[str, Any], moves: dict[int, int], allowed: bool
) -> None:
    """Migrations, memory, and the time of each host and of the cluster; each migration takes a little over 2 s."""
    budget = Budget(Indexed(limited(**limits)))
    assert budget.allows(moves) is allowed
    assert (budget.most_exceeded(budget.taken(moves)) is None) is allowed


def test_the_limit_that_is_exceeded_most_is_named() -> None:
    """In proportion to what there is."""
    budget = Budget(Indexed(limited(max_migrations=2, max_memory_gib=0.01)))
    assert budget.most_exceeded(budget.taken({0: 1, 1: 2, 2: 0})) == ("memory", 700.0)
    assert budget.most_exceeded({"migrations": 9, "memory": 11}) == ("migrations", 9)
    assert budget.most_exceeded({"migrations": 2, "memory": 10.24}) is None


def test_what_is_left_is_paid_and_given_back() -> None:
    """An item that moved already goes on, and home, for nothing."""
    found = Indexed(limited(max_migrations=1))
    where = [item.home for item in found.items]
    left = BudgetLeft(Budget(found), where, {})
    assert left.allows([(0, 1)])
    assert not left.allows([(0, 1), (1, 2)])
    left.pay(0, 1)
    where[0] = 1
    assert not left.allows([(1, 2)])
    assert left.allows([(0, 2)])
    assert left.allows([(0, 0), (1, 2)])
    left.pay(0, 0)
    where[0] = 0
    assert left.allows([(1, 2)])


def test_without_limits_everything_is_allowed() -> None:
    """And nothing is counted."""
    found = indexed()
    left = BudgetLeft(Budget(found), [item.home for item in found.items], {})
    left.pay(0, 1)
    assert left.allows([(0, 2), (1, 2), (2, 2)])


def test_a_budget_that_is_overdrawn_still_lets_things_come_back() -> None:
    """The search begins from an answer that takes more than there is."""
    found = Indexed(limited(max_migrations=1))
    where = [1, 2, 1]
    left = BudgetLeft(Budget(found), where, {0: 1, 1: 2})
    assert left.allows([(0, 0)])
    assert not left.allows([(2, 2)])


def test_sums_by_resource() -> None:
    """Hosts, too."""
    assert added([("migrations", 1), (3, 2.5), (3, 0.5)]) == {"migrations": 1, 3: 3.0}
    assert added([]) == {}
