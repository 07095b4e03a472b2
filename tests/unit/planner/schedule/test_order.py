# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order, and how long it takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from planner.cluster.domain import Domain
from planner.cluster.parse import parse_cluster
from planner.cluster.placement import Placement
from planner.errors import NoOrder
from planner.pipeline import make_plan, read_problem
from planner.problem.problem import Problem
from planner.schedule.build import build_plan
from planner.schedule.parking import circles
from planner.schedule.transfer import bandwidth_mib_s, transfer_s
from planner.solver.solution import proved_solution
from planner.verify import find_faults
from tests.unit.planner.builders import TIGHT, cluster, evacuation, host, policy, rule


def ordered(
    facts: dict[str, Any], after: dict[str, str], document: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Order the migrations to a placement, and check the plan with the oracle."""
    problem = read_problem(facts, document or TIGHT, evacuation(facts["hosts"][-1]["name"]))
    placement = problem.snapshot.placement.move(after)
    plan = build_plan(
        problem, proved_solution(placement, problem.objective.value_s(placement), None)
    ).to_document()
    assert faults(problem, plan) == []
    return plan


def faults(problem: Problem, plan: dict[str, Any]) -> list[str]:
    """Return what the oracle finds."""
    return list(find_faults(problem, plan))


def test_a_host_takes_part_in_one_migration_at_a_time() -> None:
    """By default source and destination share one token: three leavers of a host go one after the other."""
    plan = make_plan(
        cluster(a={"x": 100, "y": 100, "z": 100}, b={}, c={}, d={}), TIGHT, evacuation("a")
    )
    steps = sorted(plan["steps"], key=lambda step: step["start_s"])
    assert all(one["finish_s"] <= other["start_s"] for one, other in pairwise(steps))
    assert plan["makespan_s"] == plan["makespan_bound_s"]
    assert len(plan["waves"]) == 3


def test_two_at_a_time_take_half_as_long() -> None:
    """With two tokens per host, and enough for the cluster, two run together."""
    limits = {**TIGHT, "limits": {"per_host": 2, "cluster": 2}}
    plan = make_plan(cluster(a={"x": 100, "y": 100}, b={}, c={}, d={}), limits, evacuation("a"))
    assert [step["start_s"] for step in plan["steps"]] == [0.0, 0.0]
    assert len(plan["waves"]) == 1


def test_half_the_cluster_at_once() -> None:
    """Of five hosts, two migrations run at once by default; a number in the policy replaces that."""
    facts = cluster(a={"x": 1}, b={}, c={}, d={}, e={})
    assert make_plan(facts, TIGHT, evacuation("a"))["limits"]["cluster"] == 2
    more = {**TIGHT, "limits": {"cluster": 5}}
    assert make_plan(facts, more, evacuation("a"))["limits"]["cluster"] == 5


def test_an_arrival_waits_for_the_room_it_needs() -> None:
    """x fits on b only when y has left it, so it waits for y and for nobody else."""
    facts = cluster(a={"x": 600}, b={"y": 600, "z": 100}, c={}, d={}, e={})
    plan = ordered(facts, {"x": "b", "y": "c", "z": "d"})
    steps = {step["domain"]: step for step in plan["steps"]}
    assert steps["x"]["after"] == [steps["y"]["id"]]
    assert steps["y"]["after"] == steps["z"]["after"] == []


def test_waiting_for_room_holds_nobody_else_up() -> None:
    """A migration that cannot start yet does not keep a later one in the list from starting."""
    facts = cluster(a={"x": 900}, b={"y": 900}, c={}, d={"w": 10}, e={}, z={})
    plan = ordered(facts, {"x": "b", "y": "c", "w": "e"})
    assert {step["domain"]: step["start_s"] for step in plan["steps"]}["w"] == 0.0


def test_a_circle_is_broken_by_parking() -> None:
    """Two full hosts exchange VMs through a third one; the smaller VM makes the detour."""
    facts = cluster(a={"x": 900}, b={"y": 800}, c={}, z={})
    plan = ordered(facts, {"x": "b", "y": "a"})
    ways = [
        (step["domain"], step["source"], step["destination"], step["parking"])
        for step in plan["steps"]
    ]
    assert ways == [("y", "b", "c", True), ("x", "a", "b", False), ("y", "c", "a", False)]
    assert plan["steps"][2]["after"] == [plan["steps"][0]["id"], plan["steps"][1]["id"]]


def test_a_circle_without_parking_space_is_said() -> None:
    """With no host to park on, the migrations that block each other are named."""
    facts = cluster(a={"x": 900}, b={"y": 800}, c={"w": 900}, z={})
    facts["hosts"][-1]["maintenance"] = True
    with pytest.raises(NoOrder, match=r"x \(a to b\)"):
        ordered(facts, {"x": "b", "y": "a"})


def test_circles_are_the_strongly_connected_parts() -> None:
    """A chain has no circle, an exchange has one."""
    problem = read_problem(cluster(a={"x": 1}, b={"y": 1}, c={}), TIGHT, evacuation("c"))
    from planner.schedule.build import list_steps

    assert circles(list_steps(problem, Placement({"x": "b", "y": "c"}))) == []
    assert circles(list_steps(problem, Placement({"x": "b", "y": "a"}))) == [{"a", "b"}]


def test_apart_at_every_moment() -> None:
    """A rule that holds throughout makes the newcomer wait until its rival has gone."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={}, d={}, e={})
    loose = ordered(
        facts,
        {"x": "b", "y": "c"},
        policy(rule("anti_affinity", ["x", "y"]), limits={"per_host": 2}),
    )
    strict = policy(rule("anti_affinity", ["x", "y"], span="throughout"), limits={"per_host": 2})
    starts = {
        step["domain"]: step["start_s"]
        for step in ordered(facts, {"x": "b", "y": "c"}, strict)["steps"]
    }
    assert {step["start_s"] for step in loose["steps"]} == {0.0}
    assert starts["x"] > starts["y"] == 0.0


def test_a_rule_about_racks_lets_a_vm_go_on_when_its_rival_has_gone() -> None:
    """x waits for y to leave its new rack, though the two have no host in common; nobody is parked for that."""
    racks = {"a": "r1", "b": "r2", "c": "r2", "d": "r3", "e": "r4"}
    facts = cluster(a={"x": 100}, b={}, c={"y": 100}, d={}, e={})
    for entry in facts["hosts"]:
        entry["labels"] = {"rack": racks[entry["name"]]}
    apart = policy(rule("anti_affinity", ["x", "y"], across="rack", span="throughout"))
    steps = ordered(facts, {"x": "b", "y": "d"}, apart)["steps"]
    assert [step["domain"] for step in steps] == ["y", "x"]
    assert steps[0]["finish_s"] <= steps[1]["start_s"]


def test_transfer_of_a_quiet_and_of_a_busy_vm() -> None:
    """4096 MiB at 1000 MiB/s take 4.096 s; dirtied at 200 MiB/s, 0.819 s and a last 0.164 s more."""
    quiet = Domain(name="x", host="a", vcpus=1, memory_mib=4096, cpu_usage=0)
    busy = Domain(name="x", host="a", vcpus=1, memory_mib=4096, cpu_usage=0, dirty_rate_mib_s=200)
    assert transfer_s(quiet, 1000) == 4.096
    assert transfer_s(busy, 1000) == pytest.approx(4.096 * (1 + 0.2 + 0.04), abs=1e-3)


def test_a_vm_that_dirties_faster_than_the_link_still_has_a_time() -> None:
    """It is slowed down until it converges; the prediction stays finite."""
    hot = Domain(name="x", host="a", vcpus=1, memory_mib=1000, cpu_usage=0, dirty_rate_mib_s=5000)
    assert 5 < transfer_s(hot, 1000) < 15


@pytest.mark.parametrize(
    ("network", "limits", "number", "each"),
    [
        (1500, {"bandwidth_mib_s": 800}, 2, 750),
        (1000, {"bandwidth_mib_s": 800}, 1, 800),
        (100, {}, 1, 100),
        (9000, {}, 2, 1000),
        (4000, {"cluster": 3}, 3, 1000),
    ],
)
def test_a_network_is_shared(
    network: float, limits: dict[str, Any], number: int, each: float
) -> None:
    """As many migrations at a time as fill the network (and no more than may run), each with its part of it."""
    facts = cluster(a={"x": 500, "y": 500}, b={"z": 500}, c={}, d={})
    document = {**TIGHT, "limits": {**limits, "network_mib_s": network}}
    plan = make_plan(facts, document, evacuation("a"))
    assert (plan["limits"]["cluster"], plan["limits"]["bandwidth_mib_s"]) == (number, each)
    assert plan["steps"][0]["transfer_s"] == round(500 / each, 3)


def test_an_overrun_network_is_found() -> None:
    """The oracle refuses a plan whose migrations could take more than the network has."""
    facts = cluster(a={"x": 500}, b={}, c={}, d={})
    posed = read_problem(facts, {**TIGHT, "limits": {"network_mib_s": 500}}, evacuation("a"))
    plan = make_plan(facts, {**TIGHT, "limits": {"network_mib_s": 500}}, evacuation("a"))
    plan["limits"]["bandwidth_mib_s"] = 1000.0
    assert faults(posed, plan) == ["The migrations may take 1000 MiB/s, more than 500."]


def test_bandwidth_is_that_of_the_slower_end() -> None:
    """1000 Mbit/s carry 107 MiB/s; without facts about the speed, 1000 MiB/s are assumed."""
    facts = {
        "hosts": [
            host("a", migration={"speed_mbit": 10000}),
            host("b", migration={"speed_mbit": 1000}),
            host("c"),
        ],
        "domains": [],
    }
    hosts = parse_cluster(facts).hosts
    assert bandwidth_mib_s(hosts["a"], hosts["b"], None, 1) == pytest.approx(107.3, abs=0.1)
    assert bandwidth_mib_s(hosts["a"], hosts["b"], 50, 1) == 50
    assert bandwidth_mib_s(hosts["c"], None, None, 1) == 1000
