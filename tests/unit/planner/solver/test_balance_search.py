# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search that evens hosts out: what it weighs, what it changes, and that it never makes anything worse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.goal.balance import Balance
from planner.solver.balancing.even import BalanceSearch
from planner.solver.balancing.iterated import iterate
from planner.solver.balancing.pool import solve_pool
from planner.solver.balancing.scale import Scale
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from planner.solver.search.state import State
from tests.unit.planner.builders import Facts, cluster, policy, problem, rule
from tests.unit.planner.strategies import clusters, rules
from tests.unit.planner.tiny import case, least_objective_s

BALANCE: dict[str, Any] = {"goal": "balance", "aggressiveness": 5}
UNEVEN = cluster(a={"w": 300, "x": 300, "y": 300}, b={"z": 100}, c={})


def scale_of(indexed: Indexed) -> Scale:
    """Return how a problem weighs imbalance."""
    goal = indexed.problem.goal
    assert isinstance(goal, Balance)
    return Scale(indexed, goal)


def search(facts: Facts = UNEVEN, *some: dict[str, Any], **more: Any) -> BalanceSearch:
    """Return a search at the present placement."""
    indexed = Indexed(problem(facts, BALANCE, {**policy(*some), **more}))
    return BalanceSearch(State(indexed), scale_of(indexed))


def placed(found: BalanceSearch) -> dict[str, str]:
    """Return where the VMs are."""
    return dict(found.state.indexed.placement(found.state.moves()))


def objective_s(found: BalanceSearch) -> float:
    """Return the objective of the placement that a search has reached."""
    indexed = found.state.indexed
    return indexed.problem.objective.value_s(indexed.placement(found.state.moves()))


def test_even_hosts_are_the_end() -> None:
    """Three VMs of 300 on three hosts, the small one beside any."""
    found = search()
    found.improve(100)
    assert sorted(placed(found)[name] for name in "wxy") == ["a", "b", "c"]


def test_hosts_that_are_even_stay_as_they_are() -> None:
    """A migration costs, and nothing is gained."""
    found = search(cluster(a={"x": 300}, b={"y": 300}))
    found.improve(100)
    assert found.state.moves() == {}


def test_vms_change_places_where_no_shift_pays() -> None:
    """900 and 500 beside 600 and 200 can only become even by an exchange."""
    facts = cluster(a={"v": 450, "w": 450}, b={"x": 250, "y": 250})
    found = search(facts)
    found.improve(100)
    at = placed(found)
    assert at["v"] != at["w"]
    assert at["x"] != at["y"]


@pytest.mark.parametrize(
    ("some", "more", "most"),
    [
        ([], {"limits": {"max_migrations": 1}}, 1),
        ([], {"limits": {"max_migrations": 0}}, 0),
        ([rule("stay", ["w", "x", "y", "z"])], {}, 0),
        ([rule("host_affinity", ["w", "x"], hosts=["a"])], {}, 2),
    ],
)
def test_limits_and_rules_are_kept(
    some: list[dict[str, Any]], more: dict[str, Any], most: int
) -> None:
    """However uneven the hosts stay."""
    found = search(UNEVEN, *some, **more)
    found.improve(100)
    found.take_back()
    assert len(found.state.moves()) <= most


def test_where_an_item_may_go() -> None:
    """Not to its own host, not beside a rival, not where it is full."""
    facts = cluster(a={"x": 300}, b={"p": 100}, c={"q": 800}, d={})
    found = search(facts, rule("anti_affinity", ["x", "p"]))
    item = found.state.indexed.item_of["x"]
    assert [found.may_move(item, number) for number in range(4)] == [False, False, False, True]


def test_a_mover_need_not_pay_alone() -> None:
    """It is put where it does most good; one that does no good at all stays."""
    found = search()
    indexed = found.state.indexed
    found.insert([indexed.item_of["w"], indexed.item_of["z"]])
    assert placed(found)["w"] in "bc"
    assert placed(found)["z"] == "b"


def test_a_move_that_does_not_pay_is_taken_back() -> None:
    """The small VM went elsewhere for nothing."""
    found = search(cluster(a={"x": 500}, b={"y": 500, "z": 10}))
    found.move(found.state.indexed.item_of["z"], 0)
    found.take_back()
    assert found.state.moves() == {}


