# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a consolidation keeps: the least that rows of sums allow, and a bound that no placement beats."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from planner.goal.consolidation import HOST_S, Consolidation
from planner.solver.consolidation.emptying import RANKS, Emptying, by_cost, by_load, emptied
from planner.solver.consolidation.improving import empty_more, exchange_hosts
from planner.solver.consolidation.selection import Selection, names, select_hosts
from planner.solver.consolidation.selection_and_placement import is_small, select_and_place
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from planner.solver.milp.failures import Cuts
from planner.solver.search.state import Preferences
from tests.unit.planner.builders import TIGHT, Facts, cluster, domain, host, policy, problem, rule
from tests.unit.planner.strategies import clusters
from tests.unit.planner.tiny import case, least_objective_s

GOAL: dict[str, Any] = {"goal": "consolidate"}
FOUR = cluster(a={"v": 500}, b={"w": 400}, c={"x": 300}, d={"y": 200})
EXACT = Effort(gap=1e-7)


def posed(facts: Facts = FOUR, *rules: dict[str, Any], goal: Any = None, **more: Any) -> Indexed:
    """Return a consolidation by number."""
    return Indexed(problem(facts, goal or GOAL, {**policy(*rules), **more}))


def goal_of(indexed: Indexed) -> Consolidation:
    """Return the goal of a problem."""
    goal = indexed.problem.goal
    assert isinstance(goal, Consolidation)
    return goal


def selected(indexed: Indexed, **more: Any) -> Selection:
    """Return the hosts that are kept."""
    found = select_hosts(indexed, goal_of(indexed), EXACT, **more)
    assert found is not None
    return found


def kept(indexed: Indexed, **more: Any) -> list[str]:
    """Return their names."""
    return names(indexed, selected(indexed, **more).kept)


def test_as_few_hosts_as_the_sums_allow_and_those_that_are_dear_to_empty() -> None:
    """1400 MiB need two hosts of 1000; the large VMs stay where they are."""
    indexed = posed()
    found = selected(indexed)
    assert kept(indexed) == ["a", "b"]
    moves_s = sum(indexed.problem.objective.cost_s(name) for name in "xy")
    assert found.bound_s == pytest.approx(2 * HOST_S + moves_s, rel=1e-6)


@pytest.mark.parametrize(
    ("more", "number"),
    [({}, 2), ({"at_least": 3}, 3), ({"slack": 0.4}, 2), ({"slack": 0.5}, 3), ({"at_least": 4}, 4)],
)
def test_more_hosts_on_request(more: dict[str, Any], number: int) -> None:
    """A number, or room that has to be free beside what the VMs take."""
    assert len(kept(posed(), **more)) == number


def test_more_than_there_are_cannot_be_kept() -> None:
    """``None`` says so."""
    indexed = posed()
    assert select_hosts(indexed, goal_of(indexed), EXACT, at_least=5) is None


@pytest.mark.parametrize(
    ("rules", "more", "names"),
    [
        ([rule("stay", ["y"])], {}, ["a", "d"]),
        ([rule("anti_affinity", ["v", "w", "x"])], {}, ["a", "b", "c"]),
        ([rule("anti_affinity", ["v", "w", "x"], at_most=2)], {}, ["a", "b"]),
        ([rule("anti_affinity", ["v", "w", "x"], strictness="preferred")], {}, ["a", "b"]),
        ([rule("host_affinity", ["y"], hosts=["c", "d"])], {}, ["a", "c"]),
        ([], {"spare_hosts": 1}, ["a", "b", "c"]),
        ([], {"spare_hosts": 2}, ["a", "b", "c", "d"]),
        ([], {"limits": {"max_migrations": 1}}, ["a", "b", "c"]),
        ([], {"limits": {"max_migrations": 0}}, ["a", "b", "c", "d"]),
        ([], {"limits": {"max_memory_gib": 0.25}}, ["a", "b", "c"]),
    ],
)
def test_what_keeps_hosts_in_use(
    rules: list[dict[str, Any]], more: dict[str, Any], names: list[str]
) -> None:
    """VMs that stay, groups apart, VMs that may run on few hosts, spare hosts, and limits of a plan in all."""
    assert kept(posed(FOUR, *rules, **more)) == names


def test_the_goal_keeps_a_number_in_use() -> None:
    """But not more than are in use now."""
    assert len(kept(posed(goal={**GOAL, "at_least": 3}))) == 3
    assert kept(posed(cluster(a={"x": 1}, b={}), goal={**GOAL, "at_least": 2})) == ["a"]


def test_large_vms_are_counted() -> None:
    """Three VMs of 600 fit into two hosts by their sum, but no two of them on one."""
    facts = cluster(a={"x": 600}, b={"y": 600}, c={"z": 600}, d={})
    assert len(kept(posed(facts))) == 3


def test_hosts_with_huge_pages_are_kept_for_them() -> None:
    """50 pages on each host: three VMs of 50 need three hosts, however little memory they take."""
    pages = {"hugepages": [{"size_kib": 2048, "total": 50, "free": 0}]}
    facts = {
        "hosts": [host(name, **pages) for name in "abc"],
        "domains": [domain(f"{name}v", name, 100, hugepages_kib=2048) for name in "abc"],
    }
    assert kept(posed(facts)) == ["a", "b", "c"]


def test_watts_decide_who_is_kept() -> None:
    """Two equal hosts, one of which draws more."""
    facts = cluster(a={"x": 500}, b={"y": 100})
    for entry, watts in zip(facts["hosts"], (200, 50), strict=True):
        entry["power"] = {"idle_w": watts}
    assert kept(posed(facts)) == ["b"]


