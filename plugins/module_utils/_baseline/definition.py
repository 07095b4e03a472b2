# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CPU in the definition of a VM: reading it, and putting another one in its place.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

# What a <cpu> says about the shape of the VM and not about the CPU itself: it stays.
_SHAPE = ("topology", "numa", "cache", "maxphysaddr")
# libvirt indents its own documents by two blanks a level, and nothing else of a definition stands
# on the first level, so the element is found without touching any other byte.
_ELEMENT = re.compile(r"^  <cpu\b(?:[^>]*/>|[^>]*>\n.*?^  </cpu>)\n", re.MULTILINE | re.DOTALL)
_DEVICES = re.compile(r"^  <devices>\n", re.MULTILINE)


class Cpu(t.NamedTuple):
    """A CPU by its model and the features that are added to that or taken away from it."""

    model: str | None
    vendor: str | None
    features: dict[str, str]

    @property
    def words(self) -> str:
        """The CPU for people, such as C(EPYC without vme, rdseed)."""
        lacking = [name for name, policy in self.features.items() if policy == "disable"]
        return (self.model or "?") + (" without " + ", ".join(lacking) if lacking else "")


def parse_cpu(text: str) -> Cpu:
    """Read a C(<cpu>)."""
    return read_cpu(ET.fromstring(text))


def read_cpu(element: ET.Element) -> Cpu:
    """Read a C(<cpu>) that has been parsed."""
    return Cpu(
        element.findtext("model"),
        element.findtext("vendor"),
        {
            feature.get("name", ""): feature.get("policy", "require")
            for feature in element.findall("feature")
        },
    )


def defined_cpu(definition: str) -> ET.Element | None:
    """Return the C(<cpu>) of a VM's definition, None where it has none."""
    return ET.fromstring(definition).find("cpu")


def has_cpu(definition: str, wanted: Cpu) -> bool:
    """Say whether a persistent definition asks for exactly this CPU."""
    element = defined_cpu(definition)
    if element is None or element.get("mode", "custom") != "custom":
        return False
    return element.get("match", "exact") == "exact" and read_cpu(element) == wanted


def with_cpu(definition: str, wanted: Cpu) -> str:
    """Return a definition, as libvirt writes it, with another CPU and nothing else changed."""
    text = "  " + cpu_text(wanted, defined_cpu(definition)) + "\n"
    changed, times = _ELEMENT.subn(lambda _match: text, definition, count=1)
    if not times:
        changed = _DEVICES.sub(lambda match: text + match.group(), definition, count=1)
    return changed


def cpu_text(wanted: Cpu, old: ET.Element | None) -> str:
    """Return a CPU as it stands in a definition, with the shape of the one that was there."""
    cpu = ET.Element("cpu", mode="custom", match="exact", check="partial")
    ET.SubElement(cpu, "model", fallback="forbid").text = wanted.model
    if wanted.vendor:
        ET.SubElement(cpu, "vendor").text = wanted.vendor
    cpu.extend([] if old is None else [child for child in old if child.tag in _SHAPE])
    for name, policy in wanted.features.items():
        ET.SubElement(cpu, "feature", policy=policy, name=name)
    ET.indent(cpu, level=1)
    return ET.tostring(cpu, encoding="unicode").strip()


def cpu_of(definition: str) -> str:
    """Return the C(<cpu>) of a definition for people, and nothing else: it holds secrets."""
    element = defined_cpu(definition)
    if element is None:
        return "none\n"
    ET.indent(element)
    return ET.tostring(element, encoding="unicode").strip() + "\n"


def runs_with(live: str, wanted: Cpu) -> bool:
    """Say whether a running VM has this CPU, by its live definition.

    libvirt lists there how the CPU that QEMU made differs from the model. It has the wanted CPU
    when it has the model, and every feature that the wanted one names is as that wants it.
    """
    element = defined_cpu(live)
    if element is None:
        return False
    actual = read_cpu(element)
    return actual.model == wanted.model and all(
        actual.features.get(name) == policy for name, policy in wanted.features.items()
    )
