# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each goal says of itself: where a placement falls short, why a VM moves, and what a plan does."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.placement import Placement
from planner.cluster.resources import Resources
from planner.goal.consolidation import HOST_S
from planner.goal.expansion import Expansion, hosts_to_wake
from planner.goal.restoration import RETURN_S, Restoration, marked_homes
from planner.problem.problem import Problem
from tests.unit.planner.builders import TIGHT, cluster, domain, evacuation, host, problem

FACTS = cluster(a={"x": 400, "y": 100}, b={"z": 200}, c={})

GOALS: dict[str, dict[str, Any]] = {
    "evacuate": evacuation("a"),
    "power": {**evacuation("a"), "maintenance": False},
    "restore": {"goal": "restore", "hosts": ["b"], "domains": ["x"]},
    "migrate": {"goal": "migrate", "domain": "x", "destination": "b"},
    "balance": {"goal": "balance"},
    "consolidate": {"goal": "consolidate", "at_least": 2},
    "repair": {"goal": "repair"},
    "expand": {"goal": "expand"},
}


def posed(kind: str, facts: Any = FACTS) -> Problem:
    """Return the problem of a goal."""
    return problem(facts, GOALS[kind])


@pytest.mark.parametrize(
    ("kind", "hosts", "may_do_nothing", "is_maintenance", "frees_hosts", "follows_load"),
    [
        ("evacuate", ("a",), False, True, False, False),
        ("power", ("a",), False, False, False, False),
        ("restore", ("b",), True, True, False, False),
        ("migrate", ("b",), False, False, False, False),
        ("balance", (), True, False, False, True),
        ("consolidate", (), True, False, True, True),
        ("repair", (), True, False, False, False),
        ("expand", (), True, False, False, True),
    ],
)
def test_the_nature_of_goals(
    kind: str,
    hosts: tuple[str, ...],
    may_do_nothing: bool,
    is_maintenance: bool,
    frees_hosts: bool,
    follows_load: bool,
) -> None:
    """Who they are about, and what the rest of the planner asks them."""
    goal = posed(kind).goal
    assert goal.hosts == hosts
    assert goal.may_do_nothing is may_do_nothing
    assert goal.is_maintenance is is_maintenance
    assert goal.frees_hosts is frees_hosts
    assert goal.follows_load is follows_load


@pytest.mark.parametrize(
    ("kind", "waits_for_full_hosts", "waits_until_it_lasts"),
    [("balance", True, True), ("expand", False, True), ("consolidate", False, False)],
)
def test_which_goals_wait(
    kind: str, waits_for_full_hosts: bool, waits_until_it_lasts: bool
) -> None:
    """For hosts that are full, and for several looks."""
    goal = posed(kind).goal
    assert goal.waits_for_full_hosts is waits_for_full_hosts
    assert goal.waits_until_it_lasts is waits_until_it_lasts


@pytest.mark.parametrize(
    ("kind", "moves", "sentence"),
    [
        ("evacuate", 0, "Nothing to do: no VM runs on a."),
        ("evacuate", 1, "1 migration empties a."),
        ("evacuate", 2, "2 migrations empty a."),
        ("restore", 0, "Nothing to do: no VM has to or can come back to b."),
        ("restore", 1, "1 migration brings its VM back to b."),
        ("restore", 2, "2 migrations bring the VMs back to b."),
        ("migrate", 0, "Nothing to do: x runs on b already."),
        ("migrate", 1, "1 migration takes x to b."),
        ("balance", 0, "Nothing to do: the hosts are balanced as far as it pays."),
        ("balance", 1, "1 migration evens out the load of the hosts."),
        ("balance", 2, "2 migrations even out the load of the hosts."),
        ("consolidate", 0, "Nothing to do: no way to empty another host was found."),
        ("consolidate", 1, "1 migration packs the VMs onto fewer hosts."),
        ("consolidate", 2, "2 migrations pack the VMs onto fewer hosts."),
        ("repair", 0, "Nothing to do: no policy is broken."),
        ("repair", 1, "1 migration repairs broken policies."),
        ("repair", 2, "2 migrations repair broken policies."),
        (
            "expand",
            0,
            "Nothing to do: the hosts that are on are enough, or no host sleeps that Drover put to sleep.",
        ),
    ],
)
def test_what_a_plan_does(kind: str, moves: int, sentence: str) -> None:
    """In one sentence, for nothing, one and more."""
    assert posed(kind).goal.message(moves) == sentence


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        (1, "Wake c and d; then 1 migration moves load onto them."),
        (2, "Wake c and d; then 2 migrations move load onto them."),
    ],
)
def test_who_is_woken(moves: int, sentence: str) -> None:
    """With what moves then."""
    assert Expansion(woken=("c", "d")).message(moves) == sentence


