# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a host and all of its domains: what is asked when, and what is made of it.

The load is measured around all that, where no history tells it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import os
import time
import typing as t
import xml.etree.ElementTree as ET

from .._errors import DroverError
from .._facts.cluster_stack import managed_blockers
from .._facts.domain import (
    NO_PROBE,
    Definition,
    Surroundings,
    broken_domain_facts,
    domain_facts,
    parse_definition,
)
from .._facts.emulators import Emulator, parse_emulators, questions
from .._facts.history import Figures
from .._facts.host import host_facts, memory_used_mib, versions
from .._facts.network import (
    attachable,
    bridge_facts,
    management_address,
    migration_facts,
    network_facts,
)
from .._facts.processor import parse_offer
from .._facts.readings import DomainProbe, DomainReading, HostReading
from .._facts.storage import pool_directories, pool_facts
from .._libvirt.connection import open_connection, translated
from .._libvirt.definitions import read_domains
from .._libvirt.host import read_cpu, read_host
from .._libvirt.probes import probe_domains
from .._libvirt.statistics import sample_load
from .._linux.boot import read_boot_id, since_boot_s
from .._linux.cluster_stack import read_cluster_stack
from .._linux.hugepages import read_hugepages
from .._linux.interfaces import physical_speeds, read_default_routes, read_interfaces
from .._linux.mark_files import DIRECTORY, read_marks
from .._patience import NoAnswer, PatientCall
from .measuring import Load, LoadMeter, measure_memory
from .storage import inspect_storage

# How long a QEMU may take to answer before its domain's facts go without what only it knows.
PROBE_LIMIT_S = 5.0


class InspectionRequest(t.NamedTuple):
    """What to read, and under which name.

    C(name) is how the cluster calls the host, None for its own host name; C(migration_network) is
    in CIDR notation; C(sample_s) is the time over which the load is measured at least, where no history tells it;
    C(reached_at) the own address of the SSH connection that asks; C(history_directory) where the host remembers its
    load, None where it is to be left aside, and C(keep_history) whether it is to remember this reading.
    """

    uri: str
    name: str | None = None
    migration_network: str | None = None
    sample_s: float = 1.0
    labels: t.Mapping[str, str] = {}
    marks_directory: str = DIRECTORY
    reached_at: str | None = None
    history_directory: str | None = None
    keep_history: bool = False


class Inspection(t.NamedTuple):
    """The facts of a host and its domains, and what could not be read."""

    host: dict[str, t.Any]
    domains: list[dict[str, t.Any]]
    warnings: list[str]


class _Domains(t.NamedTuple):
    """The domains of a host, those whose definition was understood, and what their QEMUs are being
    asked.
    """

    readings: list[DomainReading]
    definitions: dict[str, Definition]
    probes: dict[str, DomainProbe]
    probing: PatientCall[bool]


def inspect(
    request: InspectionRequest,
    clock: t.Callable[[], float] = since_boot_s,
    sleep: t.Callable[[float], None] = time.sleep,
) -> Inspection:
    """Read a host and its domains.

    Parameters
    ----------
    request : InspectionRequest
        What to read.
    clock, sleep : callable
        Seconds since the boot, and waiting for some seconds.

    Returns
    -------
    Inspection

    Raises
    ------
    ConnectionFailed
        libvirt cannot be reached.
    LibvirtFailed
        libvirt refused what every host has.
    """
    warnings: list[str] = []
    connection = open_connection(request.uri)
    try:
        meter = LoadMeter(
            lambda: sample_load(connection, clock),
            request.history_directory,
            sleep,
            read_boot_id(),
        )
        reading = read_host(connection)
        pools = [pool_facts(pool) for pool in reading.pools]
        domains = _read_domains(connection, request.uri, pool_directories(pools))
        host, surroundings = _inspect_host(connection, request, reading, pools, domains, warnings)
        if not domains.probing.result_or(PROBE_LIMIT_S, False):
            warnings.append(_silent_qemu())
        probes = dict(domains.probes)
        load = meter.load(request.sample_s, reading.cpus)
    finally:
        connection.close()
    facts = _facts_of_domains(domains, surroundings, load, probes, warnings)
    _block_managed(facts)
    host.update(_use(request, reading, load, meter, facts))
    warnings.extend(meter.problems)
    return Inspection(host, facts, warnings)


