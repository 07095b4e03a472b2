# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing hosts into the band."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.cluster.placement import Placement
from planner.cluster.resources import Resources
from planner.errors import Infeasible, PolicyConflict
from planner.goal.band import Band
from planner.pipeline import make_plan
from planner.solver.balancing.even import BalanceSearch
from planner.solver.balancing.iterated import iterate
from planner.solver.balancing.scale import Scale
from planner.solver.indexed import Indexed
from planner.solver.search.state import State
from planner.solver.solve import solve
from tests.benchmarks.instances import POLICY, synthetic
from tests.unit.planner.builders import TIGHT, Facts, cluster, domain, host, policy, problem, rule
from tests.unit.planner.strategies import clusters, rules
from tests.unit.planner.tiny import least_objective_s

BALANCE = {"goal": "balance"}


def term(plan: dict[str, Any], name: str) -> float:
    """Return the value of a term."""
    return float(next(entry["value"] for entry in plan["terms"] if entry["name"] == name))


def test_load_goes_from_the_full_to_the_empty_host() -> None:
    """Of two hosts, one full and one empty, half of the load moves."""
    plan = make_plan(cluster(a={"x": 400, "y": 400}, b={}), TIGHT, BALANCE)
    assert sorted(plan["placement"].values()) == ["a", "b"]
    assert len(plan["steps"]) == 1
    assert term(plan, "deviation of memory") == 0


def test_within_the_trigger_nothing_is_done() -> None:
    """Ten points from the level are left alone; it takes more to act."""
    plan = make_plan(cluster(a={"x": 400, "y": 100}, b={"z": 350}), TIGHT, BALANCE)
    assert plan["steps"] == []
    assert plan["message"] == "Nothing to do: the hosts are balanced as far as it pays."


@pytest.mark.parametrize(("above", "moves"), [(0.79, 1), (0.8, 0), (0.9, 0), (0, 1)])
def test_while_no_host_is_full_nothing_is_done(above: float, moves: int) -> None:
    """`balance.above` is a share of each host's own limit, whatever the others carry."""
    facts = cluster(a={"x": 400, "y": 400}, b={})
    plan = make_plan(facts, {**TIGHT, "balance": {"above": above}}, BALANCE)
    assert len(plan["steps"]) == moves
    if not moves:
        assert plan["message"] == (
            f"Nothing to do: no host gives out more than {above:.0%} of its limits (balance.above)."
        )


def test_busy_cpu_makes_a_host_full_and_maintenance_does_not() -> None:
    """Every resource counts; a host in maintenance takes no part."""
    small = [domain(name, "a", 10, cpu_usage=7) for name in "xy"]
    facts = {"hosts": [host("a"), host("b")], "domains": small}
    above = {**TIGHT, "balance": {"above": 0.8}}
    assert len(make_plan(facts, above, BALANCE)["steps"]) == 1
    facts["hosts"][0]["maintenance"] = True
    assert make_plan(facts, above, BALANCE)["message"].startswith(
        "Nothing to do: no host gives out"
    )