@pytest.mark.parametrize("seed", [5, 7, 20, 26, 27, 30, 36, 37, 42, 48, 53, 55])
def test_no_placement_beats_the_bound_and_the_exact_model_meets_it(seed: int) -> None:
    """Of a tiny cluster, most of which can do with a host or two less, by looking at all placements."""
    found = case(seed, "consolidate").problem()
    assert found is not None
    least_s = least_objective_s(found)
    assert least_s is not None
    indexed = Indexed(found)
    selection = select_hosts(indexed, goal_of(indexed), EXACT, spare=not found.spare.stranded_now)
    assert selection is not None
    assert selection.bound_s <= least_s + 1
    assert is_small(indexed)
    answer = select_and_place(indexed, goal_of(indexed), EXACT, Cuts(found))
    assert answer is not None
    assert answer.bound_s is not None
    assert answer.bound_s <= least_s + 1
    if not found.policies.spare_hosts.count:
        reached = found.objective.value_s(indexed.placement(answer.moves))
        assert reached == pytest.approx(least_s, abs=1.0)


def emptying(facts: Facts = FOUR, least: int = 0, *rules: dict[str, Any], **more: Any) -> Emptying:
    """Return a placement in which no host has been emptied yet."""
    indexed = posed(facts, *rules, **more)
    return Emptying(indexed, goal_of(indexed), least, Preferences.PRICED)


def test_a_host_is_emptied_whole_or_not_at_all() -> None:
    """What fits into the others goes there; what does not leaves everything as it was."""
    found = emptying(cluster(a={"x": 300, "y": 300}, b={"p": 600}))
    assert not found.empty(0, eject=False)
    assert (found.used, found.packing.state.moves()) == ([0, 1], {})
    found = emptying(cluster(a={"x": 300, "y": 100}, b={"p": 600}))
    assert found.empty(0, eject=False)
    assert (found.used, found.packing.state.moves()) == ([1], {1: 1, 2: 1})
    assert found.objective_s() == pytest.approx(HOST_S + found.cost_s())


@pytest.mark.parametrize(
    ("least", "rules", "may"),
    [
        (0, [], [True, True, True, True]),
        (4, [], [False, False, False, False]),
        (0, [rule("stay", ["v"])], [False, True, True, True]),
    ],
)
def test_which_hosts_may_be_emptied(
    least: int, rules: list[dict[str, Any]], may: list[bool]
) -> None:
    """Those with VMs that cannot move stay in use, and so do as many as have to."""
    found = emptying(FOUR, least, *rules)
    assert [found.may_close(number) for number in range(4)] == may


def test_what_hosts_are_ranked_by() -> None:
    """What emptying costs, or how full they are; for what they are worth."""
    found = emptying()
    costs = [found.indexed.problem.objective.cost_s(name) for name in "vwxy"]
    assert [found.leaving_s(number) for number in range(4)] == pytest.approx(costs)
    assert [by_cost(found, n) * HOST_S for n in range(4)] == pytest.approx(costs)
    assert [by_load(found, n) * HOST_S for n in range(4)] == pytest.approx([0.5, 0.4, 0.3, 0.2])


def test_limits_of_a_plan_in_all_end_the_emptying() -> None:
    """One migration empties one host."""
    indexed = posed(FOUR, limits={"max_migrations": 1})
    for rank in RANKS:
        found = emptied(indexed, goal_of(indexed), rank, 0, Preferences.PRICED)
        assert len(found.used) == 3
        assert found.within_budget()


def test_what_need_not_have_moved_is_brought_home() -> None:
    """v moved to b, where there is room; its own host is in use all the same."""
    found = emptying()
    found.packing.put(0, 1)
    found.bring_home()
    assert found.packing.state.moves() == {}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(clusters(max_hosts=6, max_domains=12))
def test_improving_never_makes_a_consolidation_worse(facts: Facts) -> None:
    """One host fewer, or fewer migrations with as many; never more than a host may carry."""
    indexed = posed(facts)
    for rank in RANKS:
        better = emptied(indexed, goal_of(indexed), rank, 0, Preferences.PRICED)
        hosts = len(better.used)
        empty_more(better, 0)
        used, middle_s = len(better.used), better.objective_s()
        assert used <= hosts
        exchange_hosts(better)
        assert better.objective_s() <= middle_s + 1e-6
        assert len(better.used) <= used
        assert all(better.packing.is_within(number) for number in better.used)


def test_a_host_is_exchanged_for_one_that_is_cheaper_to_empty() -> None:
    """a was emptied, which took three migrations; with b in its place one is enough."""
    found = emptying(cluster(a={"u": 100, "v": 100, "w": 100}, b={"x": 100}, c={"y": 600}))
    assert found.empty(0, eject=False)
    before_s = found.cost_s()
    exchange_hosts(found)
    assert len(found.used) == 2
    assert found.cost_s() < before_s
    assert len(found.packing.state.moves()) == 1


def test_an_exchange_that_saves_nothing_is_taken_back() -> None:
    """Emptying the host with one VM was the best there is."""
    found = emptying(cluster(a={"u": 100, "v": 100, "w": 100}, b={"x": 100}, c={"y": 600}))
    assert found.empty(1, eject=False)
    before = found.packing.state.moves()
    exchange_hosts(found)
    assert found.packing.state.moves() == before
    assert found.used == [0, 2]


def test_the_model_of_many_moves_is_not_small() -> None:
    """So it is not solved exactly."""
    hosts = [host(f"h{number:03d}") for number in range(80)]
    domains = [domain(f"v{number:03d}", f"h{number:03d}", 10) for number in range(70)]
    assert not is_small(posed({"hosts": hosts, "domains": domains}))
    assert is_small(Indexed(problem(FOUR, GOAL, TIGHT)))
