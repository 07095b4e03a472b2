# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Huge pages: a resource of their own."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.parse import parse_cluster
from planner.errors import Immovable, Infeasible, NoOrder
from planner.goal.consolidation import Consolidation
from planner.pipeline import make_plan
from planner.rolling import make_rolling_plan
from planner.solver.consolidation.selection import select_hosts
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from planner.verify import find_faults
from tests.unit.planner.builders import TIGHT, Facts, domain, evacuation, host, problem

SMALL, LARGE = 2048, 1048576


def pages(size_kib: int, total: int, free: int | None = None) -> dict[str, Any]:
    """Return a host's facts about its pages of one size; all are free unless told otherwise."""
    return {"size_kib": size_kib, "total": total, "free": total if free is None else free}


def paged(name: str, on: str, memory_mib: int, size_kib: int = SMALL) -> dict[str, Any]:
    """Return a VM in huge pages."""
    return domain(name, on, memory_mib, hugepages_kib=size_kib)


def three_of_eight_gib(on_b: int, on_c: int) -> Facts:
    """Return three VMs of 8 GiB in pages of 2 MiB on a, and so many such pages on b and c."""
    return {
        "hosts": [
            host("a", 65536, hugepages=[pages(SMALL, 15360, 3072)]),
            host("b", 65536, hugepages=[pages(SMALL, on_b)]),
            host("c", 65536, hugepages=[pages(SMALL, on_c)]),
        ],
        "domains": [paged(f"v{number}", "a", 8192) for number in range(3)],
    }


def test_pages_are_counted_in_sum() -> None:
    """Each VM fits each host, but not all of them do: the refusal says how much is needed, and where how much is."""
    with pytest.raises(Infeasible) as caught:
        make_plan(three_of_eight_gib(5120, 5120), TIGHT, evacuation("a"))
    assert caught.value.message == (
        "The supply of huge pages of 2048 KiB leaves no place for the VMs of a: the VMs in huge pages of 2048 KiB take "
        "24576 MiB of them, and there are 10240 MiB on b, 10240 MiB on c; reserve more huge pages (vm.nr_hugepages) "
        "on a host that is to take the VMs."
    )


def test_where_the_pages_are_the_vms_go() -> None:
    """Two where there is room for two, one where there is room for one."""
    plan = make_plan(three_of_eight_gib(5120, 8192), TIGHT, evacuation("a"))
    assert sorted(plan["placement"].values()) == ["b", "c", "c"]


def test_normal_memory_is_what_is_not_set_aside() -> None:
    """A host with 56 of 64 GiB in huge pages has 8 GiB for the other VMs."""
    facts = {
        "hosts": [
            host("a", 65536, hugepages=[pages(SMALL, 512)]),
            host("b", 65536, hugepages=[pages(SMALL, 28672, 0)]),
        ],
        "domains": [domain(f"n{number}", "a", 8192) for number in range(6)],
    }
    with pytest.raises(Infeasible, match="8192 free under the limits"):
        make_plan(facts, TIGHT, evacuation("a"))
    facts["domains"] = facts["domains"][:1]
    assert make_plan(facts, TIGHT, evacuation("a"))["placement"] == {"n0": "b"}


def test_vms_in_pages_take_no_normal_memory() -> None:
    """A host whose normal memory is full still takes VMs in huge pages."""
    facts = {
        "hosts": [
            host("a", 65536, hugepages=[pages(SMALL, 4096, 0)]),
            host("b", 65536, hugepages=[pages(SMALL, 4096)]),
        ],
        "domains": [paged("v", "a", 8192), domain("full", "b", 65536 - 8192)],
    }
    plan = make_plan(facts, TIGHT, evacuation("a"))
    assert plan["placement"]["v"] == "b"
    assert plan["steps"][0]["memory_mib"] == 8192
    at_b = next(entry for entry in plan["hosts"] if entry["name"] == "b")
    assert at_b["after"]["memory_mib"] == at_b["memory_limit_mib"] == 65536


