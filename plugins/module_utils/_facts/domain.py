# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of one domain, put together from its definition, its statistics and its host's storage.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .blockers import Subject, blockers, unreadable
from .disks import disks, file_paths, with_storage
from .emulators import Emulator, canonical_machine
from .handover import handover_facts
from .labels import label_facts
from .last_migration import last_migration_facts
from .network import direct_interfaces, domain_networks
from .processor import domain_cpu
from .quantities import mib_needed, size_kib
from .readings import DomainProbe, DomainReading
from .states import job_kind, state_and_reason
from .storage import storage_of

# virDomainDirtyRateStatus: a measurement has been made.
_MEASURED = 2
# What a page of hugepages means when the definition does not say: the default of x86.
_DEFAULT_HUGEPAGE_KIB = 2048
NO_PROBE = DomainProbe({}, {})


class Definition(t.NamedTuple):
    """A domain whose definition has been understood; C(disks) leave their storage open."""

    reading: DomainReading
    root: ET.Element
    disks: list[dict[str, t.Any]]

    @property
    def emulator(self) -> tuple[str, str]:
        """The emulator and the architecture."""
        kind = self.root.find("os/type")
        arch = "" if kind is None else kind.get("arch", "")
        return self.root.findtext("devices/emulator", ""), arch

    @property
    def image_paths(self) -> list[str]:
        """The paths on file systems that its disks need."""
        return [path for disk in self.disks for path in file_paths(disk)]

    @property
    def device_paths(self) -> list[str]:
        """The block devices that its disks are."""
        return [disk["path"] for disk in self.disks if disk["type"] == "block" and disk["path"]]


class Surroundings(t.NamedTuple):
    """What a domain's facts need of its host; C(real_paths) follows the links in paths."""

    host: str
    storage: list[dict[str, t.Any]]
    emulators: tuple[Emulator, ...]
    real_paths: dict[str, str]

    def storage_of(self, path: str) -> dict[str, t.Any] | None:
        """Return the storage that holds a path, after following its links."""
        return storage_of(self.real_paths.get(path, path), self.storage)


def parse_definition(reading: DomainReading, pools: dict[str, str]) -> Definition | None:
    """Read a domain's definition, None when it cannot be understood.

    Parameters
    ----------
    reading : DomainReading
        The domain as libvirt describes it.
    pools : dict
        The directory of each storage pool by name.
    """
    try:
        root = ET.fromstring(reading.xml or "")
        return Definition(reading, root, disks(root, pools))
    except (ET.ParseError, ValueError, KeyError):
        return None


def domain_facts(
    definition: Definition,
    surroundings: Surroundings,
    statistics: dict[str, t.Any],
    cpu_usage: float,
    probe: DomainProbe = NO_PROBE,
) -> dict[str, t.Any]:
    """Return the facts of a domain.

    Parameters
    ----------
    definition : Definition
        Its definition and what libvirt keeps beside it.
    surroundings : Surroundings
        Its host.
    statistics : dict
        Its bulk statistics, for the state.
    cpu_usage : float
        CPUs it keeps busy.
    probe : DomainProbe
        What its QEMU told, where it answered.
    """
    reading, root = definition.reading, definition.root
    state, reason = _state(reading, statistics)
    placed = [with_storage(disk, surroundings.storage_of) for disk in definition.disks]
    job = _job(probe.job)
    subject = Subject(
        root=root,
        active=reading.active,
        state=state,
        reason=reason,
        disks=placed,
        storage_of=surroundings.storage_of,
        snapshots=reading.snapshots,
        managed_save=reading.managed_save,
        job=job["kind"] if job else None,
        block_jobs=tuple(sorted(set(probe.block_jobs) | set(_mirrored(root)))),
    )
    facts = dict(
        _identity(reading, surroundings.host, state, reason),
        vcpus=_vcpus(root),
        memory_mib=mib_needed(size_kib(root.find("memory"))),
        cpu_usage=cpu_usage if reading.active else 0.0,
        disks=placed,
        blockers=blockers(subject),
        job=job,
    )
    facts.update(_platform(definition, surroundings.emulators))
    facts.update(_memory(root), **label_facts(root), **last_migration_facts(root))
    facts.update(handover_facts(root))
    facts.update(_measured(probe))
    return facts