@pytest.mark.parametrize(
    ("kind", "source", "reason"),
    [
        ("evacuate", "a", "a is being emptied"),
        ("evacuate", "b", "makes room on b for VMs of a"),
        ("power", "b", "makes room on b, for its other VMs or those of a"),
        ("restore", "a", "it ran on c before the maintenance"),
        ("migrate", "a", "asked to run on c"),
        ("balance", "a", "takes load from a to c"),
        ("consolidate", "a", "leaves a to the hosts that stay in use"),
        ("repair", "a", "repairs a broken policy, or makes room for that"),
    ],
)
def test_why_a_vm_moves(kind: str, source: str, reason: str) -> None:
    """From a source to c."""
    found = posed(kind)
    assert found.goal.reason(found.snapshot, "x", source, "c") == reason


@pytest.mark.parametrize(
    ("kind", "placement", "shortfalls"),
    [
        ("evacuate", {"x": "b", "y": "c"}, ()),
        ("evacuate", {"x": "a", "y": "a"}, ("x is still on a", "y is still on a")),
        ("migrate", {"x": "b"}, ()),
        ("migrate", {"x": "c"}, ("x is on c, not on b",)),
        ("migrate", {}, ("x is on None, not on b",)),
        ("consolidate", {"x": "a", "y": "b"}, ()),
        ("consolidate", {"x": "a", "y": "a"}, ("1 hosts are in use, fewer than 2",)),
        ("restore", {"x": "a"}, ()),
        ("balance", {"x": "a"}, ()),
        ("repair", {"x": "a"}, ()),
    ],
)
def test_where_a_placement_falls_short(
    kind: str, placement: dict[str, str], shortfalls: tuple[str, ...]
) -> None:
    """The meaning of the goal, independent of any solver."""
    found = posed(kind)
    assert found.goal.shortfalls(found.snapshot, placement) == shortfalls


def test_a_vm_on_its_way_out_is_not_still_there() -> None:
    """Somebody else migrates it, and it counts at both ends."""
    facts = cluster(a={}, b={})
    job = {"kind": "migration_out"}
    facts["domains"] = [
        domain("x", "a", 1, job=job, uuid="u"),
        domain("x", "b", 1, job={"kind": "migration_in"}, uuid="u"),
    ]
    found = problem(facts, evacuation("a"))
    assert found.snapshot.incoming == {"x": "b"}
    assert found.goal.shortfalls(found.snapshot, {"x": "a"}) == ()


def test_the_fullest_host_of_an_evacuation_is_for_information() -> None:
    """Of the hosts that stay: 700 of 1000 MiB; it has no weight in the objective."""
    found = posed("evacuate")
    placement = found.snapshot.placement.move({"x": "b", "y": "b"})
    [term] = found.goal.terms(found.snapshot, found.room.limits, placement)
    assert (term.name, term.value, term.weight_s) == ("fullest host", 70.0, 0.0)


