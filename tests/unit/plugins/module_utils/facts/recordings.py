# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt 9.0 and QEMU 7.2 on Debian 12 said, shortened to what the facts are made of."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from ansible_collections.drover.libvirt.plugins.module_utils._facts.domain import (
    Definition,
    Surroundings,
    parse_definition,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.emulators import parse_emulators
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import DomainReading

POOLS = {"local": "/var/lib/libvirt/images"}
SHARED = {
    "path": "/tmp/facts-ns/shared",
    "source": "filer:/vms",
    "fstype": "fuse.glusterfs",
    "shared": True,
    "identity": "5f0c2f0e-8f2a-4a63-9d2b-0a4f7d1a9a5e",
    "evidence": "marker",
}
LOCAL = {
    "path": "/var/lib/libvirt/images",
    "source": "/dev/vda",
    "fstype": "ext4",
    "shared": False,
    "identity": None,
    "evidence": "none",
}


def recorded(name: str) -> str:
    """Return a recorded document."""
    return (Path(__file__).parent / "recorded" / name).read_text(encoding="utf-8")


def surroundings(**changes: object) -> Surroundings:
    """Return a host with a shared and a local storage."""
    emulators = parse_emulators(ET.fromstring(recorded("capabilities.xml")))
    return Surroundings("kvm1", [SHARED, LOCAL], emulators, {})._replace(**changes)


def definition(name: str, active: bool = True) -> Definition:
    """Return a recorded domain."""
    return understood(recorded(f"{name}.xml"), active)


def understood(xml: str, active: bool = True) -> Definition:
    """Return a domain with this definition."""
    parsed = parse_definition(DomainReading("vm", "u-1", xml, active=active), POOLS)
    assert parsed is not None
    return parsed