def test_only_free_pages_are_given_out() -> None:
    """Pages that another program has are no room for VMs."""
    facts = {
        "hosts": [
            host("a", 65536, hugepages=[pages(LARGE, 32, 16)]),
            host("b", 65536, hugepages=[pages(LARGE, 32, 2)]),
        ],
        "domains": [paged("v", "a", 16384, LARGE)],
    }
    words = r"b has too few huge pages of 1048576 KiB \(2048 MiB for VMs, and it needs 16384\)"
    with pytest.raises(Immovable, match=words):
        make_plan(facts, TIGHT, evacuation("a"))


def test_a_vm_takes_whole_pages() -> None:
    """1000 MiB in pages of 1 GiB are a page."""
    facts = {
        "hosts": [
            host("a", 9999, hugepages=[pages(LARGE, 2, 0)]),
            host("b", 9999, hugepages=[pages(LARGE, 1)]),
        ],
        "domains": [paged("v", "a", 1000, LARGE), paged("w", "a", 1000, LARGE)],
    }
    with pytest.raises(Infeasible, match="2048 MiB of them, and there are 1024 MiB on b"):
        make_plan(facts, TIGHT, evacuation("a"))


def full_hosts(*more: dict[str, Any]) -> Facts:
    """Return hosts a and b, each of whose four pages one VM has; the policy wants these VMs to change places."""
    return {
        "hosts": [
            host("a", 65536, hugepages=[pages(LARGE, 4, 0)]),
            host("b", 65536, hugepages=[pages(LARGE, 4, 0)]),
            *more,
        ],
        "domains": [paged("x", "a", 4096, LARGE), paged("y", "b", 4096, LARGE)],
    }


def only_on(vm: str, *hosts: str) -> dict[str, Any]:
    """Return a rule that a VM runs on one of these hosts."""
    return {
        "type": "host_affinity",
        "name": f"{vm} elsewhere",
        "domains": [vm],
        "hosts": list(hosts),
        "strictness": "required",
    }


def test_no_step_of_the_order_takes_pages_that_are_not_free_yet() -> None:
    """Two VMs that have to change places do so by way of free pages on a third host, or not at all."""
    rules = [only_on("x", "b", "c"), only_on("y", "a", "c")]
    apart = [
        {"type": "anti_affinity", "name": f"{vm} and w", "domains": [vm, "w"], "strictness": "required"}
        for vm in "xy"
    ]  # fmt: skip
    policy = {**TIGHT, "rules": [*rules, *apart]}
    for free, parked in ((4, 1), (3, 0)):
        facts = full_hosts(host("c", 65536, hugepages=[pages(LARGE, free)]))
        facts["domains"].append(domain("w", "c"))
        if not parked:
            with pytest.raises(NoOrder, match="no host has room to park a VM"):
                make_plan(facts, policy, {"goal": "repair"})
            continue
        plan = make_plan(facts, policy, {"goal": "repair"})
        assert plan["placement"] == {"x": "b", "y": "a", "w": "c"}
        assert sum(step["parking"] for step in plan["steps"]) == parked


def test_the_oracle_refuses_steps_that_overlap() -> None:
    """A plan that starts an arrival before the departure that frees its pages is found wrong."""
    facts = full_hosts(host("c", 65536, hugepages=[pages(LARGE, 4)]))
    goal = {"goal": "evacuate", "hosts": ["a"], "prefer": ["b"], "avoid": ["c"]}
    policy = {**TIGHT, "rules": [only_on("x", "b")]}
    plan = make_plan(facts, policy, goal)
    assert plan["placement"] == {"x": "b", "y": "c"}
    arrival = next(step for step in plan["steps"] if step["domain"] == "x")
    departure = next(step for step in plan["steps"] if step["domain"] == "y")
    assert arrival["after"] == [departure["id"]]
    arrival.update(start_s=0.0, after=[])
    faults = " ".join(find_faults(problem(facts, goal, policy), plan))
    assert "breaks the supply of huge pages of 1048576 KiB on the way" in faults


