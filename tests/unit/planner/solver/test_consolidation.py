# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running on the fewest hosts."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.goal.consolidation import HOST_S
from planner.pipeline import make_plan
from planner.policy.spare_hosts import stranded
from tests.benchmarks.instances import POLICY, synthetic
from tests.unit.planner.builders import TIGHT, Facts, cluster, domain, host, policy, problem, rule
from tests.unit.planner.strategies import clusters, rules

CONSOLIDATE = {"goal": "consolidate"}


def used(plan: dict[str, object]) -> int:
    """Return the number of hosts in use."""
    return len(set(plan["placement"].values()))  # type: ignore[attr-defined]


def test_the_cheapest_hosts_are_emptied() -> None:
    """Two of three hosts can be emptied; the one with most to move stays, and the others may be switched off."""
    plan = make_plan(
        cluster(a={"x": 100}, b={"y": 100, "z": 100, "w": 300}, c={"v": 100}), TIGHT, CONSOLIDATE
    )
    assert set(plan["placement"].values()) == {"b"}
    assert plan["power_off"] == ["a", "c"]
    assert len(plan["steps"]) == 2
    assert plan["status"] == "optimal"


def two_zones(seed: int) -> tuple[Facts, dict[str, object]]:
    """Return a cluster with little memory left whose VMs may run on one or the other of two sets of hosts."""
    chance = Random(seed)
    zones = ("abcde", "defgh")
    free = dict.fromkeys("abcdefgh", 1000)
    domains = []
    for number in range(22):
        size, zone = chance.choice([150, 200, 250, 350]), chance.randrange(2)
        if fitting := [name for name in zones[zone] if free[name] >= size]:
            home = chance.choice(fitting)
            free[home] -= size
            labels = {"zone": str(zone)}
            domains.append(domain(f"v{number:02d}", home, size, labels=labels))
    stay = [
        rule("host_affinity", f"labels.zone == '{zone}'", name=f"zone {zone}", hosts=list(hosts))
        for zone, hosts in enumerate(zones)
    ]
    return {"hosts": [host(name) for name in free], "domains": domains}, policy(*stay)


@pytest.mark.parametrize("seed", [1, 3, 10])
def test_tight_memory_and_two_zones_are_packed_to_the_bound(seed: int) -> None:
    """Where one VM after the other no longer fits, all are placed at once: no gap of a host is left."""
    facts, rules_of_zones = two_zones(seed)
    plan = make_plan(facts, rules_of_zones, CONSOLIDATE)
    assert plan["gap"] < 1e-3
    assert used(plan) == round(plan["bound"] / HOST_S)


def test_a_full_cluster_stays_as_it_is() -> None:
    """Where no host can be emptied, nothing moves."""
    plan = make_plan(cluster(a={"x": 900}, b={"y": 900}), TIGHT, CONSOLIDATE)
    assert plan["message"] == "Nothing to do: no way to empty another host was found."
    assert plan["status"] == "optimal"


def test_a_vm_that_cannot_move_keeps_its_host_in_use() -> None:
    """The VMs gather where the unmovable one is."""
    facts = cluster(a={"x": 100}, b={"y": 100})
    facts["domains"][0]["blockers"] = [
        {"code": "hostdev", "message": "it has a device of its host"}
    ]
    assert make_plan(facts, TIGHT, CONSOLIDATE)["placement"] == {"x": "a", "y": "a"}


def test_watts_decide_where_they_are_known() -> None:
    """Of two equal hosts, the one that draws more is emptied, though that takes one migration more."""
    facts = {
        "hosts": [host("a", power={"idle_w": 300}), host("b", power={"idle_w": 100})],
        "domains": [domain("x", "a"), domain("y", "a"), domain("z", "b")],
    }
    plan = make_plan(facts, TIGHT, CONSOLIDATE)
    assert set(plan["placement"].values()) == {"b"}


def test_spare_hosts_stay_in_use() -> None:
    """With one spare host, any host may fail: the VMs of four hosts fit on one, but stay on two."""
    facts = cluster(a={"x": 200}, b={"y": 200}, c={"z": 200}, d={"w": 200})
    assert used(make_plan(facts, TIGHT, CONSOLIDATE)) == 1
    plan = make_plan(facts, {**TIGHT, "spare_hosts": 1}, CONSOLIDATE)
    assert used(plan) == 2


def test_failures_are_simulated_not_only_added_up() -> None:
    """Enough free memory in pieces of 250 is not enough for a VM of 300."""
    facts = cluster(a={"x": 300}, b={"p": 750}, c={"q": 750})
    given_problem = problem(facts, CONSOLIDATE, {**TIGHT, "spare_hosts": 1})
    left = stranded(
        given_problem.snapshot,
        given_problem.snapshot.placement,
        ("a",),
        given_problem.room.limits,
        lambda _vm, _host: True,
    )
    assert left == ["x"]


