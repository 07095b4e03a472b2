# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the CPU that all chosen hosts can give their VMs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._errors import DroverError, LibvirtFailed
from .._facts.emulators import parse_emulators
from .._facts.processor import host_model
from .._libvirt.connection import translated
from .._libvirt.processor import baseline_cpu, compare_cpu, domain_capabilities


class NoBaseline(DroverError):
    """There is no CPU that all hosts can run."""

    code = "no_baseline"


class Machine(t.NamedTuple):
    """The kind of VM that the CPU is for."""

    emulator: str
    arch: str
    domain_type: str


class ConnectedHost(t.NamedTuple):
    """A host that is to run the VMs, with an open connection."""

    name: str
    connection: t.Any


def machine_of(connection: t.Any, arch: str | None, domain_type: str | None) -> Machine:
    """Return what is meant where it is not said: the host's own architecture, and KVM where it is.

    Raises
    ------
    NoBaseline
        The host has no emulator for it.
    """
    with translated("read the capabilities of the host"):
        capabilities = ET.fromstring(connection.getCapabilities())
    wanted = arch or capabilities.findtext("host/cpu/arch", "")
    for emulator in parse_emulators(capabilities):
        kinds = emulator.domain_types
        kind = domain_type or ("kvm" if "kvm" in kinds else "qemu")
        if emulator.arch == wanted and kind in kinds:
            return Machine(emulator.path, wanted, kind)
    raise NoBaseline(
        "This host has no emulator for VMs of type {} on {}.".format(domain_type or "kvm", wanted),
        "Install QEMU for this architecture, or choose another type.",
    )


def host_cpus(hosts: t.Iterable[ConnectedHost], machine: Machine) -> dict[str, str]:
    """Return the "host-model" CPU of each host as XML.

    Raises
    ------
    NoBaseline
        A host has none, for instance on an architecture where libvirt knows no models.
    LibvirtFailed
        A host does not answer, or has no such emulator.
    """
    return {host.name: _host_cpu(host, machine) for host in hosts}


def _host_cpu(host: ConnectedHost, machine: Machine) -> str:
    with translated("ask {} what CPU it offers".format(host.name)):
        document = domain_capabilities(
            host.connection, machine.emulator, machine.arch, None, machine.domain_type
        )
    cpu = host_model(document)
    if cpu is None:
        raise NoBaseline(
            "libvirt on {} names no CPU model for VMs of type {}.".format(
                host.name, machine.domain_type
            ),
            "Leave this host out, or use another type of VM.",
        )
    return cpu


def baseline(hosts: t.Sequence[ConnectedHost], machine: Machine, cpus: t.Mapping[str, str]) -> str:
    """Return the CPU, as XML, that each host says it can run.

    Which models there are depends on the host that is asked, so all of them are asked until one
    names a CPU that passes on all hosts.

    Raises
    ------
    NoBaseline
        None of them does.
    """
    problems = []
    for host in hosts:
        try:
            found = baseline_cpu(
                host.connection,
                machine.emulator,
                machine.arch,
                machine.domain_type,
                list(cpus.values()),
            )
        except LibvirtFailed as error:
            problems.append("{} says: {}".format(host.name, error.message))
            continue
        refusal = _refusal(hosts, machine, found)
        if refusal is None:
            return found
        problems.append(refusal)
    raise NoBaseline(
        "No CPU runs on all of these hosts. {}".format(" ".join(dict.fromkeys(problems))),
        "Leave out the hosts that differ most, for instance those of another maker.",
    )


def _refusal(hosts: t.Iterable[ConnectedHost], machine: Machine, cpu: str) -> str | None:
    """Say which host cannot run the CPU; None where all can."""
    for host in hosts:
        with translated("compare the CPU on {}".format(host.name)):
            answer = compare_cpu(
                host.connection, machine.emulator, machine.arch, None, machine.domain_type, cpu
            )
        if answer is not None:
            return "{} cannot run {}: {}.".format(
                host.name, ET.fromstring(cpu).findtext("model"), answer.rstrip(".")
            )
    return None
