# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does what the module cpu_baseline was asked for, and turns it into the module's answer.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import platform
import typing as t
import xml.etree.ElementTree as ET

from .._errors import DroverError
from .._libvirt.connection import open_connection
from .compute import ConnectedHost, Machine, baseline, host_cpus, machine_of
from .definition import Cpu, cpu_of, cpu_text, parse_cpu
from .domains import Change, apply, judge

_REMEDY = "Give what this module returned as cpu."


class CpuUnusable(DroverError):
    """The CPU that was given is not one."""

    code = "cpu_unusable"


def answer(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Do what the parameters ask for, and return the module's result.

    Raises
    ------
    CpuUnusable
        The option C(cpu) is not a CPU.
    ConnectionFailed, LibvirtFailed
        A host cannot be reached, or refused.

    Side Effects
    ------------
    Defines VMs with the state C(defined), unless in check mode.
    """
    given = _given_cpu(params["cpu"])
    connection = open_connection(params["uri"])
    machine = machine_of(connection, params["arch"], params["domain_type"])
    found = {} if given else _host_cpus(params, connection, machine)
    wanted = given or found.pop("wanted")
    effect = judge(connection, machine, wanted, params["domains"])
    defines = params["state"] == "defined"
    if defines and not check_mode:
        apply(connection, effect.changes)
    return dict(
        found,
        changed=defines and bool(effect.changes),
        cpu=cpu_text(wanted, None),
        model=wanted.words,
        features=wanted.features,
        changes=[change.name for change in effect.changes],
        restart=effect.restart,
        left_out=effect.left_out,
        diff=[_difference(change) for change in effect.changes] if defines else [],
    )


def _given_cpu(text: str | None) -> Cpu | None:
    """Return the CPU that was given, None where one is to be found."""
    if not text:
        return None
    try:
        cpu = parse_cpu(text)
    except ET.ParseError as error:
        raise CpuUnusable("cpu is not valid XML: {}.".format(error), _REMEDY) from None
    if not cpu.model:
        raise CpuUnusable("cpu names no model.", _REMEDY)
    return cpu


def _host_cpus(
    params: t.Mapping[str, t.Any], connection: t.Any, machine: Machine
) -> dict[str, t.Any]:
    """Return the CPU that this host and its peers have in common, and what each of them offers."""
    hosts = [ConnectedHost(params["name"] or platform.node(), connection)]
    hosts += [
        ConnectedHost(peer["name"], open_connection(peer["uri"])) for peer in params["peers"] or []
    ]
    offered = host_cpus(hosts, machine)
    return {
        "wanted": parse_cpu(baseline(hosts, machine, offered)),
        "hosts": {name: parse_cpu(cpu).words for name, cpu in offered.items()},
    }


def _difference(change: Change) -> dict[str, str]:
    """Return a changed definition as Ansible shows differences."""
    return {
        "before_header": "CPU of {}".format(change.name),
        "after_header": "CPU of {}".format(change.name),
        "before": cpu_of(change.before),
        "after": cpu_of(change.after),
    }
