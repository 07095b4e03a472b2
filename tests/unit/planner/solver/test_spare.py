# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail, where a policy requires it."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from planner.cluster.parse import parse_cluster
from planner.cluster.placement import Placement
from planner.cluster.resources import Resources
from planner.errors import Infeasible, NoOrder
from planner.pipeline import make_plan
from planner.policy.spare_hosts import SpareHosts, repack
from planner.solver.milp.backend import Effort
from planner.solver.solve import solve_goal
from planner.verify import find_faults
from tests.unit.planner.builders import TIGHT, Facts, cluster, domain, evacuation, policy, problem
from tests.unit.planner.strategies import clusters

REQUIRED = policy(spare_hosts={"count": 1, "strictness": "required"})
SPREADABLE = cluster(a={"x": 200, "u": 200}, b={"y": 600}, c={"w": 300}, d={"v": 300})
"""If x and u are spread over c and d, y finds no place when b fails; on one of them, it does."""


def test_an_evacuation_leaves_the_spare_room_that_is_required() -> None:
    """By default x and u are spread, with a warning; required, they are kept together, and nothing is lost."""
    plan = make_plan(SPREADABLE, policy(spare_hosts=1), evacuation("a"))
    assert plan["placement"]["x"] != plan["placement"]["u"]
    assert "After this plan: if b failed, there would be no place for y." in plan["warnings"]
    plan = make_plan(SPREADABLE, REQUIRED, evacuation("a"))
    assert plan["placement"]["x"] == plan["placement"]["u"]
    assert plan["warnings"] == []
    assert plan["status"] == "optimal"


def test_what_cannot_be_left_is_refused_with_the_cheapest_remedy() -> None:
    """y needs 600 MiB in one piece when b fails: the message says what to free, and freed, it is enough."""
    facts = cluster(a={"x": 200}, b={"y": 600}, c={"w": 550}, d={"v": 550})
    with pytest.raises(Infeasible) as caught:
        make_plan(facts, REQUIRED, evacuation("a"))
    assert caught.value.message == (
        "If c failed, there would be no place for w after this plan, and spare_hosts is required; free 100 MiB of "
        "memory on b and 150 MiB of memory on c, or make spare_hosts never_worsen."
    )
    facts["hosts"][1]["memory_mib"] += 100
    facts["hosts"][2]["memory_mib"] += 150
    assert make_plan(facts, REQUIRED, evacuation("a"))["steps"]


def test_too_little_in_all_is_seen_before_anything_is_tried() -> None:
    """Without a and one more, 2000 MiB hold no 2100: the sentence needs no example of a VM."""
    facts = cluster(a={"x": 300, "u": 100}, b={"y": 600}, c={"w": 600}, d={"v": 500})
    words = r"If 1 more host failed while a cannot be used, .* free at least 100 MiB of memory, or"
    with pytest.raises(Infeasible, match=words):
        make_plan(facts, REQUIRED, evacuation("a"))


def test_vms_too_large_for_the_hosts_left_are_counted_not_tried() -> None:
    """There is room for 15 VMs by their sum, without b and one more, but six hosts hold no 19 pieces of 16 MiB."""
    facts = cluster(**{name: {} for name in "abcdefgh"})
    sizes = [32, 32, 32, 32, 24, 24, 24, *[16] * 8]
    for number, (size, home) in enumerate(zip(sizes, "abcdefghabcdefg", strict=True)):
        facts["domains"].append(domain(f"v{number:02d}", home, size))
    for entry in facts["hosts"]:
        entry["memory_mib"] = 62
    words = r"in pieces of 16 MiB of memory, which hosts cannot share, the VMs need 19, and there would be 18"
    with pytest.raises(Infeasible, match=words):
        make_plan(facts, REQUIRED, evacuation("b"))


def scattered(hosts: int, seed: int) -> Facts:
    """Return hosts with 62 MiB, so full of VMs of 8, 16 and 24 MiB that no VM more has a place on most."""
    chance = Random(seed)
    free = {f"h{number:02d}": 53.0 for number in range(hosts)}
    facts = cluster(**{name: {} for name in free})
    for entry in facts["hosts"]:
        entry["memory_mib"] = 62
    for number in range(10 * hosts):
        size = chance.choice([8, 16, 24])
        fitting = [name for name in free if free[name] >= size]
        if not fitting:
            break
        home = chance.choice(fitting)
        free[home] -= size
        facts["domains"].append(domain(f"v{number:03d}", home, size))
    return facts