def _use(
    request: InspectionRequest,
    reading: HostReading,
    load: Load,
    meter: LoadMeter,
    facts: list[dict[str, t.Any]],
) -> dict[str, t.Any]:
    """Return what the host uses, in all and beside its VMs, now and as it remembers it."""
    used = {
        entry["uuid"]: entry.get("memory_used_mib")
        for entry in facts
        if entry["uuid"] in load.domains
    }
    memory = measure_memory(used.values(), memory_used_mib(reading.memory))
    use: dict[str, t.Any] = {
        "cpu_usage": load.cpu_usage,
        "memory_used_mib": memory.used_mib,
        "own_use": {"cpu_usage": load.own_cpu, "memory_mib": memory.own_mib},
    }
    if request.history_directory:
        now = Figures(None, memory.used_mib)
        use["history"] = meter.remember(
            reading.cpus, used, now, memory.own_mib, request.keep_history
        )
    return use


def _block_managed(facts: list[dict[str, t.Any]]) -> None:
    """Add a blocker to the VMs that Pacemaker manages: it would start them again where they were.

    Side Effects
    ------------
    Appends to the blockers in C(facts).
    """
    stack = read_cluster_stack()
    for domain in facts:
        domain["blockers"].extend(managed_blockers(stack, domain["name"]))


def inspect_within(request: InspectionRequest, limit_s: float) -> Inspection:
    """Read a host and its domains, unless its libvirt does not answer.

    Parameters
    ----------
    request : InspectionRequest
        What to read.
    limit_s : float
        Seconds after which it is given up, beside the time between the samples.

    Raises
    ------
    NoAnswer
        The time is over.
    ConnectionFailed, LibvirtFailed
        As C(inspect) does.
    """
    pending: PatientCall[Inspection | None] = PatientCall(functools.partial(inspect, request))
    found = pending.result_or(limit_s + request.sample_s, None)
    if found is None:
        raise NoAnswer(
            f"libvirt at {request.uri} has not answered within {limit_s:g} s.",
            "Look at the daemon there (virsh list); restarting it does not stop the VMs.",
        )
    return found


def _silent_qemu() -> str:
    return (
        f"The QEMU of some VM has not answered within {PROBE_LIMIT_S:g} s: "
        "memory in use, dirty rates and running jobs of VMs on this host may be missing."
    )


def _read_domains(connection: t.Any, uri: str, pools: dict[str, str]) -> _Domains:
    """Read the definitions, and start asking the QEMUs of running domains in the background."""
    readings = read_domains(connection)
    definitions = {
        reading.uuid: definition
        for reading in readings
        for definition in [parse_definition(reading, pools)]
        if definition is not None
    }
    targets = {
        uuid: _block_job_targets(one) for uuid, one in definitions.items() if one.reading.active
    }
    probes: dict[str, DomainProbe] = {}
    # On a connection of its own, which stays open as long as a QEMU does not answer.
    probing = PatientCall(lambda: _probe(uri, targets, probes))
    return _Domains(readings, definitions, probes, probing)


def _probe(uri: str, targets: dict[str, list[str]], probes: dict[str, DomainProbe]) -> bool:
    """Ask the QEMUs; what they say is worth having, but its lack is not a failure."""
    try:
        with translated("ask the QEMUs of the VMs"):
            return probe_domains(open_connection(uri), targets, probes)
    except DroverError:
        return False


def _block_job_targets(definition: Definition) -> list[str]:
    """Return the disks whose images a block job could work on."""
    return [disk["target"] for disk in definition.disks if disk["path"] and not disk["readonly"]]