def test_only_a_balance_waits_for_full_hosts() -> None:
    """A required rule that is broken is told all the same; repairs and evacuations do what they are for."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    apart = policy(rule("anti_affinity", ["x", "y"], strictness="required"), balance={"above": 0.8})
    with pytest.raises(Infeasible, match="repair it first"):
        make_plan(facts, apart, BALANCE)
    assert len(make_plan(facts, apart, {"goal": "repair"})["steps"]) == 1
    evacuation = {"goal": "evacuate", "hosts": ["a"]}
    assert len(make_plan(facts, {**TIGHT, "balance": {"above": 0.8}}, evacuation)["steps"]) == 2


def test_a_single_large_vm_is_no_imbalance() -> None:
    """A VM larger than its share needs a host of its own; the level is that of the others."""
    demands = [Resources(memory, 0, 0) for memory in (80, 20, 20)]
    band = Band.around(demands, [Resources(100, 1, 1)] * 3, 0.05)
    assert band.level[0] == pytest.approx(0.2)
    facts = cluster(a={"large": 800}, b={"x": 200}, c={"y": 200})
    assert make_plan(facts, TIGHT, BALANCE)["steps"] == []


def test_aggressiveness_moves_more() -> None:
    """A thorough balance moves at least as much as a timid one, and ends more even."""
    facts = synthetic(8, 60, seed=2, first_fit=True)
    timid, thorough = (
        make_plan(facts, POLICY, {**BALANCE, "aggressiveness": level}) for level in (1, 5)
    )
    assert len(timid["steps"]) <= len(thorough["steps"])
    assert term(timid, "deviation of memory") >= term(thorough, "deviation of memory")


def test_iterating_only_improves_and_always_in_the_same_way() -> None:
    """Sending some VMs home and searching again finds something better here, twice the same, within the limits."""
    facts = synthetic(8, 80, seed=3, first_fit=True)
    allowed = {**POLICY, "limits": {"max_migrations": 12}}
    found = []
    for _repeat in range(2):
        case = problem(facts, BALANCE, allowed)
        indexed = Indexed(case)
        search = BalanceSearch(State(indexed), Scale(indexed, case.goal))  # type: ignore[arg-type]
        search.improve(1000)
        before_s = search.cost_s()
        iterate(search, 40)
        assert search.cost_s() < before_s
        assert 0 < len(search.state.moves()) <= 12
        found.append(search.state.moves())
    assert found[0] == found[1]


def test_budget_limits_the_migrations() -> None:
    """With two migrations allowed, two are made, and they are worth it."""
    facts = synthetic(8, 60, seed=2, first_fit=True)
    plan = make_plan(facts, {**POLICY, "limits": {"max_migrations": 2}}, BALANCE)
    assert 1 <= len(plan["steps"]) <= 2


def test_hosts_in_maintenance_are_left_out() -> None:
    """An empty host in maintenance is no reason to move anything."""
    facts = cluster(a={"x": 300}, b={"y": 300}, c={})
    facts["hosts"][2]["maintenance"] = True
    assert make_plan(facts, TIGHT, BALANCE)["steps"] == []


def test_rules_are_kept() -> None:
    """The VMs that may not be on the empty host stay, those that may go."""
    facts = cluster(a={"x": 300, "y": 300, "z": 300}, b={})
    plan = make_plan(facts, policy(rule("host_affinity", ["x", "y"], hosts=["a"])), BALANCE)
    assert [step["domain"] for step in plan["steps"]] == ["z"]


@pytest.mark.parametrize(
    ("hosts", "vms", "first_fit"), [(8, 80, True), (20, 200, False), (40, 400, True)]
)
def test_the_gap_is_small(hosts: int, vms: int, first_fit: bool) -> None:
    """At every size the plan is within one per cent of what is provably best, and the hosts end up even."""
    plan = make_plan(synthetic(hosts, vms, seed=4, first_fit=first_fit), POLICY, BALANCE)
    assert plan["gap"] <= 0.01
    assert term(plan, "deviation of memory") < 10
    assert term(plan, "deviation of vCPUs") < 10
    assert plan["makespan_s"] <= 1.1 * plan["makespan_bound_s"]


def test_bound_is_below_every_placement() -> None:
    """Brute force over all placements of a tiny cluster finds nothing below the bound, and nothing much better."""
    facts = cluster(a={"x": 300, "y": 200, "z": 200, "w": 100}, b={"v": 100}, c={})
    plan = make_plan(facts, TIGHT, {**BALANCE, "min_gain": 0})
    posed = problem(facts, BALANCE)
    names = list(posed.snapshot.placement)
    costs = []
    for choice in product("abc", repeat=len(names)):
        placement = Placement(dict(zip(names, choice, strict=True)))
        if all(
            load.fits(posed.room.limits[host])
            for host, load in posed.snapshot.loads(placement).items()
        ):
            costs.append(posed.objective.value_s(placement))
    assert plan["bound"] <= min(costs) + 1e-6
    assert plan["objective"] <= 1.02 * min(costs)


def test_the_bound_counts_no_large_vm_that_may_stay_on_a_host_in_maintenance() -> None:
    """Large VMs lift whatever host they are on above the band, but not one that is not balanced."""
    facts = {
        "hosts": [host("a", 1000, 8), host("b", 1500, 8), host("m", 2000, maintenance=True)],
        "domains": [
            domain("p", "a", 500, 1),
            domain("q", "b", 500, 4),
            domain("r", "a", 300, 2),
            *(domain(f"m{number}", "m", 500, 4) for number in range(3)),
        ],
    }
    assert_no_placement_beats_the_bound(facts, TIGHT)


def test_the_bound_counts_what_comes_from_a_host_in_maintenance() -> None:
    """Where nothing else can move, a VM from a host in maintenance fills the emptier host."""
    facts = {
        "hosts": [host("a", vcpus=900), host("b", vcpus=900), host("m", maintenance=True)],
        "domains": [
            *(domain(name, "a", 350) for name in "pq"),
            *(domain(name, "b", 150) for name in "rs"),
            domain("k", "m", 200),
        ],
    }
    assert_no_placement_beats_the_bound(facts, policy(rule("stay", list("pqrs"))))


def assert_no_placement_beats_the_bound(facts: Facts, document: dict[str, Any]) -> None:
    """Look at all placements of a tiny cluster."""
    posed = problem(facts, BALANCE, document)
    least = least_objective_s(posed)
    assert least is not None
    assert solve(posed).bound <= least + 0.01


@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_every_balance_verifies_and_never_makes_it_worse(data: st.DataObject) -> None:
    """Whatever the cluster and its rules, the plan verifies, and costs no more than doing nothing."""
    facts = data.draw(clusters())
    try:
        plan = make_plan(facts, policy(*data.draw(rules(facts))), BALANCE)
    except PolicyConflict:
        return
    idle = problem(facts, BALANCE)
    assert (
        plan["objective"] <= idle.objective.value_s(idle.snapshot.placement) + 1e-3
        or plan["steps"] == []
    )


def test_an_exchange_obeys_rules_at_both_ends() -> None:
    """Exchanging VMs of rival groups is refused if one of them meets a rival that stays (found by the oracle)."""
    facts = cluster(a={"x": 300, "y": 300, "big": 200}, b={"u": 100, "v": 50}, c={"w": 50})
    rivals = {"type": "separation", "name": "rivals", "groups": [["x", "y"], ["u", "v", "w"]]}
    plan = make_plan(facts, policy(rivals), {**BALANCE, "aggressiveness": 5})
    posed = problem(facts, BALANCE, policy(rivals))
    assert posed.policies.rules[0].violations(posed.snapshot, plan["placement"]) == ()
