# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine that the destination can build: emulator, machine type, CPU and memory.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from .._errors import LibvirtFailed
from .._libvirt.processor import compare_cpu, offers_machine
from .._libvirt.statistics import resident_mib
from .context import Context
from .finding import Finding, blocks, holds, warns


def machine(context: Context) -> t.Iterator[Finding]:
    """The destination has the VM's emulator, and it offers the machine type."""
    wanted = "{} with the machine type {} ({}, {})".format(
        context.emulator, context.machine, context.arch, context.domain_type
    )
    try:
        offers_machine(
            context.destination,
            context.emulator,
            context.arch,
            context.machine,
            context.domain_type,
        )
    except LibvirtFailed as error:
        yield blocks(
            "machine",
            "{} does not offer {}: {}".format(context.there, wanted, error.message),
            "Install a QEMU there that offers it, at the same path.",
        )
    else:
        yield holds("machine", "{} offers {}.".format(context.there, wanted))


def processor(context: Context) -> t.Iterator[Finding]:
    """The destination can give the VM every CPU feature that it runs with."""
    cpu = context.definition.find("cpu")
    if cpu is None or cpu.find("model") is None:
        yield holds("processor", "The VM asks for no particular CPU.")
        return
    answer = compare_cpu(
        context.destination,
        context.emulator,
        context.arch,
        context.machine,
        context.domain_type,
        ET.tostring(cpu, encoding="unicode"),
    )
    if answer is None:
        yield holds("processor", "{} offers the VM's CPU.".format(context.there))
    else:
        yield blocks(
            "processor",
            "{} cannot give the VM its CPU ({}): {}".format(
                context.there, cpu.findtext("model"), _features(answer)
            ),
            "Choose another host, or give the VM a CPU model that both hosts offer and restart it.",
        )


def _features(answer: str) -> str:
    """Return libvirt's answer with the names of the missing features in front."""
    found = re.search(r"features: ([\w,.\- ]+)", answer)
    return (
        "it lacks {}.".format(found.group(1).replace(",", ", ").replace("  ", " "))
        if found
        else answer
    )


def memory(context: Context) -> t.Iterator[Finding]:
    """The destination has memory free: what the VM has in use at least, and better all that it may use."""
    if context.definition.find("memoryBacking/hugepages") is not None:
        yield holds("memory", "The VM's memory lies in huge pages.")
        return
    statistics = context.destination.getMemoryStats(-1)
    free_mib = sum(statistics.get(name, 0) for name in ("free", "buffers", "cached")) // 1024
    at_once = (
        context.definition.find("memoryBacking/locked") is not None
        or context.definition.find("memoryBacking/allocation[@mode='immediate']") is not None
    )
    used_mib = (
        context.facts.memory_mib if at_once else resident_mib(context.source, context.facts.uuid)
    )
    yield enough_memory(context.there, free_mib, context.facts.memory_mib, used_mib)


def enough_memory(there: str, free_mib: int, memory_mib: int, used_mib: int | None) -> Finding:
    """Judge the memory that a host has free: where it does not hold what a VM has in use, QEMU cannot take it over.

    Parameters
    ----------
    there : str
        The destination's name in messages.
    free_mib : int
        Its free memory, with what only caches files.
    memory_mib : int
        What the VM may use.
    used_mib : int or None
        What it has in use and has to bring along, as far as that is known.
    """
    evidence = f"{there} has {free_mib} MiB of memory free; the VM may use {memory_mib} MiB"
    remedy = "Move other VMs away from there first, or choose another host."
    if used_mib is not None and free_mib < used_mib:
        return blocks("memory", f"{evidence} and has {used_mib} MiB in use.", remedy)
    if free_mib < memory_mib:
        return warns("memory", f"{evidence}.", remedy)
    return holds("memory", f"{evidence}.")


CHECKS = (machine, processor, memory)
