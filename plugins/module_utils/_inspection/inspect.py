# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a host and all of its domains: what is asked when, and what is made of it.

The load is sampled when all else has been read: reading takes up to half a CPU for a moment, which
on a small host would be a good part of the load that it reports.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import os
import time
import typing as t
import xml.etree.ElementTree as ET

from .._deadline import Pending
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
from .._facts.host import host_facts, versions
from .._facts.load import domain_cpu_usage, host_cpu_usage
from .._facts.network import (
    attachable,
    bridge_facts,
    management_address,
    migration_facts,
    network_facts,
)
from .._facts.processor import parse_offer
from .._facts.readings import DomainProbe, DomainReading, HostReading, LoadSample
from .._facts.storage import pool_directories, pool_facts
from .._libvirt.connection import open_connection, translated
from .._libvirt.definitions import read_domains
from .._libvirt.host import read_cpu, read_host
from .._libvirt.probes import probe_domains
from .._libvirt.statistics import sample_load
from .._linux.cluster_stack import read_cluster_stack
from .._linux.hugepages import read_hugepages
from .._linux.interfaces import physical_speeds, read_default_routes, read_interfaces
from .._linux.mark_files import DIRECTORY, read_marks
from .storage import inspect_storage

# How long a QEMU may take to answer before its domain's facts go without what only it knows.
PROBE_LIMIT_S = 5.0


class NoAnswer(DroverError):
    """The libvirt of a host takes connections but does not answer, or not in time."""

    code = "no_answer"


class Request(t.NamedTuple):
    """What to read, and under which name.

    C(name) is how the cluster calls the host, None for its own host name; C(migration_network) is
    in CIDR notation; C(sample_s) is the time between the samples of the load; C(reached_at) the own
    address of the SSH connection that asks.
    """

    uri: str
    name: str | None = None
    migration_network: str | None = None
    sample_s: float = 1.0
    labels: t.Mapping[str, str] = {}
    marks_directory: str = DIRECTORY
    reached_at: str | None = None


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
    probing: Pending[bool]


def inspect(
    request: Request,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> Inspection:
    """Read a host and its domains.

    Parameters
    ----------
    request : Request
        What to read.
    clock, sleep : callable
        Monotonic time in seconds, and waiting for some seconds.

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
        reading = read_host(connection)
        pools = [pool_facts(pool) for pool in reading.pools]
        domains = _read_domains(connection, request.uri, pool_directories(pools))
        host, surroundings = _inspect_host(connection, request, reading, pools, domains, warnings)
        if not domains.probing.result(PROBE_LIMIT_S, False):
            warnings.append(_silent_qemu())
        probes = dict(domains.probes)
        first = sample_load(connection, clock)
        sleep(request.sample_s)
        second = sample_load(connection, clock)
    finally:
        connection.close()
    host["cpu_usage"] = host_cpu_usage(first, second, reading.cpus)
    facts = _facts_of_domains(domains, surroundings, (first, second), probes, warnings)
    _block_managed(facts)
    return Inspection(host, facts, warnings)


def _block_managed(facts: list[dict[str, t.Any]]) -> None:
    """Add a blocker to the VMs that Pacemaker manages: it would start them again where they were.

    Side Effects
    ------------
    Appends to the blockers in C(facts).
    """
    stack = read_cluster_stack()
    for domain in facts:
        domain["blockers"].extend(managed_blockers(stack, domain["name"]))


def inspect_within(request: Request, limit_s: float) -> Inspection:
    """Read a host and its domains, unless its libvirt does not answer.

    Parameters
    ----------
    request : Request
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
    pending: Pending[Inspection | None] = Pending(functools.partial(inspect, request))
    found = pending.result(limit_s + request.sample_s, None)
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
    probing = Pending(lambda: _probe(uri, targets, probes))
    return _Domains(readings, definitions, probes, probing)


def _probe(uri: str, targets: dict[str, list[str]], probes: dict[str, DomainProbe]) -> bool:
    """Ask the QEMUs; what they would tell is worth having, but its lack is no failure."""
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
    request: Request,
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
    warnings.extend(problems)
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


def _inspect_network(request: Request, warnings: list[str]) -> dict[str, t.Any]:
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
    samples: tuple[LoadSample, LoadSample],
    probes: dict[str, DomainProbe],
    warnings: list[str],
) -> list[dict[str, t.Any]]:
    """Return the facts of all domains that are still there at the second sample.

    Whatever is odd about one domain, it must not hide the others.
    """
    facts = []
    for reading in domains.readings:
        statistics = samples[1].domains.get(reading.uuid)
        if statistics is None:
            continue
        usage = domain_cpu_usage(samples[0], samples[1], reading.uuid)
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
