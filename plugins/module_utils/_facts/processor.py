# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPUs: what a host has, what its QEMU can offer, and what a domain was given.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET


class Offer(t.NamedTuple):
    """The CPU models, by name, that one emulator can offer a domain of one type."""

    emulator: str
    arch: str
    domain_type: str
    usable_models: tuple[str, ...]


def parse_offer(domain_capabilities: str) -> Offer:
    """Read an C(Offer) from a domain capabilities document.

    The model that "host-model" is built on counts as usable even where libvirt says that the host
    lacks some of its features: domains use it here with those features disabled. Whether one that
    wants them all can run is seen when its CPU is compared in full, before it is migrated.
    """
    root = ET.fromstring(domain_capabilities)
    usable = {m.text or "" for m in root.iterfind("cpu/mode[@name='custom']/model[@usable='yes']")}
    usable.update(m.text or "" for m in root.iterfind("cpu/mode[@name='host-model']/model"))
    return Offer(
        emulator=root.findtext("path", ""),
        arch=root.findtext("arch", ""),
        domain_type=root.findtext("domain", ""),
        usable_models=tuple(sorted(usable)),
    )


def host_model(domain_capabilities: str) -> str | None:
    """Return the C(<cpu>) that "host-model" stands for, None where there is none."""
    mode = ET.fromstring(domain_capabilities).find("cpu/mode[@name='host-model']")
    if mode is None or mode.find("model") is None:
        return None
    cpu = ET.Element("cpu", mode="custom", match="exact")
    cpu.extend(list(mode))
    return ET.tostring(cpu, encoding="unicode")


def required_features(cpu: str) -> list[str]:
    """Return the sorted names of the features that a C(<cpu>) requires."""
    features = ET.fromstring(cpu).iterfind("feature")
    return sorted(f.get("name", "") for f in features if f.get("policy", "require") == "require")


def host_cpu(
    capabilities: ET.Element, offer: Offer | None, expanded_cpu: str | None
) -> dict[str, t.Any]:
    """Return the C(cpu) facts of a host.

    Parameters
    ----------
    capabilities : xml.etree.ElementTree.Element
        Root of the capabilities document.
    offer : Offer or None
        What the emulator of the host's architecture offers for the domain type in use.
    expanded_cpu : str or None
        "host-model" with all the features that its model implies written out.
    """
    found = {key: capabilities.findtext("host/cpu/" + key) for key in ("arch", "vendor", "model")}
    facts: dict[str, t.Any] = {key: value for key, value in found.items() if value}
    if offer is not None:
        facts["usable_models"] = list(offer.usable_models)
    if expanded_cpu is not None:
        facts["features"] = required_features(expanded_cpu)
    return facts


def domain_cpu(domain: ET.Element) -> dict[str, t.Any]:
    """Return the C(cpu) facts of a domain; of a running one this is what QEMU was really given."""
    cpu = domain.find("cpu")
    if cpu is None:
        return {"mode": None, "model": None, "check": "none", "features": {}}
    return {
        "mode": cpu.get("mode", "custom"),
        "model": cpu.findtext("model"),
        "check": cpu.get("check", "none"),
        "features": {
            feature.get("name", ""): feature.get("policy", "require")
            for feature in cpu.findall("feature")
        },
    }