def test_a_consolidation_knows_how_many_hosts_the_pages_take() -> None:
    """Twelve VMs of four pages, two on each of six hosts with twelve pages: four hosts, and that is proved."""
    facts = {
        "hosts": [host(f"h{n}", 65536, 64, hugepages=[pages(LARGE, 12, 4)]) for n in range(6)],
        "domains": [paged(f"v{n:02d}", f"h{n % 6}", 4096, LARGE) for n in range(12)],
    }
    wanted = problem(facts, {"goal": "consolidate"})
    assert isinstance(wanted.goal, Consolidation)
    selection = select_hosts(Indexed(wanted), wanted.goal, Effort())
    assert selection is not None
    assert len(selection.kept) == 4
    plan = make_plan(facts, TIGHT, {"goal": "consolidate"})
    assert len(set(plan["placement"].values())) == 4
    assert plan["status"] == "optimal"


def test_sizes_are_told_apart() -> None:
    """Free pages of another size are no help."""
    facts = {
        "hosts": [
            host("a", 9999, hugepages=[pages(LARGE, 2, 0), pages(SMALL, 1024)]),
            host("b", 9999, hugepages=[pages(LARGE, 1), pages(SMALL, 1024)]),
        ],
        "domains": [paged("v", "a", 2048, LARGE)],
    }
    with pytest.raises(Immovable, match="too few huge pages of 1048576 KiB"):
        make_plan(facts, TIGHT, evacuation("a"))


def test_what_cannot_be_counted_is_said() -> None:
    """Where a host does not tell its pages, all memory counts as normal, and a note says so."""
    facts = {
        "hosts": [host("a", 9999, hugepages=[pages(LARGE, 2, 0)]), host("b", 9999)],
        "domains": [paged("v", "a", 2048, LARGE)],
    }
    plan = make_plan(facts, TIGHT, evacuation("a"))
    assert plan["placement"] == {"v": "b"}
    assert any("the facts do not tell how many there are on b" in w for w in plan["warnings"])
    snapshot = parse_cluster(facts)
    assert snapshot.domains["v"].demand.memory_mib == 2048
    assert snapshot.hosts["a"].memory_in_pages_mib == 0


def test_a_rolling_maintenance_gives_pages_back() -> None:
    """The pages of a host that was emptied are free for the next one's VMs."""
    plan = make_rolling_plan(
        {
            "hosts": [
                host("a", 9999, hugepages=[pages(LARGE, 4, 0)]),
                host("b", 9999, hugepages=[pages(LARGE, 4, 0)]),
                host("c", 9999, hugepages=[pages(LARGE, 4)]),
            ],
            "domains": [paged("x", "a", 4096, LARGE), paged("y", "b", 4096, LARGE)],
        },
        TIGHT,
    )
    assert plan["migrations"] == 2


@pytest.mark.parametrize(("pages_on_b", "is_placed"), [(4096, True), (2048, False)])
def test_pages_are_counted_when_a_host_fails(pages_on_b: int, is_placed: bool) -> None:
    """A VM of 8 GiB in pages has a place on b after the failure of a only if b has that many pages."""
    facts = {
        "hosts": [
            host("a", 65536, hugepages=[pages(SMALL, 4096, 0)]),
            host("b", 65536, hugepages=[pages(SMALL, pages_on_b)]),
        ],
        "domains": [paged("v", "a", 8192)],
    }
    posed = problem(facts, {"goal": "repair"}, {**TIGHT, "spare_hosts": 1})
    assert (posed.spare.stranded_now == ()) is is_placed


def test_two_vms_do_not_share_the_pages_of_one_after_a_failure() -> None:
    """Each of them would fit on b; together they do not, and c has none."""
    facts = {
        "hosts": [
            host("a", 65536, hugepages=[pages(SMALL, 8192, 0)]),
            host("b", 65536, hugepages=[pages(SMALL, 4096)]),
            host("c", 65536, hugepages=[]),
        ],
        "domains": [paged("v", "a", 8192), paged("w", "a", 8192)],
    }
    posed = problem(facts, {"goal": "repair"}, {**TIGHT, "spare_hosts": 1})
    assert [violation.amount for violation in posed.spare.stranded_now] == [1]
