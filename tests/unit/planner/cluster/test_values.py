# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small values of a cluster: amounts, placements, VMs, hosts, and who runs where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.domain import Blocker, Domain
from planner.cluster.host import Emulator, Host, Storage
from planner.cluster.huge_pages import with_pages_moved
from planner.cluster.own_use import own_use
from planner.cluster.parse import parse_cluster
from planner.cluster.past import looks_before
from planner.cluster.placement import Placement
from planner.cluster.resources import TOLERANCE, Resources, in_words, total
from planner.policy.capacity import Capacity
from planner.policy.headroom import Headroom
from tests.unit.planner.builders import cluster, domain, host

ONE = Resources(100, 4, 0.5)


def test_amounts_add_and_subtract_resource_by_resource() -> None:
    """And are compared so."""
    assert ONE.plus(Resources(1, 2, 0.25)) == Resources(101, 6, 0.75)
    assert ONE.minus(Resources(1, 2, 0.25)) == Resources(99, 2, 0.25)
    assert ONE.at_least(Resources(200, 2, 0.5)) == Resources(200, 4, 0.5)


@pytest.mark.parametrize("resource", range(3))
@pytest.mark.parametrize(("more", "fits"), [(0.0, True), (TOLERANCE / 2, True), (0.01, False)])
def test_exactly_full_fits_and_more_does_not(resource: int, more: float, fits: bool) -> None:
    """In every resource; sums of fractions do not count as more."""
    load = list(ONE)
    load[resource] += more
    assert Resources(*load).fits(ONE) is fits


@pytest.mark.parametrize(
    ("limit", "share"),
    [
        (Resources(200, 16, 1.0), 0.5),
        (Resources(100, 16, 1.0), 1.0),
        (Resources(1000, 2, 1.0), 2.0),
        (Resources(0, 16, 1.0), 1.0),
        (Resources(0, 0, 0), 1.0),
    ],
)
def test_a_share_is_that_of_the_fullest_resource(limit: Resources, share: float) -> None:
    """What there is nothing of counts as full as soon as anything is taken."""
    assert ONE.share_of(limit) == share
    assert Resources().share_of(limit) == 0.0


def test_sums_do_not_depend_on_the_order() -> None:
    """Tenths do not add up exactly; the sum is rounded so that it is the same."""
    tenths = [Resources(1, 1, 0.1), Resources(1, 1, 0.2), Resources(1, 1, 0.3)]
    assert total(tenths) == total(reversed(tenths)) == Resources(3, 3, 0.6)
    assert total([]) == Resources()


@pytest.mark.parametrize(
    ("key", "amount", "words"),
    [
        ("memory_mib", 512.0, "512 MiB of memory"),
        ("vcpus", 2, "2 vCPUs"),
        ("cpu_usage", 0.5, "0.5 busy vCPUs"),
    ],
)
def test_amounts_in_words(key: str, amount: float, words: str) -> None:
    """Whole numbers without a fraction."""
    assert in_words(key, amount) == words


def test_a_placement_changes_by_making_another() -> None:
    """The first stays what it was; names are in order."""
    before = Placement({"y": "b", "x": "a"})
    after = before.move({"x": "c"})
    assert list(before) == ["x", "y"]
    assert (dict(before), dict(after)) == ({"x": "a", "y": "b"}, {"x": "c", "y": "b"})
    assert before.moves_to(after) == {"x": ("a", "c")}
    assert before.moves_to(before) == {}
    assert Placement({"x": "a", "y": "a"}).by_host() == {"a": ["x", "y"]}
    assert len(after) == 2


@pytest.mark.parametrize(
    ("message", "remedy", "sentence"),
    [
        ("Its disk is local.", "Move it.", "its disk is local; move it"),
        ("Its disk is local.", "", "its disk is local"),
        ("QEMU is old.", "Update.", "QEMU is old; update"),
        ("", "", ""),
    ],
)
def test_a_blocker_in_a_longer_sentence(message: str, remedy: str, sentence: str) -> None:
    """Without a capital and a full stop of its own; a name keeps its capitals."""
    assert Blocker(code="x", message=message, remedy=remedy).in_sentence == sentence


def vm(**more: Any) -> Domain:
    """Return a VM of 1000 MiB."""
    return replace(Domain(name="x", host="a", vcpus=2, memory_mib=1000, cpu_usage=0.5), **more)


@pytest.mark.parametrize(
    ("state", "placed"),
    [
        ("running", True),
        ("paused", True),
        ("shutoff", False),
        ("crashed", False),
        ("pmsuspended", False),
    ],
)
def test_which_vms_occupy_their_host(state: str, placed: bool) -> None:
    """Those that a migration can move."""
    assert vm(state=state).is_placed is placed


@pytest.mark.parametrize(("size_kib", "mib"), [(None, 1000), (2048, 1000), (1048576, 1024)])
def test_pages_are_whole(size_kib: int | None, mib: int) -> None:
    """1000 MiB take a whole page of a GiB; in pages, a VM takes no normal memory."""
    found = vm(hugepages_kib=size_kib)
    assert found.pages_mib == mib
    assert found.demand == Resources(1000, 2, 0.5)
    assert replace(found, is_in_pages=True).demand == Resources(0, 2, 0.5)


@pytest.mark.parametrize(
    ("job", "destination"),
    [(None, None), ({}, None), ({"destination": "b"}, "b"), ({"destination": 7}, None)],
)
def test_where_a_job_goes(job: dict[str, object] | None, destination: str | None) -> None:
    """Nowhere, unless it is told as a name."""
    assert vm(job=job).job_destination == destination


