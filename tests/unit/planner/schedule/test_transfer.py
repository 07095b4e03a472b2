# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a migration takes, and what a limit of the network makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cluster.domain import Domain
from planner.cluster.host import Host
from planner.policy.policies import Limits
from planner.schedule.prices import is_too_short, priced_makespan
from planner.schedule.transfer import (
    ASSUMED_MIB_S,
    CONVERGING,
    bandwidth_mib_s,
    mib_s,
    share_network,
    transfer_s,
)


def host(name: str = "a", speed_mbit: float | None = None, state: str = "up") -> Host:
    """Return a host with a migration network of this speed."""
    return Host(name=name, vcpus=1, memory_mib=1, speed_mbit=speed_mbit, state=state)


def vm(memory_mib: int, **more: Any) -> Domain:
    """Return a VM."""
    return Domain(name="x", host="a", vcpus=1, memory_mib=memory_mib, cpu_usage=0.0, **more)


@pytest.mark.parametrize(
    ("source", "destination", "limit", "per_host", "expected"),
    [
        (10_000, 10_000, None, 2, 536),
        (10_000, 1000, None, 1, 107),
        (None, 1000, None, 1, 107),
        (None, None, None, 1, ASSUMED_MIB_S),
        (None, None, None, 4, ASSUMED_MIB_S),
        (10_000, 10_000, 100, 2, 100),
        (1000, 1000, 500, 1, 107),
    ],
)
def test_the_slower_end_decides(
    source: float | None,
    destination: float | None,
    limit: float | None,
    per_host: int,
    expected: float,
) -> None:
    """Shared by the migrations of a host, and never above the limit; where no speed is known, one is assumed."""
    found = bandwidth_mib_s(host("a", source), host("b", destination), limit, per_host)
    assert found == pytest.approx(expected, abs=1)


def test_a_link_carries_an_eighth_of_its_bits() -> None:
    """1000 Mbit/s are 119.2 MiB/s."""
    assert mib_s(1000) == pytest.approx(119.2, abs=0.05)
    assert bandwidth_mib_s(host("a", 1000), None, None, 1) == pytest.approx(0.9 * mib_s(1000))


@pytest.mark.parametrize(
    ("domain", "seconds"),
    [
        (vm(4096, dirty_rate_mib_s=200.0), 5.079),
        (vm(4096), 4.096),
        (vm(0), 0.0),
        (vm(4096, memory_used_mib=1000), 1.0),
        (vm(4096, memory_used_mib=0), 4.096),
        (vm(100, dirty_rate_mib_s=900.0), 0.19),
    ],
)
def test_rounds_of_what_is_dirty(domain: Domain, seconds: float) -> None:
    """The worked example; memory in use goes before memory given; a measurement of nothing is none."""
    assert transfer_s(domain, 1000.0) == pytest.approx(seconds)


def test_a_vm_that_dirties_faster_than_the_network_ends_all_the_same() -> None:
    """It is slowed down: the prediction is that of the fastest one that converges."""
    fast, faster = vm(1000, dirty_rate_mib_s=5000.0), vm(1000, dirty_rate_mib_s=1e9)
    limit = vm(1000, dirty_rate_mib_s=CONVERGING * 100)
    assert transfer_s(fast, 100.0) == transfer_s(faster, 100.0) == transfer_s(limit, 100.0)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 100_000), st.floats(0, 5000), st.floats(1, 5000))
def test_more_to_copy_never_takes_less(memory: int, rate: float, bandwidth: float) -> None:
    """Nor does a higher dirty rate; a faster network never takes longer."""
    seconds = transfer_s(vm(memory, dirty_rate_mib_s=rate), bandwidth)
    assert seconds <= transfer_s(vm(2 * memory, dirty_rate_mib_s=rate), bandwidth) + 1e-3
    assert seconds >= transfer_s(vm(memory), bandwidth) - 1e-3
    assert transfer_s(vm(memory), 2 * bandwidth) <= transfer_s(vm(memory), bandwidth)


@pytest.mark.parametrize(
    ("network", "speed_mib_s", "number", "each"),
    [(1000, 600, 2, 500), (1000, 800, 1, 800), (100, 800, 1, 100), (100_000, 500, 5, 500)],
)
def test_a_network_is_shared(network: float, speed_mib_s: float, number: int, each: float) -> None:
    """As many at a time as fill it, each with an equal part; never more than half the hosts."""
    speed = speed_mib_s / 0.9 / mib_s(1.0)
    hosts = [host(f"h{n}", speed) for n in range(10)]
    found = share_network(Limits(network_mib_s=network), hosts)
    assert (found.cluster, found.bandwidth_mib_s) == (number, pytest.approx(each))
    assert found.cluster * found.bandwidth_mib_s <= network + 1e-6  # type: ignore[operator]


def test_without_a_limit_or_without_hosts_nothing_is_shared() -> None:
    """Nor among hosts that sleep."""
    free = Limits(bandwidth_mib_s=5.0)
    assert share_network(free, [host()]) is free
    limited = Limits(network_mib_s=10.0)
    assert share_network(limited, [host(state="asleep")]) is limited


def test_prices_prove_what_the_work_does_not() -> None:
    """Three jobs of 6 on two machines of 10: the work fits into 9, but two jobs do not fit on one machine before 12."""
    assert is_too_short(11, {6: 3}, 2)
    assert not is_too_short(12, {6: 3}, 2)
    assert 990 <= priced_makespan([600, 600, 600], 2, 900) <= 1200


@pytest.mark.parametrize(
    ("durations", "proved"),
    [([], 0), ([1] * 3, 100), (list(range(1, 40)), 400)],
    ids=["none", "far", "lengths"],
)
def test_where_prices_have_nothing_to_say_what_is_proved_stays(
    durations: list[int], proved: int
) -> None:
    """No jobs, work that is far below, or too many different lengths."""
    assert priced_makespan(durations, 2, proved) == proved