def test_a_host_is_worth_its_watts_where_all_are_known() -> None:
    """Against the mean: 50, 100 and 150 W; where one is not known, all are worth the same."""
    watts = {"a": 50, "b": 100, "c": 150}
    known = {
        **FACTS,
        "hosts": [host(name, power={"idle_w": watt}) for name, watt in watts.items()],
    }
    found = problem(known, GOALS["consolidate"])
    goal, snapshot = found.goal, found.snapshot
    assert [goal.worth_s(snapshot, name) / HOST_S for name in "abc"] == [0.5, 1.0, 1.5]  # type: ignore[attr-defined]
    terms = {term.name: term.value for term in goal.terms(snapshot, {}, snapshot.placement)}
    assert terms == {"hosts in use": 2, "idle power": 150, "hosts, weighted": 1.5}
    some = {**FACTS, "hosts": [host("a", power={"idle_w": 50}), host("b"), host("c")]}
    partly = problem(some, GOALS["consolidate"])
    assert [partly.goal.worth_s(partly.snapshot, name) for name in "ab"] == [HOST_S, HOST_S]  # type: ignore[attr-defined]
    terms = {t.name: t.value for t in partly.goal.terms(partly.snapshot, {}, Placement({"x": "b"}))}
    assert terms == {"hosts in use": 1, "hosts, weighted": 1.0}
    nothing = partly.goal.terms(partly.snapshot, {}, Placement({}))
    assert [(term.name, term.value) for term in nothing] == [
        ("hosts in use", 0),
        ("hosts, weighted", 0),
    ]


def test_a_return_is_worth_more_for_a_higher_priority() -> None:
    """A negative one makes it worth no less."""
    facts = {
        "hosts": [host("a"), host("b")],
        "domains": [domain(f"p{n}", "b", priority=n) for n in (-5, 0, 3)],
    }
    snapshot = problem(facts, {"goal": "repair"}).snapshot
    goal = Restoration(ended=("a",), homes={"p0": "a", "p3": "a", "gone": "a"})
    assert [goal.value_s(snapshot, f"p{n}") / RETURN_S for n in (-5, 0, 3)] == [1, 1, 4]
    assert goal.away(snapshot.placement) == ["p0", "p3"]
    assert goal.away({"p0": "a", "p3": "b"}) == ["p3"]
    [term] = goal.terms(snapshot, {}, snapshot.placement)
    assert (term.value, term.weight_s) == (5, RETURN_S)
    assert goal.destinations("p0") == frozenset({"a"})
    assert goal.destinations("p-5") == frozenset()


def test_a_mark_knows_vms_by_uuid_or_else_by_name() -> None:
    """A renamed VM comes back, one that is off or gone does not."""
    facts = cluster(a={}, b={})
    facts["domains"] = [
        domain("new-name", "b", uuid="u1"),
        domain("plain", "b"),
        domain("off", "b", state="shutoff"),
    ]
    left = [{"name": "old", "uuid": "u1"}, {"name": "plain"}, {"name": "off"}, {"name": "gone"}]
    facts["hosts"][0]["marks"] = {"a": {"maintenance": True, "at": "x", "evacuated": left}}
    snapshot = problem(facts, {"goal": "repair"}).snapshot
    assert marked_homes(("a", "b"), snapshot) == {"new-name": "a", "plain": "a"}


def sleeping(**memory: int) -> dict[str, Resources]:
    """Return limits by host."""
    return {name: Resources(mib, 100, 100) for name, mib in memory.items()}


@pytest.mark.parametrize(
    ("demand", "spare", "woken"),
    [
        (1.0, 0, ()),
        (1.15, 0, ("c",)),
        (2.0, 0, ("c",)),
        (2.3, 0, ("b", "c")),
        (9.0, 0, ("b", "c")),
        (1.0, 1, ("c",)),
        (1.0, 2, ("b", "c")),
    ],
)
def test_as_few_hosts_are_woken_as_are_enough(
    demand: float, spare: int, woken: tuple[str, ...]
) -> None:
    """700 MiB run on a of 1000; those are to be filled to 80 %, and c draws less for what it offers than b."""
    facts = cluster(a={"x": 700}, b={}, c={})
    for entry, watts in zip(facts["hosts"][1:], (200, 50), strict=True):
        entry |= {"state": "asleep", "power": {"idle_w": watts}}
    snapshot = problem(facts, {"goal": "repair"}, TIGHT).snapshot
    limits = sleeping(a=1000, b=1000, c=1000)
    assert hosts_to_wake(snapshot, limits, demand=demand, spare=spare) == woken