def test_a_rule_that_is_broken_is_worth_a_move() -> None:
    """As much as it weighs, though the hosts are even."""
    facts = cluster(a={"x": 100, "y": 100}, b={"p": 100, "q": 100})
    apart = rule("anti_affinity", ["x", "y"], strictness="preferred", weight=10_000.0)
    found = search(facts, apart)
    assert found.state.rules_s == 10_000.0
    found.improve(100)
    assert found.state.rules_s == 0.0
    assert placed(found)["x"] != placed(found)["y"]


def test_a_rule_is_obeyed_though_no_host_is_outside_a_wide_band() -> None:
    """Nothing pulls a VM away from the emptiest host but the rule."""
    facts = cluster(a={"x": 100, "y": 100}, b={"p": 250, "q": 250}, c={"r": 250, "s": 250})
    apart = rule("anti_affinity", ["x", "y"], strictness="preferred", weight=1000.0)
    indexed = Indexed(problem(facts, {**BALANCE, "target": 0.9}, policy(apart)))
    found = BalanceSearch(State(indexed), scale_of(indexed))
    found.improve(100)
    assert placed(found)["x"] != placed(found)["y"]
    assert len(found.state.moves()) == 1


def test_penalties_are_those_of_the_objective() -> None:
    """Without the squared level, which no placement changes; a host in maintenance has none."""
    facts = cluster(a={"x": 700}, b={}, c={"y": 500})
    facts["hosts"][2]["maintenance"] = True
    found = search(facts)
    scale = found.scale
    assert [scale.penalty_s(n, found.state.loads[n]) > 0 for n in range(3)] == [True, False, False]
    assert scale.penalty_s(0, [0, 0, 0]) <= scale.penalty_s(0, [700, 1, 0])
    assert scale.penalty_s(0, [0, 0, 0], [700, 1, 0]) == scale.penalty_s(0, [700, 1, 0])
    assert scale.penalty_s(0, [700, 1, 0], [700, 1, 0], -1) == scale.penalty_s(0, [0, 0, 0])
    assert scale.weighted(2.0).penalty_s(0, [700, 1, 0]) == 2 * scale.penalty_s(0, [700, 1, 0])
    assert scale.height(0, [700, 1, 0]) > scale.height(0, [0, 0, 0])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_no_step_makes_the_objective_worse(data: st.DataObject) -> None:
    """What the search counts is what a plan is judged by, but for the squared level."""
    facts = data.draw(clusters())
    found = search(facts, *data.draw(rules(facts)))
    level_s = found.scale.weight_s * found.scale.band.ideal
    before_s = objective_s(found)
    assert found.cost_s() == pytest.approx(before_s - level_s, rel=1e-3, abs=1.0)
    found.improve(100)
    middle_s = found.cost_s()
    assert objective_s(found) <= before_s + 1.0
    iterate(found, 10)
    assert found.cost_s() <= middle_s + 1e-6
    assert found.cost_s() == pytest.approx(objective_s(found) - level_s, rel=1e-3, abs=1.0)
    indexed = found.state.indexed
    loads = indexed.problem.snapshot.loads(indexed.placement(found.state.moves()))
    assert all(load.fits(indexed.problem.room.caps[name]) for name, load in loads.items())
    assert indexed.problem.keeps_rules(indexed.placement(found.state.moves()))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_no_placement_beats_the_pool(seed: int, whole: bool) -> None:
    """Of a tiny cluster, by looking at all placements; with VMs that leave whole the bound is no lower."""
    found = case(seed, "balance").problem()
    least_s = least_objective_s(found) if found else None
    if found is None or least_s is None:
        return
    indexed = Indexed(found)
    pool = solve_pool(indexed, scale_of(indexed), Effort(), whole=whole)
    assert pool is not None
    assert pool.bound_s <= least_s + 1e-3 * max(1.0, least_s)
    assert all(0 < part <= 1 + 1e-6 for part in pool.movers.values())


def test_the_pool_says_who_should_leave() -> None:
    """Two of the three on the full host."""
    indexed = Indexed(problem(UNEVEN, BALANCE))
    pool = solve_pool(indexed, scale_of(indexed), Effort(), whole=True)
    assert pool is not None
    assert sorted(indexed.items[item].home for item in pool.movers) == [0, 0]