def test_at_least_so_many_hosts() -> None:
    """A person's minimum of hosts in use is kept."""
    facts = cluster(a={"x": 1}, b={"y": 1}, c={"z": 1})
    assert used(make_plan(facts, TIGHT, {**CONSOLIDATE, "at_least": 2})) == 2


def test_replicas_need_as_many_hosts() -> None:
    """Two replicas that must be apart keep two hosts in use."""
    facts = cluster(a={"x": 1}, b={"y": 1}, c={"z": 1})
    assert used(make_plan(facts, policy(rule("anti_affinity", ["x", "y"])), CONSOLIDATE)) == 2


def test_zero_load_and_identical_vms() -> None:
    """VMs without any load, all alike, are packed like others."""
    facts = cluster(**{name: {f"{name}{n}": 100 for n in range(4)} for name in "abcde"})
    plan = make_plan(facts, TIGHT, CONSOLIDATE)
    assert used(plan) == 2
    assert plan["status"] == "optimal"


def test_synthetic_cluster_reaches_the_bound() -> None:
    """20 hosts with 200 VMs are packed onto as few hosts as is provably possible, in as few migrations."""
    plan = make_plan(synthetic(20, 200, seed=3, first_fit=False), POLICY, CONSOLIDATE)
    assert plan["status"] == "optimal"
    assert plan["makespan_s"] <= 1.1 * plan["makespan_bound_s"]


@pytest.mark.parametrize(
    "facts",
    [
        cluster(a={"p": 500, "q": 300}, b={"r": 600, "s": 200}, c={"t": 200}),
        cluster(a={"p": 400}, b={"r": 300, "s": 300}, c={"t": 500, "u": 200}),
        cluster(a={"p": 600}, b={"r": 600}, c={"t": 300, "u": 300}),
    ],
)
def test_brute_force_agrees_on_the_number_of_hosts(facts: Facts) -> None:
    """On tiny clusters no placement uses fewer hosts."""
    hosts = [entry["name"] for entry in facts["hosts"]]
    best = len(hosts)
    for choice in product(hosts, repeat=len(facts["domains"])):
        loads = dict.fromkeys(hosts, 0)
        for vm, chosen in zip(facts["domains"], choice, strict=True):
            loads[chosen] += vm["memory_mib"]
        if max(loads.values()) <= 1000:
            best = min(best, len(set(choice)))
    assert used(make_plan(facts, TIGHT, CONSOLIDATE)) == best


@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_every_consolidation_verifies_and_is_at_rest(data: st.DataObject) -> None:
    """Whatever the cluster and its rules, the plan verifies, and planning again never needs more hosts."""
    facts = data.draw(clusters(max_domains=10))
    document = policy(*data.draw(rules(facts)), spare_hosts=data.draw(st.integers(0, 1)))
    try:
        plan = make_plan(facts, document, CONSOLIDATE)
    except Exception as error:
        assert type(error).__name__ == "PolicyConflict"  # noqa: PT017
        return
    after = {
        **facts,
        "domains": [{**vm, "host": plan["placement"][vm["name"]]} for vm in facts["domains"]],
    }
    assert used(make_plan(after, document, CONSOLIDATE)) <= used(plan)


def test_empty_hosts_do_not_count_as_in_use() -> None:
    """Two hosts are to stay in use, and only a and c have room for the failure of one: but c is empty, and if it
    were kept instead of b, one would be in use."""
    facts = cluster(a={"x": 200, "y": 200, "z": 400}, b={"w": 100}, c={})
    facts["hosts"][1]["memory_mib"] = 800
    plan = make_plan(facts, policy(spare_hosts=1), {**CONSOLIDATE, "at_least": 2})
    assert used(plan) == 2


def test_spare_room_that_is_missing_already_is_not_asked_for() -> None:
    """If c failed, there would be no place for its VM, with or without a consolidation: it goes as far as it makes
    that no worse, and what it claims to be the least is no more than what it reached."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={"big": 900}, d={"z": 100})
    plan = make_plan(facts, policy(spare_hosts=1), CONSOLIDATE)
    assert used(plan) == 3
    assert plan["bound"] <= plan["objective"]


def test_one_failure_that_costs_a_vm_is_no_excuse_for_one_that_costs_all() -> None:
    """All VMs on b: then only the failure of b leaves some without a place, as now, but all of them instead of two."""
    facts = cluster(a={"x": 400, "y": 400}, b={"v": 100, "w": 100}, c={})
    facts["hosts"][0]["memory_mib"] = 600
    posed = problem(facts, CONSOLIDATE, policy(spare_hosts=1))
    assert posed.spare.worsens(dict.fromkeys(posed.snapshot.placement, "b"))


@pytest.mark.parametrize("power", [{}, {"idle_w": 100}])
def test_nothing_is_packed_where_no_host_is_up(power: dict[str, int]) -> None:
    """All of them are asleep, or do not answer: there is nothing to do, and no traceback."""
    facts = cluster(a={}, b={})
    for entry in facts["hosts"]:
        entry.update(state="asleep", power=power)
    assert make_plan(facts, TIGHT, {"goal": "consolidate"})["steps"] == []
