# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPU load of hosts and domains from two samples of their counters.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .readings import LoadSample

_NS = 10**9


def host_cpu_usage(first: LoadSample, second: LoadSample, vcpus: int) -> float | None:
    """Return how many of the host's threads were busy between the samples.

    The share of the time that was neither idle nor waiting for a disk, times the threads. For
    counters that did not move, or ran backwards (a CPU that was taken away), there is no answer.
    """
    spent = {key: second.host[key] - first.host.get(key, 0) for key in second.host}
    total = sum(spent.values())
    idle = spent.get("idle", 0) + spent.get("iowait", 0)
    if total <= 0 or not 0 <= idle <= total:
        return None
    return round((total - idle) / total * vcpus, 3)


def domain_cpu_usage(first: LoadSample, second: LoadSample, uuid: str) -> float:
    """Return how many CPUs' time the domain's QEMU used between the samples.

    A domain that started or restarted in between has a new process, which counts from zero: what
    that one has used is taken.
    """
    seconds = second.at_s - first.at_s
    if seconds <= 0:
        return 0.0
    after = int(second.domains.get(uuid, {}).get("cpu.time", 0))
    before = int(first.domains.get(uuid, {}).get("cpu.time", 0))
    used = after - before if after >= before else after
    return round(used / _NS / seconds, 3)


def continues(first: LoadSample, second: LoadSample) -> bool:
    """Tell whether the counters of a host went on between two samples: it did not start again."""
    if second.at_s <= first.at_s:
        return False
    # That of waiting for disks alone runs backwards now and then.
    return sum(second.host.values()) >= sum(first.host.values())


def is_same_process(first: LoadSample, second: LoadSample, uuid: str) -> bool:
    """Tell whether a domain had the same QEMU at both samples: libvirt gives each start a number of its own."""
    before, after = (sample.domains.get(uuid, {}) for sample in (first, second))
    known = "cpu.time" in before and "cpu.time" in after
    return known and before.get("id", -1) == after.get("id", -1) >= 0
