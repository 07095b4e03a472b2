# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a domain carries the mark of a migration that nobody has ended (see C(handover_mark)).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

NAMESPACE = "https://drover.dev/xmlns/handover/1"
PREFIX = "drover-handover"


def handover_facts(domain: ET.Element) -> dict[str, t.Any]:
    """Return C(handover_mark) where the live definition has it."""
    marked = domain.find(f"metadata/{{{NAMESPACE}}}handover") is not None
    return {"handover_mark": True} if marked else {}
