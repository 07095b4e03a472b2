# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bound of the makespan: never above what some order reaches, and tight where it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.parse import parse_cluster
from planner.cluster.resources import TOLERANCE, Resources
from planner.schedule.bound import Sums, least_makespan, makespan_bound_ms
from planner.schedule.indexed_steps import IndexedSteps
from planner.schedule.order import Setting, order_steps
from planner.schedule.prices import is_too_short, priced_makespan
from planner.schedule.rule_watch import RuleWatch
from planner.schedule.step import Step
from tests.unit.planner.builders import cluster

NAMES = "abcd"

Way = tuple[int, int, int, int, int]
"""Source, destination, duration, memory, vCPUs."""


def indexed(
    ways: Sequence[Way],
    room: Sequence[tuple[int, int]],
    per_host: int = 1,
    at_once: int = 9,
) -> IndexedSteps:
    """Return steps between hosts that have so much room beside the VMs that leave them."""
    steps = [
        Step(
            domain=f"vm{number}",
            source=NAMES[source],
            destination=NAMES[destination],
            demand=Resources(memory, vcpus),
            duration_ms=duration,
            transfer_s=0.0,
        )
        for number, (source, destination, duration, memory, vcpus) in enumerate(ways)
    ]
    loads = {
        name: (
            float(sum(way[3] for way in ways if NAMES[way[0]] == name)),
            float(sum(way[4] for way in ways if NAMES[way[0]] == name)),
            0.0,
        )
        for name in NAMES[: len(room)]
    }
    caps = {
        name: (load[0] + memory, load[1] + vcpus, 0.0)
        for (name, load), (memory, vcpus) in zip(loads.items(), room, strict=True)
    }
    return IndexedSteps.of(steps, loads, caps, per_host, at_once)


def shortest_makespan(steps: IndexedSteps) -> int | None:
    """Return the least makespan of all orders, by trying them all; ``None`` if there is no order.

    A step that starts between two ends of others could start at the earlier one as well, so only these
    moments count; at each of them any set of steps that fit may start, or none.
    """
    everything = frozenset(range(len(steps.steps)))

    def fits(running: frozenset[int], done: frozenset[int]) -> bool:
        hosts = [host for n in running for host in (steps.source[n], steps.destination[n])]
        if len(running) > steps.cluster or any(hosts.count(h) > steps.per_host for h in hosts):
            return False
        return all(
            steps.loads[host][r]
            + sum(steps.steps[n].demand[r] for n in running | done if steps.destination[n] == host)
            - sum(steps.steps[n].demand[r] for n in done if steps.source[n] == host)
            <= steps.caps[host][r] + TOLERANCE
            for host, r in product(range(len(steps.loads)), range(2))
        )

    def ends(now: int, running: dict[int, int], done: frozenset[int]) -> Iterator[int]:
        waiting = sorted(everything - done - set(running))
        for count in range(len(waiting) + 1):
            for chosen in combinations(waiting, count):
                under_way = {**running, **{n: now + steps.durations[n] for n in chosen}}
                if under_way and fits(frozenset(under_way), done):
                    then = min(under_way.values())
                    left = {n: end for n, end in under_way.items() if end > then}
                    over = done | (set(under_way) - set(left))
                    if over == everything:
                        yield then
                    else:
                        yield from ends(then, left, over)

    return min(ends(0, {}, frozenset()), default=None) if everything else 0


WAYS = st.tuples(
    st.integers(0, 2), st.integers(0, 2), st.integers(1, 9), st.integers(0, 5), st.integers(0, 3)
).filter(lambda way: way[0] != way[1])
ROOM = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4)), min_size=3, max_size=3)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(WAYS, max_size=5), ROOM, st.integers(1, 2), st.integers(1, 4))
def test_no_order_beats_the_bound(
    ways: list[Way], room: list[tuple[int, int]], per_host: int, at_once: int
) -> None:
    """Of all orders of up to five steps, tried one by one, none is shorter than the bound."""
    steps = indexed(ways, room, per_host, at_once)
    shortest = shortest_makespan(steps)
    assert shortest is None or makespan_bound_ms(steps) <= shortest


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(WAYS, max_size=5), ROOM, st.integers(1, 2))
def test_the_order_found_is_near_the_shortest(
    ways: list[Way], room: list[tuple[int, int]], per_host: int
) -> None:
    """Where an order without parking exists, the one found is at most a third longer than the shortest."""
    steps = indexed(ways, room, per_host)
    shortest = shortest_makespan(steps)
    if shortest is not None:
        order = order_steps(steps.steps, setting(steps))
        assert order.bound_ms <= order.makespan_ms
        assert any(step.parking for step, *_times in order.timed) or (
            shortest <= order.makespan_ms <= 4 * shortest / 3
        )


