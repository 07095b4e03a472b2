# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Drover keeps in a domain's own metadata, to travel with the domain: labels and priority.

The element stands in the domain's definition::

    <metadata>
      <drover:domain xmlns:drover="https://drover.dev/xmlns/domain/1">
        <drover:label name="tier" value="gold"/>
        <drover:priority value="3"/>
      </drover:domain>
    </metadata>

People edit it by hand, so what cannot be understood is left out rather than refused.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
import xml.etree.ElementTree as ET

NAMESPACE = "https://drover.dev/xmlns/domain/1"


def _own_elements(domain: ET.Element, name: str) -> list[ET.Element]:
    path = f"metadata/{{{NAMESPACE}}}domain/{{{NAMESPACE}}}{name}"
    return domain.findall(path)


def labels(domain: ET.Element) -> dict[str, str]:
    """Return the labels in a domain's metadata; the last of equal names counts."""
    return {
        element.get("name", ""): element.get("value", "")
        for element in _own_elements(domain, "label")
        if element.get("name")
    }


def priority(domain: ET.Element) -> int | None:
    """Return the priority in a domain's metadata, or None when there is none or it is not a number."""
    for element in _own_elements(domain, "priority"):
        with contextlib.suppress(ValueError):
            return int(element.get("value", ""))
    return None


def label_facts(domain: ET.Element) -> dict[str, t.Any]:
    """Return C(labels) and, where it is set, C(priority)."""
    facts: dict[str, t.Any] = {"labels": labels(domain)}
    number = priority(domain)
    if number is not None:
        facts["priority"] = number
    return facts
