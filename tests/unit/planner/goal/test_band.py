# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The band of balanced hosts: the level that no single VM fills higher, and how far a host is from it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.resources import Resources
from planner.goal.balance import PRESETS
from planner.goal.band import BUSY, QUIET, WEIGHTS, Band, share_of
from tests.unit.planner.builders import cluster, host, problem


def memory(*amounts: float) -> list[Resources]:
    """Return demands, or limits, of memory alone."""
    return [Resources(amount) for amount in amounts]


def level(demands: list[float], limits: list[float]) -> float:
    """Return the level of memory."""
    return Band.around(memory(*demands), memory(*limits), 0.0).level[0]


@pytest.mark.parametrize(
    ("demands", "limits", "expected"),
    [
        ([], [100, 100], 0.0),
        ([50, 50], [100, 100], 0.5),
        ([80, 20, 20], [100, 100, 100], 0.2),
        ([80, 70, 10], [100, 100, 100], 0.1),
        ([100], [100], 1.0),
        ([150, 150], [100, 100], 1.5),
        ([30], [200, 100], 0.0),
        ([0, 0], [100], 0.0),
        ([10], [], 0.0),
        ([10], [0.0, 0.0], 0.0),
    ],
    ids=[
        "empty",
        "even",
        "one large",
        "two large",
        "full",
        "over",
        "uneven",
        "zero",
        "none",
        "nil",
    ],
)
def test_the_level_without_the_vms_that_need_a_host_of_their_own(
    demands: list[float], limits: list[float], expected: float
) -> None:
    """The worked example among them."""
    assert level(demands, limits) == pytest.approx(expected)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 90), max_size=8), st.lists(st.integers(90, 200), min_size=1, max_size=5)
)
def test_the_level_is_never_above_the_mean(demands: list[int], limits: list[int]) -> None:
    """And does not depend on the order."""
    found = level([*demands], [*limits])
    assert 0 <= found <= sum(demands) / sum(limits) + 1e-9
    assert level(demands[::-1], limits[::-1]) == pytest.approx(found)


BAND = Band(level=(0.4, 0.5, 0.2), low=(0.3, 0.4, 0.0), high=(0.5, 0.6, QUIET))
LIMIT = Resources(100, 10, 10)


@pytest.mark.parametrize(
    ("load", "inside"),
    [
        (Resources(40, 5, 2), True),
        (Resources(50, 6, 5), True),
        (Resources(30, 4, 0), True),
        (Resources(51, 5, 2), False),
        (Resources(29, 5, 2), False),
        (Resources(40, 6.1, 2), False),
        (Resources(40, 5, 5.1), False),
    ],
)
def test_the_edges_belong_to_the_band(load: Resources, inside: bool) -> None:
    """A host has to be inside with every resource; only busy CPU cannot be too little."""
    assert BAND.contains(load, LIMIT) is inside


def test_crowding_is_the_squared_level_and_the_squared_distance() -> None:
    """Inside the band it is what no placement changes; vCPUs count three times."""
    ideal = 1 * 0.4**2 + 3 * 0.5**2
    assert BAND.ideal == pytest.approx(ideal)
    assert BAND.crowding(Resources(45, 5, 3), LIMIT) == pytest.approx(ideal)
    assert BAND.crowding(Resources(70, 5, 3), LIMIT) == pytest.approx(ideal + 0.2**2)
    assert BAND.crowding(Resources(45, 2, 3), LIMIT) == pytest.approx(ideal + 3 * 0.2**2)
    assert BAND.crowding(Resources(45, 5, 8), LIMIT) == pytest.approx(ideal + 3 * 0.3**2)
    assert WEIGHTS == (1.0, 3.0, 3.0)


def test_a_quiet_host_is_never_too_busy() -> None:
    """Half of its CPUs may be busy however little the others are."""
    band = Band.around([Resources(10, 1, 0.5)], [LIMIT, LIMIT], 0.05)
    assert (band.low[BUSY], band.high[BUSY]) == (0.0, QUIET)
    busy = Band.around([Resources(10, 1, 8)] * 2, [LIMIT, LIMIT], 0.05)
    assert busy.high[BUSY] == pytest.approx(0.85)
    assert band.low[0] == 0.0  # a level of 5 % less 5 % is nothing, and never less


def test_a_share_of_no_limit_is_nothing() -> None:
    """A host that is down is not full."""
    assert (share_of(5, 10), share_of(5, 0), share_of(0, 0)) == (0.5, 0.0, 0.0)


@pytest.mark.parametrize("aggressiveness", PRESETS)
def test_the_bolder_the_sooner(aggressiveness: int) -> None:
    """Each preset acts no later than the one before, goes no less far and asks for no more gain."""
    one, other = PRESETS[aggressiveness], PRESETS.get(aggressiveness + 1, PRESETS[aggressiveness])
    assert other.trigger <= one.trigger
    assert other.target <= one.target
    assert other.worth_s >= one.worth_s
    assert other.min_gain <= one.min_gain


def test_a_balance_counts_hosts_that_are_up_and_in_service() -> None:
    """700 and 100 MiB on two hosts; the one in maintenance and the one asleep are nobody's level."""
    facts = cluster(a={"x": 700}, b={"y": 100}, c={"z": 900})
    facts["hosts"][2]["maintenance"] = True
    facts["hosts"].append(host("d", state="asleep"))
    posed = problem(facts, {"goal": "balance", "aggressiveness": 3})
    goal, snapshot, limits = posed.goal, posed.snapshot, posed.room.limits
    assert goal.members(snapshot) == ["a", "b"]  # type: ignore[attr-defined]
    assert goal.band(snapshot, limits).level[0] == pytest.approx(0.1)  # type: ignore[attr-defined]
    assert goal.weight_s(snapshot) == 3.5 * 10_000 * 2  # type: ignore[attr-defined]
    terms = {term.name: term for term in goal.terms(snapshot, limits, snapshot.placement)}
    assert terms["deviation of memory"].value == 30.0
    assert terms["deviation of vCPUs"].value == 0.0
    assert terms["crowding"].weight_s == goal.weight_s(snapshot)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        (cluster(a={"x": 300, "y": 300}, b={}), True),
        (cluster(a={"x": 300}, b={"y": 300}), False),
        (cluster(a={"x": 390}, b={"y": 300}), False),
        (cluster(a={}), False),
        (cluster(a={"x": 900}), False),
        (cluster(a={"x": 900}, b={}), True),
    ],
    ids=["uneven", "even", "within", "empty", "one host", "one VM"],
)
def test_when_a_balance_is_due(facts: dict[str, list[dict[str, object]]], due: bool) -> None:
    """A VM that is larger than the level lifts whichever host has it; that nothing helps is for the search to find."""
    posed = problem(facts, {"goal": "balance"})
    assert posed.goal.is_due(posed.snapshot, posed.room.limits) is due