@pytest.mark.parametrize(("hosts", "seed"), [(16, 3), (20, 1)])
def test_scattered_room_is_gathered(hosts: int, seed: int) -> None:
    """There is room enough, but not where the VMs of a host that fails need it: more VMs move, none needlessly."""
    facts = scattered(hosts, seed)
    posed = problem(facts, evacuation("h01"), REQUIRED)
    quick = solve_goal(posed.goal, posed, Effort())
    assert posed.spare.worsens(quick.placement)
    plan = make_plan(facts, REQUIRED, evacuation("h01"))
    for step in plan["steps"]:
        back = Placement({**plan["placement"], step["domain"]: step["source"]})
        fits = posed.snapshot.loads(back)[step["source"]].fits(posed.room.caps[step["source"]])
        assert step["source"] == "h01" or not fits or posed.spare.worsens(back)


def test_an_over_full_host_takes_nothing_over_and_is_no_obstacle() -> None:
    """b carries more than it may give out, so that it takes nobody over; c and d are enough."""
    facts = cluster(a={"x": 100}, b={"y": 400, "z": 300, "k": 400}, c={}, d={})
    plan = make_plan(facts, REQUIRED, {"goal": "restore", "hosts": ["c"], "domains": ["x"]})
    assert plan["placement"]["x"] == "c"


def test_what_is_missing_already_is_not_required() -> None:
    """Fix, never worsen: y has no place in a failure of b today either, so a is emptied as ever."""
    facts = cluster(a={"x": 100}, b={"y": 900}, c={"w": 200}, d={"v": 200})
    assert make_plan(facts, REQUIRED, evacuation("a"))["steps"]


def test_a_balance_does_not_use_the_room_up() -> None:
    """Even hosts would leave no place for the large VM: nothing moves, and the plan says why."""
    facts = cluster(a={"p": 250, "q": 250}, b={"y": 600}, c={})
    goal = {"goal": "balance", "aggressiveness": 5}
    assert make_plan(facts, TIGHT, goal)["steps"]
    plan = make_plan(facts, REQUIRED, goal)
    posed = problem(facts, goal, REQUIRED)
    assert not posed.spare.worsens(plan["placement"])


def test_a_person_is_told_that_a_migration_uses_the_room_up() -> None:
    """Asked for one migration, there is nothing to choose: it is refused."""
    facts = cluster(a={"x": 300}, b={"y": 600, "k": 150}, c={"z": 500})
    goal = {"goal": "migrate", "domain": "k", "destination": "a"}
    assert make_plan(facts, TIGHT, goal)["steps"]
    with pytest.raises(Infeasible, match="If b failed, there would be no place for y"):
        make_plan(facts, REQUIRED, goal)


def test_the_oracle_simulates_the_failures() -> None:
    """A plan made without the requirement is refused with it."""
    plan = make_plan(SPREADABLE, TIGHT, evacuation("a"))
    posed = problem(SPREADABLE, evacuation("a"), REQUIRED)
    assert "If b failed, there would be no place for y." in set(find_faults(posed, plan))


def test_a_packing_that_best_fit_misses_is_found() -> None:
    """400 goes where it fits best, and leaves 200 without a place; together with 300 it leaves room for all."""
    facts = cluster(a={"p": 400, "q": 300, "r": 300, "s": 200}, b={"t": 300}, c={"u": 500})
    snapshot = problem(facts, evacuation("a")).snapshot
    limits = {name: Resources(1000, 99, 99) for name in "abc"}
    places, unplaced = repack(
        snapshot, snapshot.placement, ("a",), limits, lambda domain, host: True
    )
    assert unplaced == []
    assert set(places) == {"p", "q", "r", "s"}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(clusters(max_hosts=4, max_domains=6))
