# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consolidation of uneven clusters: never worse than the simple way, and near the bound."""

from __future__ import annotations

from random import Random

import pytest

from planner.pipeline import make_plan
from tests.benchmarks.greedy import Order, greedy
from tests.benchmarks.instances import POLICY, Facts, synthetic
from tests.unit.planner.builders import cluster, domain, host

CONSOLIDATE = {"goal": "consolidate"}


def hosts_and_moves(facts: Facts, order: Order) -> tuple[int, int]:
    """Return the hosts in use and the migrations of the simple way."""
    where = greedy(facts, order)
    return len(set(where.values())), sum(where[vm["name"]] != vm["host"] for vm in facts["domains"])


def mixed(seed: int) -> Facts:
    """Return a cluster of hosts of two sizes, filled unevenly by chance."""
    chance = Random(seed)
    facts: Facts = {"hosts": [], "domains": []}
    for number in range(24):
        name, big = f"n{number:02d}", number % 3 == 0
        memory, vcpus = (131_072, 48) if big else (65_536, 32)
        facts["hosts"].append(host(name, memory, vcpus))
        left_mib, left_vcpus = memory * chance.random(), vcpus * chance.random()
        while True:
            shape = chance.choice([(2048, 1), (4096, 4), (8192, 2), (16_384, 8)])
            if shape[0] > left_mib or shape[1] > left_vcpus:
                break
            left_mib, left_vcpus = left_mib - shape[0], left_vcpus - shape[1]
            vm = domain(f"v{len(facts['domains']):03d}", name, *shape)
            facts["domains"].append(vm)
    return facts


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["first-fit", "mixed"])
def test_never_more_hosts_than_the_simple_way(seed: int, kind: str) -> None:
    """Emptying hosts best-fit, by load or by number of VMs, never ends with fewer hosts than the plan."""
    facts = mixed(seed) if kind == "mixed" else synthetic(40, 600, seed=seed, first_fit=True)
    plan = make_plan(facts, POLICY, CONSOLIDATE)
    ours = len(set(plan["placement"].values())), len(plan["steps"])
    for order in (lambda load, _vms: load, lambda _load, vms: vms):
        assert ours[0] <= hosts_and_moves(facts, order)[0]


def test_uneven_clusters_come_near_the_bound() -> None:
    """First-fit leaves hosts that are full beside hosts that are nearly empty; the plan is within 2 % of the bound."""
    plan = make_plan(synthetic(100, 1000, seed=3, first_fit=True), POLICY, CONSOLIDATE)
    assert plan["gap"] < 0.02


def test_leftovers_that_do_not_match_are_exchanged() -> None:
    """One host lacks memory and another vCPUs, so a third can only be emptied when both exchange VMs."""
    facts = cluster(a={}, b={}, c={})
    facts["hosts"] = [host(name, 16_384, 16) for name in "abc"]
    wide = [("a", 2048, 4, n) for n in range(4)]  # all vCPUs, half of the memory
    tall = [("b", 4096, 1, n) for n in range(4)]  # all memory, a quarter of the vCPUs
    small = [("c", 2048, 3, n) for n in range(4)]
    facts["domains"] = [
        domain(f"{name}{n}", name, memory, vcpus)
        for name, memory, vcpus, n in [*wide, *tall, *small]
    ]
    plan = make_plan(facts, POLICY, CONSOLIDATE)
    assert len(set(plan["placement"].values())) == 2


def test_the_same_input_gives_the_same_plan() -> None:
    """Nothing in the search depends on time or on where objects lie in memory."""
    facts = synthetic(40, 600, seed=9, first_fit=True)
    assert make_plan(facts, POLICY, CONSOLIDATE) == make_plan(facts, POLICY, CONSOLIDATE)
