# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a domain moved last, as its own definition tells it.

The executor writes the element, and it travels with the domain::

    <metadata>
      <drover-migration:migration xmlns:drover-migration="https://drover.dev/xmlns/migration/1"
        at="2026-11-24T22:30:00+00:00" failed="no"/>
    </metadata>

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

NAMESPACE = "https://drover.dev/xmlns/migration/1"
PREFIX = "drover-migration"


def migration_element(at: str, failed: bool) -> str:
    """Return the element as text."""
    element = ET.Element("migration", {"at": at, "failed": "yes" if failed else "no"})
    return ET.tostring(element, encoding="unicode")


def last_migration_facts(domain: ET.Element) -> dict[str, t.Any]:
    """Return C(last_migration) where the definition tells of one."""
    element = domain.find(f"metadata/{{{NAMESPACE}}}migration")
    if element is None or not element.get("at"):
        return {}
    return {"last_migration": {"at": element.get("at"), "failed": element.get("failed") == "yes"}}