def broken_domain_facts(
    reading: DomainReading, host: str, statistics: dict[str, t.Any], cpu_usage: float
) -> dict[str, t.Any]:
    """Return the facts of a domain whose definition is not understood: it is there, and stays."""
    state, reason = _state(reading, statistics)
    return dict(
        _identity(reading, host, state, reason),
        vcpus=int(statistics.get("vcpu.current", 1)),
        memory_mib=max(1, mib_needed(int(statistics.get("balloon.maximum", 0)))),
        cpu_usage=cpu_usage if reading.active else 0.0,
        blockers=[unreadable(reading.problem or "it is not valid XML")],
    )


def _identity(reading: DomainReading, host: str, state: str, reason: str) -> dict[str, t.Any]:
    return {
        "name": reading.name,
        "uuid": reading.uuid,
        "host": host,
        "state": state,
        "state_reason": reason,
        "persistent": reading.persistent,
        "autostart": reading.autostart,
    }


def _state(reading: DomainReading, statistics: dict[str, t.Any]) -> tuple[str, str]:
    """Return state and reason; of a domain too busy for statistics, what its definition implies."""
    if "state.state" not in statistics:
        return ("running" if reading.active else "shutoff"), "unknown"
    return state_and_reason(statistics["state.state"], statistics.get("state.reason", 0))


def _vcpus(root: ET.Element) -> int:
    """Return how many virtual CPUs are plugged in."""
    vcpu = root.find("vcpu")
    return 1 if vcpu is None else int(vcpu.get("current") or vcpu.text or 1)


def _platform(definition: Definition, emulators: tuple[Emulator, ...]) -> dict[str, t.Any]:
    root = definition.root
    path, arch = definition.emulator
    bridges, networks = domain_networks(root)
    kind = root.find("os/type")
    machine = "" if kind is None else kind.get("machine", "")
    return {
        "arch": arch or None,
        "domain_type": root.get("type"),
        "emulator": path or None,
        "machine": canonical_machine(emulators, path, machine) or None,
        "cpu": domain_cpu(root),
        "bridges": bridges,
        "direct_interfaces": direct_interfaces(root),
        "networks": networks,
    }


def _memory(root: ET.Element) -> dict[str, t.Any]:
    """Return the huge pages and pinnings that bind a domain's memory."""
    hugepages = root.find("memoryBacking/hugepages")
    pinned = (
        root.find("vcpu[@cpuset]"),
        root.find("cputune/vcpupin"),
        root.find("numatune/memory[@nodeset][@mode='strict']"),
        root.find("numatune/memnode"),
    )
    return {
        "hugepages_kib": None if hugepages is None else _page_kib(hugepages.find("page")),
        "numa_pinned": any(element is not None for element in pinned),
    }


def _page_kib(page: ET.Element | None) -> int:
    """Return the size of a C(<page size='2' unit='M'/>) in KiB."""
    if page is None:
        return _DEFAULT_HUGEPAGE_KIB
    sized = ET.Element("size", unit=page.get("unit", "KiB"))
    sized.text = page.get("size", "0")
    return size_kib(sized)


def _mirrored(root: ET.Element) -> list[str]:
    """Return the targets of disks that a live definition shows as being copied."""
    return [
        target.get("dev", "")
        for disk in root.findall("devices/disk")
        if disk.find("mirror") is not None
        for target in disk.findall("target")
    ]


def _job(statistics: dict[str, t.Any]) -> dict[str, t.Any] | None:
    """Return the running job of a domain from its job statistics, None without one."""
    if not statistics:
        return None
    job: dict[str, t.Any] = {"kind": job_kind(int(statistics.get("operation", 0)))}
    if "time_elapsed" in statistics:
        job["elapsed_s"] = round(statistics["time_elapsed"] / 1000, 1)
    for key, name in (("memory_total", "total_mib"), ("memory_remaining", "remaining_mib")):
        if key in statistics:
            job[name] = statistics[key] // 2**20
    return job


def _measured(probe: DomainProbe) -> dict[str, t.Any]:
    """Return what only QEMU knows: the memory it takes, and a dirty rate that was measured."""
    statistics = probe.statistics
    facts: dict[str, t.Any] = {}
    if "balloon.rss" in statistics:
        facts["memory_used_mib"] = mib_needed(statistics["balloon.rss"])
    if statistics.get("dirtyrate.calc_status") == _MEASURED:
        facts["dirty_rate_mib_s"] = float(statistics["dirtyrate.megabytes_per_second"])
    return facts
