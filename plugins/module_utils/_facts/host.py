# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of one host, without its domains.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .emulators import Emulator, emulator_facts
from .processor import Offer, host_cpu
from .quantities import mib_offered, size_kib, version
from .readings import CpuReading, HostReading


def host_facts(
    reading: HostReading,
    capabilities: ET.Element,
    emulators: tuple[Emulator, ...],
    offers: tuple[Offer, ...],
    cpu: CpuReading,
) -> dict[str, t.Any]:
    """Return the facts of a host that libvirt tells, but for its name, load, storage and network.

    Parameters
    ----------
    reading : HostReading
        The host as libvirt describes it.
    capabilities : xml.etree.ElementTree.Element
        Root of its capabilities document.
    emulators : tuple of Emulator
        Its emulators.
    offers : tuple of Offer
        What they can offer, that of the host's own CPU first.
    cpu : CpuReading
        Where the offers were read from.
    """
    return {
        "hostname": reading.hostname,
        "uuid": capabilities.findtext("host/uuid"),
        "vcpus": reading.cpus,
        "memory_mib": reading.memory_mib,
        "cpu": host_cpu(capabilities, offers[0] if offers else None, cpu.expanded_cpu),
        "emulators": [emulator_facts(emulator, offers) for emulator in emulators],
        "numa": numa_facts(capabilities, reading.free_by_cell),
    }


def versions(reading: HostReading, kernel: str) -> dict[str, str]:
    """Return the versions of libvirt, QEMU and the kernel."""
    return {
        "libvirt": version(reading.libvirt_version),
        "qemu": version(reading.hypervisor_version),
        "kernel": kernel,
    }


def memory_used_mib(memory: dict[str, int]) -> int | None:
    """Return the memory in use in MiB; what only caches files counts as free."""
    if "total" not in memory or "free" not in memory:
        return None
    reusable = memory["free"] + memory.get("buffers", 0) + memory.get("cached", 0)
    return max(0, mib_offered(memory["total"] - reusable))


def numa_facts(capabilities: ET.Element, free_by_cell: t.Sequence[int]) -> list[dict[str, t.Any]]:
    """Return the NUMA cells of a host; the free memory of a cell is None where it is not known.

    Parameters
    ----------
    capabilities : xml.etree.ElementTree.Element
        Root of the capabilities document.
    free_by_cell : sequence of int
        Free bytes of each cell, in the order of the cells.
    """
    cells = []
    for position, cell in enumerate(capabilities.findall("host/topology/cells/cell")):
        free = free_by_cell[position] if position < len(free_by_cell) else None
        cells.append(
            {
                "cell": int(cell.get("id", position)),
                "memory_mib": mib_offered(size_kib(cell.find("memory"))),
                "free_mib": None if free is None else free // 2**20,
                "cpus": sorted(int(cpu.get("id", 0)) for cpu in cell.findall("cpus/cpu")),
            }
        )
    return cells
