# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read from a host, before any interpretation: the values between reading and facts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t


class DomainReading(t.NamedTuple):
    """One domain as libvirt describes it.

    C(xml) is the live definition of a running domain and the persistent one of any other; None when
    libvirt could not give it, and then C(problem) says why.
    """

    name: str
    uuid: str
    xml: str | None
    active: bool = False
    persistent: bool = True
    autostart: bool = False
    managed_save: bool = False
    snapshots: int = 0
    problem: str = ""


class DomainProbe(t.NamedTuple):
    """What only a domain's QEMU, or a lock on the domain, can tell; it may be missing.

    C(statistics) has the keys of libvirt's bulk statistics, C(job) those of its job statistics
    (empty when no job runs), C(block_jobs) the targets of the disks that a block job works on.
    """

    statistics: dict[str, t.Any]
    job: dict[str, t.Any]
    block_jobs: tuple[str, ...] = ()


class LoadSample(t.NamedTuple):
    """The counters of a host and its domains at one moment.

    C(at_s) is in seconds since the boot, C(host) has libvirt's C(kernel), C(user), C(idle) and C(iowait) in
    nanoseconds, C(domains) the bulk statistics of each domain by UUID, with its C(id): -1 where it is off.
    """

    at_s: float
    host: dict[str, int]
    domains: dict[str, dict[str, t.Any]]


class Defined(t.NamedTuple):
    """A network or storage pool: its definition and whether it is active."""

    xml: str
    active: bool


class HostReading(t.NamedTuple):
    """One host as libvirt describes it, without its domains.

    C(memory) has libvirt's C(total), C(free), C(buffers) and C(cached) in KiB, C(free_by_cell) the
    free bytes of each NUMA cell.
    """

    hostname: str
    cpus: int
    memory_mib: int
    memory: dict[str, int]
    libvirt_version: int
    hypervisor_version: int
    capabilities: str
    networks: tuple[Defined, ...] = ()
    pools: tuple[Defined, ...] = ()
    free_by_cell: tuple[int, ...] = ()


class CpuReading(t.NamedTuple):
    """What the emulators of a host can offer.

    C(domain_capabilities) has one document per emulator and domain type, C(expanded_cpu) the
    "host-model" of the first of them with every feature written out (None where there is no such
    model).
    """

    domain_capabilities: tuple[str, ...] = ()
    expanded_cpu: str | None = None


class BlockDevice(t.NamedTuple):
    """A name of a block device, what it leads to, and the identity that the device has on every host."""

    path: str
    real_path: str
    identity: str | None


class Marker(t.NamedTuple):
    """What stands in the identity file of a storage: a UUID or None; C(problem) when it cannot be
    read.
    """

    uuid: str | None
    problem: str = ""
