# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for the VMs of hosts that fail: which failures are tried, and who has no place then."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.parse import parse_cluster
from planner.cluster.resources import Resources, total
from planner.policy.base import Strictness
from planner.policy.spare_hosts import SpareHosts, repack, stranded
from tests.unit.planner.builders import Facts, cluster


def limits(facts: Facts, memory_mib: float = 1000) -> dict[str, Resources]:
    """Return limits of memory alone."""
    return {entry["name"]: Resources(memory_mib, 1000, 1000) for entry in facts["hosts"]}


def anywhere(_domain: str, _host: str) -> bool:
    """Let every VM run on every host."""
    return True


def failures(count: int, facts: Facts) -> list[tuple[str, ...]]:
    """Return the failures that are tried."""
    snapshot = parse_cluster(facts)
    found = SpareHosts(count=count).failures(snapshot, snapshot.placement, limits(facts))
    return list(found)


THREE = cluster(a={"x": 100}, b={"y": 300, "z": 100}, c={})


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [("b",), ("a",)]),
        (2, [("a", "b"), ("a", "c"), ("b", "c")]),
        (3, [("a", "b", "c")]),
        (4, [("a", "b", "c")]),
    ],
)
def test_which_failures_are_tried(count: int, expected: list[tuple[str, ...]]) -> None:
    """Single ones of hosts in use, the fullest first; of several, all sets in which some host is in use."""
    assert failures(count, THREE) == expected


def test_an_empty_cluster_has_nothing_to_lose() -> None:
    """No host is in use."""
    assert failures(1, cluster(a={}, b={})) == []
    assert failures(2, cluster(a={}, b={})) == []


def test_of_a_large_cluster_the_fullest_hosts_fail() -> None:
    """And one of the empty ones, which cannot take VMs any more either."""
    used = {f"h{n:02d}": {f"v{n}": 100 + n} for n in range(12)}
    found = failures(2, cluster(**used, empty={}, other={}))
    concerned = {name for failed in found for name in failed}
    assert concerned == {f"h{n:02d}" for n in range(4, 12)} | {"empty"}
    assert len(found) == 9 * 8 // 2


def test_who_has_no_place() -> None:
    """300 and 100 of b fit on a beside 700, but the 900 of a fit nowhere."""
    facts = cluster(a={"x": 900}, b={"y": 300, "z": 100}, c={})
    snapshot = parse_cluster(facts)
    room = {**limits(facts), "c": Resources(800, 1000, 1000)}
    assert stranded(snapshot, snapshot.placement, ("a",), room, anywhere) == ["x"]
    assert stranded(snapshot, snapshot.placement, ("b",), room, anywhere) == []
    places, left = repack(snapshot, snapshot.placement, ("b",), room, anywhere)
    assert (places, left) == ({"y": "c", "z": "a"}, [])


def test_what_a_host_may_not_run_it_does_not_take_over() -> None:
    """Room or not."""
    snapshot = parse_cluster(THREE)

    def only_c(_domain: str, host: str) -> bool:
        return host == "c"

    places, left = repack(snapshot, snapshot.placement, ("b",), limits(THREE), only_c)
    assert (places, left) == ({"y": "c", "z": "c"}, [])
    no_c = {name: limit for name, limit in limits(THREE).items() if name != "c"}
    assert stranded(snapshot, snapshot.placement, ("b",), no_c, only_c) == ["y", "z"]


def test_every_failure_without_room_is_a_violation() -> None:
    """With how many VMs have no place, and one of them by name."""
    facts = cluster(a={"x": 800, "w": 150}, b={"y": 700})
    snapshot = parse_cluster(facts)
    found = SpareHosts(count=1).violations(snapshot, snapshot.placement, limits(facts), anywhere)
    assert [(v.subjects, v.amount, v.sentence) for v in found] == [
        (("a",), 1, "If a failed, there would be no place for x."),
        (("b",), 1, "If b failed, there would be no place for y."),
    ]
    both = SpareHosts(count=2).violations(snapshot, snapshot.placement, limits(facts), anywhere)
    assert [v.sentence for v in both] == ["If a and b failed, there would be no place for x."]


@pytest.mark.parametrize(
    ("count", "strictness", "required"),
    [
        (0, Strictness.REQUIRED, False),
        (1, Strictness.REQUIRED, True),
        (1, Strictness.NEVER_WORSEN, False),
    ],
)
def test_when_no_goal_may_use_the_room(count: int, strictness: Strictness, required: bool) -> None:
    """Of no spare hosts nothing is required."""
    assert SpareHosts(count=count, strictness=strictness).is_required is required


def test_a_packing_that_needs_second_thoughts() -> None:
    """Best fit puts 500 into 700 free MiB; all four fit only with 500 and 300 in 800, 400 and 300 in 700."""
    vms = {"v": 500, "w": 400, "x": 300, "y": 300}
    facts = cluster(a=vms, b={"p": 300}, c={"q": 200})
    snapshot = parse_cluster(facts)
    places, left = repack(snapshot, snapshot.placement, ("a",), limits(facts), anywhere)
    assert left == []
    assert (places["v"], places["w"]) == ("c", "b")
    assert sorted((places["x"], places["y"])) == ["b", "c"]


SIZES = st.lists(st.sampled_from([100, 200, 300, 400, 500, 600]), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SIZES, st.lists(st.integers(0, 900), min_size=1, max_size=3))
def test_a_packing_is_found_wherever_there_is_one(sizes: list[int], taken: list[int]) -> None:
    """Against all ways to place the VMs of a host that failed; and what is placed fits."""
    others = {f"h{n}": {f"r{n}": size} for n, size in enumerate(taken)}
    facts: Facts = cluster(a={f"v{n}": size for n, size in enumerate(sizes)}, **others)
    snapshot, room = parse_cluster(facts), limits(facts)
    places, left = repack(snapshot, snapshot.placement, ("a",), room, anywhere)
    assert set(places) | set(left) == {f"v{n}" for n in range(len(sizes))}
    after = snapshot.loads({**snapshot.placement, **places})
    assert all(after[name].fits(room[name]) for name in others)
    ways: Any = product(others, repeat=len(sizes))
    fits = any(
        all(
            held
            + total(Resources(s) for s, at in zip(sizes, way, strict=True) if at == name).memory_mib
            <= 1000
            for name, held in zip(others, taken, strict=True)
        )
        for way in ways
    )
    assert bool(left) is not fits
