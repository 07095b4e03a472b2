# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying hosts."""

from __future__ import annotations

from itertools import product

import pytest

from planner.cluster.domain import Domain
from planner.cluster.host import Host
from planner.errors import Immovable, Infeasible, InputError, NoOrder, UnknownHost
from planner.pipeline import make_plan
from planner.policy import compatibility
from planner.solver.milp.backend import Effort, installed_solvers
from tests.unit.planner.builders import (
    TIGHT,
    Facts,
    cluster,
    domain,
    evacuation,
    host,
    policy,
    rule,
)


def test_an_empty_host_needs_nothing() -> None:
    """Nothing to do is a plan with a reason, not an error."""
    plan = make_plan(cluster(a={"x": 100}, b={}), TIGHT, evacuation("b"))
    assert plan["steps"] == []
    assert plan["status"] == "optimal"
    assert plan["message"] == "Nothing to do: no VM runs on b."


def test_vms_are_spread() -> None:
    """The VMs go to the hosts that are emptiest with them."""
    plan = make_plan(cluster(a={"x": 100, "y": 100}, b={"p": 50}, c={}), TIGHT, evacuation("a"))
    assert sorted(plan["placement"].values()) == ["b", "b", "c"] or sorted(
        plan["placement"].values()
    ) == ["b", "c", "c"]
    assert len({plan["placement"][name] for name in "xy"}) == 2


def test_other_vms_move_only_if_they_must() -> None:
    """Where only fragments are free, the fewest other VMs make room."""
    facts = cluster(a={"big": 600}, b={"p": 300, "q": 300}, c={"r": 500})
    plan = make_plan(facts, TIGHT, evacuation("a"))
    assert len(plan["steps"]) == 2
    assert plan["status"] == "optimal"
    assert plan["placement"]["big"] != "a"


def test_both_hosts_are_emptied_together() -> None:
    """No VM goes from one host to be emptied to the other."""
    plan = make_plan(cluster(a={"x": 100}, b={"y": 100}, c={}), TIGHT, evacuation("a", "b"))
    assert plan["placement"] == {"x": "c", "y": "c"}


def test_shortage_names_amount_and_remedies() -> None:
    """No room: how much of what is missing, and each smallest change that would be enough."""
    facts = cluster(a={"x": 600, "y": 300}, b={"p": 700})
    with pytest.raises(Infeasible) as caught:
        make_plan(facts, TIGHT, evacuation("a"))
    message = caught.value.message
    assert "need 900 MiB of memory" in message
    assert "300 free" in message
    assert "600 too few" in message
    assert "free 600 MiB of memory on b" in message
    assert "raise capacity.memory_overcommit to 1.6" in message
    assert "shut down x first" in message


def test_the_remedies_are_enough() -> None:
    """With the overcommit that the message names there is a plan; with a little less there is none."""
    facts = cluster(a={"x": 600, "y": 300}, b={"p": 700})
    for factor, works in ((1.6, True), (1.59, False)):
        document = {**TIGHT, "capacity": {"vcpu_overcommit": 1.0, "memory_overcommit": factor}}
        if works:
            assert len(make_plan(facts, document, evacuation("a"))["steps"]) == 2
        else:
            with pytest.raises(Infeasible):
                make_plan(facts, document, evacuation("a"))


def test_a_vm_that_cannot_move_is_named_with_reason_and_remedy() -> None:
    """One VM with a device of its host stops the evacuation before anything moves."""
    blocker = {
        "code": "hostdev",
        "message": "it uses the PCI device 0000:01:00.0",
        "remedy": "detach it",
    }
    facts = {"hosts": [host("a"), host("b")], "domains": [domain("gpu", "a", blockers=[blocker])]}
    with pytest.raises(
        Immovable, match=r"VM gpu cannot leave a: it uses the PCI device 0000:01:00.0; detach it"
    ):
        make_plan(facts, TIGHT, evacuation("a"))


