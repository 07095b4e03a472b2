# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What libvirt tells of a host: capacity, capabilities, networks, storage pools.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._facts.processor import host_model
from .._facts.readings import CpuReading, Defined, HostReading
from .connection import libvirt, translated


def read_host(connection: t.Any) -> HostReading:
    """Return the host that a connection leads to.

    Raises
    ------
    LibvirtFailed
        libvirt refused something that every hypervisor driver has.
    """
    with translated("read the facts of the host"):
        info = connection.getInfo()
        return HostReading(
            hostname=connection.getHostname(),
            cpus=info[2],
            memory_mib=info[1],
            memory=_or_nothing(lambda: dict(connection.getMemoryStats(-1, 0)), {}),
            libvirt_version=connection.getLibVersion(),
            hypervisor_version=connection.getVersion(),
            capabilities=connection.getCapabilities(),
            networks=_defined(connection, "listAllNetworks"),
            pools=read_pools(connection),
            free_by_cell=_or_nothing(lambda: tuple(connection.getCellsFreeMemory(0, info[4])), ()),
        )


def read_pools(connection: t.Any) -> tuple[Defined, ...]:
    """Return the storage pools of the host; none where it has no driver for them."""
    return _defined(connection, "listAllStoragePools")


Value = t.TypeVar("Value")


def _or_nothing(read: t.Callable[[], Value], nothing: Value) -> Value:
    """Return what C(read) reads, or C(nothing) where the driver does not know it."""
    try:
        return read()
    except libvirt.libvirtError:
        return nothing


def _defined(connection: t.Any, method: str) -> tuple[Defined, ...]:
    """Return the networks or pools that a method lists; none where the host has no such driver."""
    found = []
    nothing: list[t.Any] = []
    for item in _or_nothing(lambda: getattr(connection, method)(0), nothing):
        # One that was undefined in between is left out.
        with contextlib.suppress(libvirt.libvirtError):
            found.append(Defined(item.XMLDesc(0), bool(item.isActive())))
    return tuple(found)


def read_cpu(connection: t.Any, questions: t.Iterable[tuple[str, str, str]]) -> CpuReading:
    """Ask what emulators can offer; slow once for each QEMU that libvirt does not know yet.

    Parameters
    ----------
    connection : libvirt.virConnect
        Connection to the host.
    questions : iterable of (str, str, str)
        Emulator, architecture and domain type. The first stands for the host's own CPU.
    """
    documents, expanded = [], None
    for emulator, arch, domain_type in questions:
        with contextlib.suppress(libvirt.libvirtError):
            documents.append(connection.getDomainCapabilities(emulator, arch, None, domain_type, 0))
            if expanded is None:
                expanded = _expanded(connection, documents[-1], emulator, arch, domain_type)
    return CpuReading(tuple(documents), expanded)


def _expanded(
    connection: t.Any, document: str, emulator: str, arch: str, domain_type: str
) -> str | None:
    """Return the "host-model" of a domain capabilities document with all features that its model
    implies.
    """
    cpu = host_model(document)
    if cpu is None:
        return None
    flags = libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES
    return str(connection.baselineHypervisorCPU(emulator, arch, None, domain_type, [cpu], flags))
