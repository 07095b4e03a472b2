# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counters of a host and its domains, by libvirt's bulk call.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._facts.quantities import mib_needed
from .._facts.readings import LoadSample
from .connection import libvirt, translated

# Where a domain's info has its CPU time, in nanoseconds.
_CPU_TIME = 4


def sample_load(connection: t.Any, clock: t.Callable[[], float]) -> LoadSample:
    """Read the CPU time of the host and of all domains, and the domains' states.

    Only what libvirt keeps or finds in /proc is asked for: a QEMU that hangs does not delay this. That is why the CPU
    time is not that of the bulk call, for which libvirt 9 asks each QEMU how long its vCPUs have polled.

    Parameters
    ----------
    connection : libvirt.virConnect
        Connection to the host.
    clock : callable
        Gives the monotonic time in seconds.

    Raises
    ------
    LibvirtFailed
        libvirt refused.
    """
    with translated("read the load of the host"):
        host = _host_cpu(connection)
        at_s = clock()
        return LoadSample(at_s, host, _domain_counters(connection))


def _host_cpu(connection: t.Any) -> dict[str, int]:
    """Return the CPU time of the host; nothing from drivers that do not tell it."""
    with contextlib.suppress(libvirt.libvirtError):
        return dict(connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS, 0))
    return {}


def _domain_counters(connection: t.Any) -> dict[str, dict[str, t.Any]]:
    """Return the state of each domain by UUID, with C(id), the number of this start of it, -1 where it is off.

    Of those that are on, also C(cpu.time) in nanoseconds, unless one has just gone.
    """
    counters: dict[str, dict[str, t.Any]] = {}
    for domain, statistics in _all_statistics(connection, libvirt.VIR_DOMAIN_STATS_STATE):
        found = {**statistics, "id": domain.ID()}
        if found["id"] >= 0:
            with contextlib.suppress(libvirt.libvirtError):
                found["cpu.time"] = domain.info()[_CPU_TIME]
        counters[domain.UUIDString()] = found
    return counters


def domain_statistics(connection: t.Any, wanted: int) -> dict[str, dict[str, t.Any]]:
    """Return the wanted groups of statistics of all domains by UUID.

    A domain that is busy with something else is not waited for; what needs it is then missing.
    """
    records = _all_statistics(connection, wanted)
    return {domain.UUIDString(): statistics for domain, statistics in records}


def _all_statistics(connection: t.Any, wanted: int) -> list[tuple[t.Any, dict[str, t.Any]]]:
    nowait = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    return list(connection.getAllDomainStats(wanted, nowait))


def vcpu_time_s(connection: t.Any, uuid: str) -> float:
    """Return the CPU time that a VM's vCPUs have used on this host, in seconds.

    Raises
    ------
    LibvirtFailed
        The host knows no such VM, or does not answer.
    """
    with translated("read the CPU time of the VM {}".format(uuid)):
        domain = connection.lookupByUUIDString(uuid)
        [(_domain, found)] = connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_VCPU)
    times = [
        value
        for name, value in found.items()
        if name.startswith("vcpu.") and name.endswith(".time")
    ]
    return float(sum(times)) / 1e9


def resident_mib(connection: t.Any, uuid: str) -> int | None:
    """Return the memory that a VM's QEMU holds on this host, in MiB; None where that is not told at once."""
    with contextlib.suppress(libvirt.libvirtError):
        domain = connection.lookupByUUIDString(uuid)
        nowait = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        wanted = libvirt.VIR_DOMAIN_STATS_BALLOON
        [(_domain, found)] = connection.domainListGetStats([domain], wanted, nowait)
        return None if "balloon.rss" not in found else mib_needed(found["balloon.rss"])
    return None