def test_all_vms_that_cannot_leave_are_named_at_once() -> None:
    """Devices, snapshots, rules and hosts that fit nowhere: a sentence for each reason, with all VMs it holds."""
    device = {
        "code": "host_device",
        "message": "It uses the host's USB device 046d:c31c.",
        "remedy": "Detach the device before migrating, and attach one on the new host afterwards.",
    }
    snapshots = {"code": "snapshots", "message": "It has 2 snapshots.", "remedy": "Delete them."}
    facts = {
        "hosts": [host("a"), host("b", maintenance=True), host("c", memory_mib=100)],
        "domains": [
            domain("web", "a", 50),
            domain("gpu", "a", blockers=[device, snapshots]),
            domain("old", "a", 50),
            domain("big", "a", 200),
            domain("vast", "a", 200),
        ],
    }
    with pytest.raises(Immovable) as caught:
        make_plan(facts, policy(rule("stay", ["old"])), evacuation("a"))
    assert caught.value.message == (
        "VMs big, vast cannot leave a, because no other host may run it: b is in maintenance; "
        "it needs 200 MiB of memory, and c may give out 100 in all. "
        "VM gpu cannot leave a: it uses the host's USB device 046d:c31c; detach the device before migrating, "
        "and attach one on the new host afterwards; it has 2 snapshots; delete them. "
        "VM old cannot leave a: the stay rule stay keeps it there; take it out of the rule."
    )


def test_a_vm_without_any_host_is_named_with_every_reason() -> None:
    """Each other host says why not."""
    facts = {
        "hosts": [host("a"), host("b", maintenance=True), host("c", memory_mib=50)],
        "domains": [domain("web", "a")],
    }
    with pytest.raises(Immovable) as caught:
        make_plan(facts, TIGHT, evacuation("a"))
    assert "b is in maintenance" in caught.value.message
    assert "c may give out 50 in all" in caught.value.message


def test_unknown_and_unreachable_hosts_are_refused() -> None:
    """A wrong name lists the right ones; an unreachable host cannot be emptied."""
    facts = {"hosts": [host("a"), host("b", state="unreachable")], "domains": []}
    with pytest.raises(UnknownHost, match="There is no host z; the hosts are: a, b"):
        make_plan(facts, None, evacuation("z"))
    with pytest.raises(InputError, match="Host b is unreachable"):
        make_plan(facts, None, evacuation("b"))


def test_together_stays_together() -> None:
    """VMs with an affinity leave for the same host, even if it is not the emptiest for each."""
    facts = cluster(a={"x": 300, "y": 300}, b={"p": 350}, c={"q": 500})
    plan = make_plan(facts, policy(rule("affinity", ["x", "y"])), evacuation("a"))
    assert plan["placement"]["x"] == plan["placement"]["y"] == "b"


def test_apart_stays_apart() -> None:
    """VMs with an anti-affinity leave for different hosts, and not to where a third of them is."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={"p": 700}, d={})
    rules = policy(
        rule("anti_affinity", ["x", "y"]),
        {**rule("host_affinity", ["x"], hosts=["d"], mode="forbid")},
    )
    assert make_plan(facts, rules, evacuation("a"))["placement"]["x"] == "c"


def test_a_rule_that_would_break_is_kept_or_refused() -> None:
    """What holds now must hold afterwards: with no other host, the evacuation is refused."""
    facts = cluster(a={"x": 100}, b={"y": 100})
    with pytest.raises(
        Infeasible, match="The anti_affinity rule anti_affinity leaves no place for the VMs of a"
    ):
        make_plan(facts, policy(rule("anti_affinity", ["x", "y"])), evacuation("a"))


def test_a_preferred_rule_gives_way() -> None:
    """A preferred rule costs; it never prevents."""
    facts = cluster(a={"x": 100}, b={"y": 100})
    plan = make_plan(
        facts,
        policy(rule("anti_affinity", ["x", "y"], strictness="preferred", weight=7)),
        evacuation("a"),
    )
    assert plan["placement"]["x"] == "b"
    assert {term["name"]: term["value"] for term in plan["terms"]}["preferences not kept"] == 7


def test_a_preferred_rule_is_followed_where_it_costs_nothing() -> None:
    """Of two hosts with room, the one that keeps the preference is taken."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={"p": 600})
    plan = make_plan(
        facts, policy(rule("anti_affinity", ["x", "y"], strictness="preferred")), evacuation("a")
    )
    assert plan["placement"]["x"] == "c"


def test_too_small_a_budget_is_refused_with_the_number_needed() -> None:
    """A limit of migrations below what the evacuation takes is named."""
    with pytest.raises(Infeasible, match=r"takes 2 migrations and limits.max_migrations allows 1"):
        make_plan(
            cluster(a={"x": 1, "y": 1}, b={}),
            {**TIGHT, "limits": {"max_migrations": 1}},
            evacuation("a"),
        )


