# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The handover mark: what is written down of a VM before it leaves, as a value, as XML and as JSON.

It is written twice, with the same words. In the VM's live definition it travels with the VM, over the
network or in a saved image, and ends with its QEMU. In the journal it outlives both QEMUs. Either
of them tells how the VM was before, even when the process that began the migration died. Executor,
settle and reconcile judge by this one value.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t
import xml.etree.ElementTree as ET
from dataclasses import dataclass

NAMESPACE = "https://drover.dev/xmlns/handover/1"
PREFIX = "drover-handover"


@dataclass(frozen=True)
class HandoverMark:
    """What the mark says.

    Parameters
    ----------
    defined_before : bool
        Whether the destination had a definition of the VM before the migration.
    persistent : bool
        Whether the VM had a definition on the source.
    autostart : bool
        Whether the VM was started together with its host.
    paused : bool
        Whether a user had paused the VM, so that it has to arrive paused.
    waits : bool
        Whether the VM waits on the destination for us to resume it; else libvirt lets it run.
    decided : bool
        Whether the copy that carries the mark is the VM from now on. Written on the destination
        before the paused leftover on the source is ended, and never taken back.
    """

    defined_before: bool = False
    persistent: bool = True
    autostart: bool = False
    paused: bool = False
    waits: bool = True
    decided: bool = False

    @property
    def libvirt_resumes(self) -> bool:
        """Whether libvirt by itself lets the VM run on the destination."""
        return not (self.waits or self.paused)

    def as_xml(self) -> str:
        """Return it as the element of the live definition."""
        attributes = {
            name.replace("_", "-"): "yes" if value else "no"
            for name, value in dataclasses.asdict(self).items()
        }
        return ET.tostring(ET.Element("handover", attributes), encoding="unicode")

    def as_document(self) -> dict[str, bool]:
        """Return it as plain JSON, for the journal."""
        return dataclasses.asdict(self)


def parse_mark(text: str) -> HandoverMark:
    """Return the mark that an element holds."""
    return _from_element(ET.fromstring(text))


def read_mark_document(document: t.Mapping[str, t.Any]) -> HandoverMark:
    """Return the mark that a journal holds; what is missing is as it is by default."""
    names = {field.name for field in dataclasses.fields(HandoverMark)}
    return HandoverMark(**{name: bool(on) for name, on in document.items() if name in names})


def mark_in(definition: str) -> HandoverMark | None:
    """Return the mark in a VM's definition, or None."""
    element = _find(ET.fromstring(definition))
    return None if element is None else _from_element(element)


def handover_facts(domain: ET.Element) -> dict[str, t.Any]:
    """Return C(handover_mark) where the live definition has it."""
    return {} if _find(domain) is None else {"handover_mark": True}


def _find(domain: ET.Element) -> ET.Element | None:
    return domain.find(f"metadata/{{{NAMESPACE}}}handover")


def _from_element(element: ET.Element) -> HandoverMark:
    said = {
        field.name: element.get(field.name.replace("_", "-"))
        for field in dataclasses.fields(HandoverMark)
    }
    return HandoverMark(**{name: word == "yes" for name, word in said.items() if word is not None})
