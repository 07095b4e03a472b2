# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains from their live XML (``virsh dumpxml``), many of them one after the other in a file."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any

from ..imported import given
from ..source import Line, Source
from .blockers import Subject, blockers
from .disks import disks

PROLOGUE = re.compile(r"<\?xml[^>]*\?>")
UNITS = {
    "b": 1,
    "bytes": 1,
    "KB": 10**3,
    "k": 2**10,
    "KiB": 2**10,
    "MB": 10**6,
    "M": 2**20,
    "MiB": 2**20,
}
UNITS |= {"GB": 10**9, "G": 2**30, "GiB": 2**30, "TB": 10**12, "T": 2**40, "TiB": 2**40}
"""Bytes of libvirt's units of memory (https://libvirt.org/formatdomain.html#memory-allocation)."""

UNRESOLVED = "unknown_pool"
"""What is found of every volume of a pool here, where no pools are known: like all storage it counts as shared."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a description of a VM says.

    Attributes
    ----------
    facts
        Further entries of its facts.
    """

    vcpus: int
    memory_mib: int
    facts: dict[str, Any] = field(default_factory=dict)


def definitions(source: Source) -> dict[str, Definition]:
    """Read all domains of a file.

    Raises
    ------
    InputError
        It is not well-formed, or a domain lacks what every domain has.
    """
    try:
        root = ET.fromstring(f"<all>{PROLOGUE.sub('', source.text)}</all>")
    except ET.ParseError as error:
        raise Line(source.file, error.position[0], "").fault(
            f"this is not well-formed XML ({error.msg})."
        ) from error
    return dict(_definition(source, element) for element in root)


def _definition(source: Source, domain: ET.Element) -> tuple[str, Definition]:
    name, vcpu, memory = domain.findtext("name"), domain.find("vcpu"), domain.find("memory")
    line = _line_of(source, name)
    if domain.tag != "domain" or not name or vcpu is None or memory is None:
        raise line.fault(
            f"<{domain.tag}> is not a definition of a domain with name, vcpu and memory (virsh dumpxml)."
        )
    unit = memory.get("unit", "KiB")
    if unit not in UNITS:
        raise line.fault(f"the memory of {name} has the unknown unit '{unit}'.")
    amount = line.integer(memory.text or "", f"the memory of {name}")
    count = line.integer(vcpu.get("current") or vcpu.text or "", f"the number of vCPUs of {name}")
    return name, Definition(count, amount * UNITS[unit] // 2**20, _facts(domain))


def _line_of(source: Source, name: str | None) -> Line:
    at = source.text.find(f"<name>{name}</name>") if name else -1
    return source.line_at(max(at, 0))


def _facts(domain: ET.Element) -> dict[str, Any]:
    kind = domain.find("os/type")
    interfaces = domain.findall("devices/interface")
    return given(
        uuid=domain.findtext("uuid"),
        domain_type=domain.get("type"),
        arch=kind.get("arch") if kind is not None else None,
        machine=kind.get("machine") if kind is not None else None,
        bridges=_sources(interfaces, "bridge"),
        networks=_sources(interfaces, "network"),
        cpu=_cpu(domain.find("cpu")),
        blockers=_blockers(domain),
    )


def _sources(interfaces: list[ET.Element], kind: str) -> list[str]:
    """Return the bridges, or the libvirt networks, that interfaces of this type are on."""
    places = [interface.find("source") for interface in interfaces if interface.get("type") == kind]
    return sorted({name for place in places if place is not None and (name := place.get(kind))})


def _cpu(cpu: ET.Element | None) -> dict[str, Any]:
    if cpu is None:
        return {}
    return given(
        mode=cpu.get("mode", "custom" if cpu.find("model") is not None else None),
        model=cpu.findtext("model"),
    )


def _blockers(domain: ET.Element) -> list[dict[str, str]]:
    """Return what ``host_info`` would say keeps the VM where it is, as far as its definition alone tells."""
    subject = Subject(
        root=domain,
        active=True,
        state="running",
        reason="",
        disks=disks(domain, {}),
        storage_of=lambda path: {"path": path, "shared": True},
    )
    return [found for found in blockers(subject) if found["code"] != UNRESOLVED]