def test_over_full_cluster_is_no_obstacle() -> None:
    """A host above its limit may stay so, but takes nothing more."""
    facts = cluster(a={"x": 100}, b={"p": 1500}, c={})
    plan = make_plan(facts, TIGHT, evacuation("a"))
    assert plan["placement"]["x"] == "c"
    assert any("b carries 1500 MiB" in warning for warning in plan["warnings"])


def test_one_host_alone_cannot_be_emptied() -> None:
    """In a cluster of one host there is nowhere to go."""
    with pytest.raises(Infeasible):
        make_plan(cluster(a={"x": 1}), TIGHT, evacuation("a"))


@pytest.mark.parametrize("solver", installed_solvers())
@pytest.mark.parametrize(
    "facts",
    [
        cluster(a={"p": 500, "q": 300}, b={"r": 600, "s": 200}, c={"t": 700}),
        cluster(a={"p": 400, "q": 400}, b={"r": 300, "s": 300}, c={"t": 500, "u": 200}),
        cluster(a={"p": 900}, b={"r": 400}, c={"t": 300, "u": 300}, d={"v": 800}),
    ],
)
def test_brute_force_agrees(facts: Facts, solver: str) -> None:
    """On tiny clusters no placement of all that are possible costs less, and infeasible means that none is
    possible."""
    best = cheapest_by_brute_force(facts, "a")
    try:
        plan = make_plan(facts, TIGHT, evacuation("a"), Effort(solver=solver))
    except Infeasible:
        assert best is None
    else:
        assert plan["objective"] == pytest.approx(best)


def cheapest_by_brute_force(facts: Facts, emptied: str) -> float | None:
    """Try every placement; return the least cost in seconds (60 s a migration, 1000 MiB/s)."""
    hosts = [entry["name"] for entry in facts["hosts"] if entry["name"] != emptied]
    costs = []
    for choice in product(hosts, repeat=len(facts["domains"])):
        loads = dict.fromkeys(hosts, 0)
        for vm, chosen in zip(facts["domains"], choice, strict=True):
            loads[chosen] += vm["memory_mib"]
        if max(loads.values()) <= 1000:
            moved = [
                vm
                for vm, chosen in zip(facts["domains"], choice, strict=True)
                if vm["host"] != chosen
            ]
            costs.append(sum(60 + vm["memory_mib"] / 1000 for vm in moved))
    return min(costs, default=None)


def test_a_missing_order_is_not_told_as_missing_room() -> None:
    """w fits if x and y change places first, which nothing makes room for: no VM has to be shut down."""
    facts = {
        "hosts": [host("a", 2000, vcpus=4), host("b", 1000, vcpus=8), host("c", 1000, vcpus=4)],
        "domains": [
            domain("x", "b", 700, vcpus=2),
            domain("y", "a", 100, vcpus=4),
            domain("z", "a", 700, vcpus=2),
            domain("k", "b", 200, vcpus=4),
            domain("w", "c", 300, vcpus=1),
        ],
    }
    with pytest.raises(NoOrder):
        make_plan(facts, TIGHT, evacuation("c"))


def test_an_evacuation_that_saves_power_relieves_full_hosts() -> None:
    """c is over its limit; maintenance leaves it so, and what is emptied to save power takes a VM off it."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={"p": 700, "q": 400}, d={"z": 100})
    goal = {**evacuation("a"), "maintenance": False}
    for asked, moved in ((evacuation("a"), {"x"}), (goal, {"x", "q"})):
        plan = make_plan(facts, TIGHT, asked)
        assert {step["domain"] for step in plan["steps"]} == moved
    relief = next(step for step in plan["steps"] if step["domain"] == "q")
    assert relief["reason"] == "makes room on c, for its other VMs or those of a"


def test_hosts_that_sleep_make_no_classes_of_vms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that sleeps gives out nothing, so every size of VM was judged by itself."""
    judged = []
    wanted = compatibility.refusal

    def counted(vm: Domain, source: Host, destination: Host) -> str | None:
        judged.append(vm.name)
        return wanted(vm, source, destination)

    monkeypatch.setattr(compatibility, "refusal", counted)
    facts = cluster(a={f"vm{n}": 10 + n for n in range(10)}, b={})
    facts["hosts"].append(host("c", state="asleep"))
    make_plan(facts, TIGHT, evacuation("a"))
    assert len(set(judged)) == 1