def _inspect_host(
    connection: t.Any,
    request: InspectionRequest,
    reading: HostReading,
    pools: list[dict[str, t.Any]],
    domains: _Domains,
    warnings: list[str],
) -> tuple[dict[str, t.Any], Surroundings]:
    """Return the facts of the host but for its load, and what its domains' facts need of them."""
    capabilities = ET.fromstring(reading.capabilities)
    emulators = parse_emulators(capabilities)
    cpu = read_cpu(connection, _questions(capabilities, emulators, domains))
    offers = tuple(parse_offer(document) for document in cpu.domain_capabilities)
    storage, real = inspect_storage(pools, domains.definitions.values(), warnings)
    marks, problems = read_marks(request.marks_directory)
    warnings.extend(problems.values())
    name = request.name or reading.hostname
    host = dict(
        host_facts(reading, capabilities, emulators, offers, cpu),
        name=name,
        state="up",
        labels=dict(request.labels),
        versions=versions(reading, os.uname().release),
        networks=dict(network_facts(network) for network in reading.networks),
        pools=pools,
        storage=storage,
        hugepages=read_hugepages(),
        clock_epoch_s=round(time.time(), 3),
        marks=marks,
        unreadable_marks=sorted(problems),
        maintenance=bool(marks.get(name, {}).get("maintenance", False)),
    )
    host.update(_inspect_network(request, warnings))
    return host, Surroundings(name, storage, emulators, real)


def _questions(
    capabilities: ET.Element, emulators: tuple[Emulator, ...], domains: _Domains
) -> list[tuple[str, str, str]]:
    """Return what to ask the emulators, the one that stands for the host's own CPU first."""
    arch = capabilities.findtext("host/cpu/arch", "")
    definitions = domains.definitions.values()
    types = [
        d.root.get("type", "") for d in definitions if d.reading.active and d.emulator[1] == arch
    ]
    preferred = max(sorted(set(types)), key=types.count, default="kvm")
    asked = questions(emulators, arch, {definition.emulator for definition in definitions})
    return sorted(asked, key=lambda question: (question[1] != arch, question[2] != preferred))


def _inspect_network(request: InspectionRequest, warnings: list[str]) -> dict[str, t.Any]:
    """Return C(bridges), C(interfaces) and C(migration), without what cannot be read."""
    try:
        interfaces, routes = read_interfaces(), read_default_routes()
    except DroverError as error:
        warnings.append(str(error))
        return {}
    management = management_address(interfaces, routes, request.reached_at)
    migration = migration_facts(
        interfaces, management, request.migration_network, physical_speeds(interfaces)
    )
    if migration is None and request.migration_network:
        warnings.append(
            f"This host has no address on the migration network {request.migration_network}."
        )
    facts: dict[str, t.Any] = {
        "bridges": bridge_facts(interfaces),
        "interfaces": attachable(interfaces),
    }
    return dict(facts, migration=migration) if migration else facts


def _facts_of_domains(
    domains: _Domains,
    surroundings: Surroundings,
    load: Load,
    probes: dict[str, DomainProbe],
    warnings: list[str],
) -> list[dict[str, t.Any]]:
    """Return the facts of all domains that are still there when the load is known.

    Whatever is odd about one domain, it must not hide the others.
    """
    facts = []
    for reading in domains.readings:
        statistics = load.statistics.get(reading.uuid)
        if statistics is None:
            continue
        usage = load.domains.get(reading.uuid, 0.0)
        definition = domains.definitions.get(reading.uuid)
        probe = probes.get(reading.uuid, NO_PROBE)
        try:
            if definition is not None:
                facts.append(domain_facts(definition, surroundings, statistics, usage, probe))
                continue
        except (KeyError, ValueError) as error:
            reading = reading._replace(problem=f"it has an unexpected value ({error})")
        facts.append(broken_domain_facts(reading, surroundings.host, statistics, usage))
        warnings.append(f"The definition of VM {reading.name} cannot be read.")
    return facts
