# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load from two samples."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._facts.load import (
    domain_cpu_usage,
    host_cpu_usage,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import LoadSample

SECOND = 10**9


def sample(at_s: float, busy_s: float, idle_s: float, **domains_s: float) -> LoadSample:
    """Return a sample with these seconds of CPU time."""
    host = {"user": int(busy_s * SECOND), "idle": int(idle_s * SECOND), "kernel": 0, "iowait": 0}
    domains = {uuid: {"cpu.time": int(spent * SECOND)} for uuid, spent in domains_s.items()}
    return LoadSample(at_s, host, domains)


def test_a_host_is_busy_for_the_time_that_is_not_idle() -> None:
    """One of four threads busy for a second is one busy thread."""
    assert host_cpu_usage(sample(0, 10, 10), sample(1, 11, 13), 4) == 1.0


def test_waiting_for_disks_is_idle() -> None:
    """Another domain could use a CPU that waits."""
    first, second = sample(0, 0, 0), sample(1, 1, 1)
    second.host["iowait"] = 2 * SECOND
    assert host_cpu_usage(first, second, 4) == 1.0


def test_counters_that_stand_still_tell_nothing() -> None:
    """There is no load to tell, and no division by zero."""
    assert host_cpu_usage(sample(0, 1, 1), sample(1, 1, 1), 4) is None
    assert (
        host_cpu_usage(sample(0, 0, 0)._replace(host={}), sample(1, 1, 1)._replace(host={}), 4)
        is None
    )


def test_counters_that_ran_backwards_tell_nothing() -> None:
    """A CPU that was taken away takes its counters along."""
    assert host_cpu_usage(sample(0, 5, 5), sample(1, 7, 4), 4) is None


def test_a_domain_uses_what_its_counter_grew_by() -> None:
    """A second and a half of CPU time in two seconds are three quarters of a CPU."""
    assert domain_cpu_usage(sample(0, 0, 0, a=10), sample(2, 0, 0, a=11.5), "a") == 0.75


def test_a_domain_that_was_restarted_counts_from_zero() -> None:
    """Its new QEMU has a counter of its own."""
    assert domain_cpu_usage(sample(0, 0, 0, a=10), sample(2, 0, 0, a=1), "a") == 0.5


def test_a_domain_that_arrived_counts_from_zero() -> None:
    """It was not there at the first sample."""
    assert domain_cpu_usage(sample(0, 0, 0), sample(2, 0, 0, a=1), "a") == 0.5


def test_samples_at_the_same_moment_tell_nothing() -> None:
    """An interval of no length has no load."""
    assert domain_cpu_usage(sample(1, 0, 0, a=0), sample(1, 0, 0, a=1), "a") == 0.0