def test_what_vms_never_get_of_a_host() -> None:
    """The reserve, or what the host uses itself, where that is more: resource by resource."""
    found = Host(
        name="a",
        vcpus=8,
        memory_mib=1000,
        memory_reserved_mib=100,
        cpus_reserved=2.0,
        own_use=Resources(300, 0, 0.5),
    )
    assert found.kept == Resources(300, 0, 2.0)
    assert Capacity(headroom=Headroom(memory=0.0)).limit(found) == Resources(700, 24.0, 6.0)


def test_emulators_and_pages_of_a_host() -> None:
    """Where none are known there is none to be found."""
    qemu = Emulator(path="/usr/bin/qemu")
    found = Host(name="a", vcpus=1, memory_mib=1, emulators=(qemu,), hugepages_mib={2048: 10, 4: 5})
    assert found.emulator("/usr/bin/qemu") is qemu
    assert found.emulator("/usr/bin/kvm") is None
    assert Host(name="b", vcpus=1, memory_mib=1).emulator("/usr/bin/qemu") is None
    assert found.room_in_pages_mib == 0
    assert replace(found, memory_in_pages_mib=20).room_in_pages_mib == 15
    assert Storage(path="/x") == Storage(path="/x", shared=True, identity=None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Resources()),
        ({"own_use": {"memory_mib": 5, "cpu_usage": 0.5}}, Resources(5, 0, 0.5)),
        ({"own_use": {}}, Resources()),
        ({"own_use": {"memory_mib": None}, "memory_used_mib": 9000}, Resources()),
        ({"memory_used_mib": 5000}, Resources(4400, 0, 0.0)),
        ({"memory_used_mib": 100}, Resources(0, 0, 0.0)),
        ({"cpu_usage": 2.0}, Resources(0, 0, 1.0)),
        ({"cpu_usage": 0.4}, Resources(0, 0, 0.0)),
        (
            {"memory_used_mib": 5000, "hugepages": [{"size_kib": 2048, "total": 512}]},
            Resources(3376, 0, 0.0),
        ),
    ],
)
def test_what_a_host_uses_itself(facts: dict[str, Any], expected: Resources) -> None:
    """All that is used, without the VMs: one uses 100 of its 1000 MiB, of one it is not known, one is in pages."""
    vms = [
        vm(memory_used_mib=100),
        vm(memory_mib=500),
        vm(memory_mib=2000, hugepages_kib=2048, cpu_usage=0.0),
        vm(memory_mib=9000, state="shutoff"),
    ]
    assert own_use(facts, vms) == expected


def test_pages_follow_the_vms() -> None:
    """They are free where the VM was and taken where it is, and never more or fewer than there are."""
    facts = {
        "hosts": [
            {"name": "a", "hugepages": [{"size_kib": 2048, "total": 100, "free": 10}]},
            {
                "name": "b",
                "hugepages": [{"size_kib": 2048, "total": 20}, {"size_kib": 4, "total": 1}],
            },
            {"name": "c"},
        ],
        "domains": [
            {"name": "x", "host": "a", "memory_mib": 61, "hugepages_kib": 2048},
            {"name": "y", "host": "a", "memory_mib": 500},
        ],
    }
    moved = with_pages_moved(facts, {"x": "b", "y": "c"})
    free = [[page["free"] for page in entry.get("hugepages", ())] for entry in moved]
    assert free == [[41], [0, 1], []]
    still = with_pages_moved(facts, {})
    assert [page["free"] for page in still[0]["hugepages"]] == [10]


def test_earlier_looks_see_vms_where_they_are_now() -> None:
    """As busy as they were, by the host that remembers most; of whom nothing is known, as busy as now."""
    history = {
        "age_s": [1200, 600, 0],
        "span_s": [600, 600, 600],
        "cpu_usage": [4.0, 3.0, 2.0],
        "domains": {"u1": {"cpu_usage": [1.5, None, 0.5]}},
    }
    hosts = [host("a", history=history), host("b")]
    vms = [domain("x", "b", cpu_usage=0.5, uuid="u1"), domain("y", "b", cpu_usage=0.7)]
    snapshot = parse_cluster({"hosts": hosts, "domains": vms})
    looks = looks_before(snapshot, 5)
    assert [look.domains["x"].cpu_usage for look in looks] == [0.5, 1.5]
    assert {look.domains["y"].cpu_usage for look in looks} == {0.7}
    assert {look.domains["x"].host for look in looks} == {"b"}
    assert len(looks_before(snapshot, 1)) == 1
    assert looks_before(parse_cluster(cluster(a={})), 5) == ()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.permutations(["x", "y", "z", "w"]), st.lists(st.sampled_from("ab"), min_size=4, max_size=4)
)
def test_loads_do_not_depend_on_the_order_of_facts(names: list[str], homes: list[str]) -> None:
    """Nor on names: each host carries the sum of its VMs, a snapshot after moves as much as a placement of them."""
    where = dict(zip(names, homes, strict=True))
    facts = {
        "hosts": [host("a"), host("b")],
        "domains": [domain(name, where[name], 100, 2, 0.1) for name in names],
    }
    snapshot = parse_cluster(facts)
    loads = snapshot.loads(snapshot.placement)
    for name in "ab":
        number = homes.count(name)
        assert loads[name] == Resources(100 * number, 2 * number, round(0.1 * number, 6))
        assert [vm.name for vm in snapshot.domains_on(name)] == sorted(
            vm for vm, at in where.items() if at == name
        )
    swapped = {name: "b" if at == "a" else "a" for name, at in where.items()}
    assert snapshot.after(swapped).loads(swapped) == snapshot.loads(swapped)
    assert dict(snapshot.after(swapped).placement) == swapped