def test_no_is_only_said_if_there_is_no_way(facts: dict[str, Any]) -> None:
    """Where the evacuation of a cluster with spare room is refused, brute force finds no placement either."""
    posed = problem(facts, evacuation("h0"), REQUIRED)
    assume(not posed.spare.stranded_now)
    try:
        make_plan(facts, REQUIRED, evacuation("h0"))
    except NoOrder:
        return
    except Infeasible:
        names = list(posed.snapshot.placement)
        hosts = [entry["name"] for entry in facts["hosts"][1:]]
        for choice in product(hosts, repeat=len(names)):
            placement = Placement(dict(zip(names, choice, strict=True)))
            loads = posed.snapshot.loads(placement)
            fits = all(load.fits(posed.room.caps[host]) for host, load in loads.items())
            assert not fits or posed.spare.worsens(placement)


def test_an_empty_host_may_be_one_of_those_that_fail() -> None:
    """Of two that fail one may be the empty host that was to take the VMs of the other."""
    facts = cluster(a={"x": 500}, b={"y": 500}, c={}, d={"z": 900})
    snapshot = parse_cluster(facts)
    limits = {name: Resources(1000, 100, 100) for name in "abcd"}
    failures = SpareHosts(count=2).failures(snapshot, snapshot.placement, limits)
    assert ("a", "c") in failures
    assert all(set(failed) - {"c"} for failed in failures)


def few_large(hosts: int, seed: int) -> Facts:
    """Return a cluster of few hosts, crowded with few large VMs."""
    chance = Random(seed)
    room = [65_536] * hosts
    facts: Facts = {"hosts": [], "domains": []}
    for number in range(18):
        mib = chance.choice((16_384, 24_576, 32_768, 20_480))
        able = [at for at in range(hosts) if room[at] >= mib]
        if not able:
            continue
        at = chance.choice(able)
        room[at] -= mib
        facts["domains"].append(domain(f"v{number:02d}", f"h{at:02d}", mib, 2))
    facts["hosts"] = [
        {"name": f"h{at:02d}", "memory_mib": 65_536, "vcpus": 32} for at in range(hosts)
    ]
    return facts


@pytest.mark.parametrize("count", [1, 2])
def test_a_crowded_cluster_is_emptied_though_failures_leave_some_without_a_place(
    count: int,
) -> None:
    """As many VMs may be without a place as now; the least number that is possible counts, not a hasty packing's."""
    plan = make_plan(
        few_large(8, 2),
        policy(spare_hosts={"count": count, "strictness": "required"}),
        evacuation("h00"),
    )
    assert plan["steps"]


def test_as_few_as_possible_are_left_without_a_place() -> None:
    """Best-fit leaves two over; leaving the largest out, all others have a place."""
    posed = problem(
        cluster(a={"big": 500, "p": 300, "q": 300, "r": 300}, b={"s": 400}, c={"t": 700}),
        evacuation("b"),
    )
    limits = {"b": Resources(1000, 16, 16), "c": Resources(1000, 16, 16)}
    placement = {name: vm.host for name, vm in posed.snapshot.domains.items()}
    _places, unplaced = repack(posed.snapshot, placement, ("a",), limits, lambda _vm, _host: True)
    assert unplaced == ["big"]


def test_many_equal_vms_without_a_place_are_counted_at_once() -> None:
    """Which of eighty equal VMs are left out makes no difference: one choice of each number is tried."""
    equal = {f"v{number:02}": 10 for number in range(80)}
    posed = problem(cluster(a=equal, b={"w": 700}, c={"z": 700}), evacuation("b"), REQUIRED)
    unplaced = {violation.subjects: violation.amount for violation in posed.spare.stranded_now}
    assert unplaced[("a",)] == 80 - 2 * 15


def test_a_failure_of_thousands_of_vms_is_counted() -> None:
    """Best fit wastes room that a search would use; with a level a VM it would go deeper than Python does."""
    many = {f"v{number:04}": 3 for number in range(1100)}
    facts = cluster(a={**many, "x": 5, "y": 5}, b={}, c={})
    for entry, memory_mib in zip(facts["hosts"], (4000, 1655, 1655), strict=True):
        entry.update(memory_mib=memory_mib, vcpus=2000)
    posed = problem(facts, {"goal": "repair"}, policy(spare_hosts=1))
    assert [violation.amount for violation in posed.spare.stranded_now] == [1]