def test_room_is_not_taken_from_those_who_need_it() -> None:
    """vm0 fits on c at once, but then vm1 never does, and blocks vm3: vm0 is held back, and nobody is parked."""
    ways = [(0, 2, 1, 1, 0), (1, 2, 1, 5, 0), (2, 0, 1, 1, 0), (2, 1, 1, 1, 0)]
    steps = indexed(ways, [(9, 9), (0, 9), (4, 9)])
    order = order_steps(steps.steps, setting(steps))
    assert sorted(step.domain for step, *_times in order.timed) == ["vm0", "vm1", "vm2", "vm3"]


def setting(steps: IndexedSteps) -> Setting:
    """Return what an order depends on, with no host to park on."""
    names = NAMES[: len(steps.loads)]
    snapshot = parse_cluster(cluster(a={}))
    return Setting(
        loads=dict(zip(names, steps.loads, strict=True)),
        caps=dict(zip(names, steps.caps, strict=True)),
        watch=lambda: RuleWatch(snapshot, ()),
        shelters=lambda _domain: (),
        duration_ms=lambda _domain, _source, _destination: (0, 0.0),
        per_host=steps.per_host,
        cluster=steps.cluster,
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=7), st.integers(1, 3))
def test_machines_cannot_be_quicker(durations: list[int], machines: int) -> None:
    """No assignment of jobs to machines, tried one by one, beats the bound; with two machines it is reached."""
    best = min(
        max(
            sum(d for d, m in zip(durations, assigned, strict=True) if m == machine)
            for machine in range(machines)
        )
        for assigned in product(range(machines), repeat=len(durations))
    )
    bound = least_makespan(durations, machines)
    assert bound <= priced_makespan(durations, machines, bound) <= best
    assert machines > 2 or bound == best


def test_five_equal_jobs_on_two_machines() -> None:
    """They take as long as three, not as two and a half."""
    assert least_makespan([10] * 5, 2) == 30
    assert Sums([10] * 5).least(25) == 30
    assert Sums([10]).least(25) == 25


def test_what_long_jobs_leave_free_is_wasted() -> None:
    """The work of 33, 33 and eight times 10 is less than 49 for each of three machines, but in 52, a machine with a
    33 does one 10 beside it and the third machine five, so that one 10 is left over.
    """
    durations = [33, 33, *[10] * 8]
    assert not is_too_short(53, Counter(durations), 3)
    assert is_too_short(52, Counter(durations), 3)
    assert priced_makespan(durations, 3, 49) == 53


def test_an_arrival_waits_for_a_long_departure() -> None:
    """c is full until x has left it, so y and z can only come after that: 60 + 10, though c's work is 80 / 2."""
    ways = [(2, 0, 60, 6, 0), (0, 2, 10, 3, 0), (1, 2, 10, 3, 0)]
    steps = indexed(ways, [(9, 9), (9, 9), (0, 9)], per_host=2)
    assert makespan_bound_ms(steps) == 70 == shortest_makespan(steps)


def test_a_chain_of_full_hosts_moves_one_by_one() -> None:
    """c waits for room on b, b for room on a: heads follow from heads."""
    ways = [(0, 3, 5, 4, 0), (1, 0, 6, 4, 0), (2, 1, 7, 4, 0)]
    steps = indexed(ways, [(0, 0), (0, 0), (0, 0), (4, 0)], per_host=2)
    assert makespan_bound_ms(steps) == 18 == shortest_makespan(steps)
