# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Giving the VMs of a host a CPU: in their persistent definitions, never in a running QEMU.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._libvirt.connection import libvirt, translated
from .compute import Machine
from .definition import Cpu, has_cpu, runs_with, with_cpu


class Change(t.NamedTuple):
    """A persistent definition that gets another CPU."""

    name: str
    before: str
    after: str


class BaselineEffect(t.NamedTuple):
    """What a CPU means for the VMs of a host.

    C(changes) are the definitions that do not ask for it yet, C(restart) the running VMs that have
    another CPU until they are shut down and started again, C(left_out) those to which it cannot be
    given, with the reason.
    """

    changes: list[Change]
    restart: list[str]
    left_out: dict[str, str]


def judge(
    connection: t.Any, machine: Machine, wanted: Cpu, names: t.Collection[str] | None
) -> BaselineEffect:
    """Say what would change; nothing is changed yet.

    Parameters
    ----------
    connection : libvirt.virConnect
        The host.
    machine : Machine
        The kind of VM that the CPU is for.
    wanted : Cpu
        The CPU.
    names : collection of str or None
        The VMs that are meant, None for all.
    """
    effect = BaselineEffect([], [], {})
    with translated("list the VMs of the host"):
        domains = sorted(connection.listAllDomains(0), key=lambda domain: str(domain.name()))
    for domain in domains:
        if names is None or domain.name() in names:
            with translated("read the VM {}".format(domain.name())):
                _judge_domain(domain, machine, wanted, effect)
    return effect


def _judge_domain(domain: t.Any, machine: Machine, wanted: Cpu, effect: BaselineEffect) -> None:
    name = domain.name()
    active, persistent = bool(domain.isActive()), bool(domain.isPersistent())
    # With the secrets: they would be lost when it is defined again.
    flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
    definition = domain.XMLDesc(flags if persistent else 0)
    reason = _unsuitable(ET.fromstring(definition), machine)
    if reason:
        effect.left_out[name] = reason
        return
    if not persistent:
        effect.left_out[name] = "it is transient: it has no definition that would outlive it"
    elif not has_cpu(definition, wanted):
        effect.changes.append(Change(name, definition, with_cpu(definition, wanted)))
    if active and not runs_with(domain.XMLDesc(0), wanted):
        effect.restart.append(name)


def _unsuitable(root: ET.Element, machine: Machine) -> str | None:
    kind = root.find("os/type")
    arch = "" if kind is None else kind.get("arch", "")
    if root.get("type") != machine.domain_type:
        return "it is of type {}, not {}".format(root.get("type"), machine.domain_type)
    if arch != machine.arch:
        return "it is for {}, not {}".format(arch, machine.arch)
    return None


def apply(connection: t.Any, changes: t.Iterable[Change]) -> None:
    """Define the changed definitions.

    Raises
    ------
    LibvirtFailed
        libvirt refused one; those before it are changed.

    Side Effects
    ------------
    Replaces persistent definitions. What runs is not touched.
    """
    for change in changes:
        with translated("define the VM {} with another CPU".format(change.name)):
            connection.defineXML(change.after)
