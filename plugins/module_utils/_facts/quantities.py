# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes and versions as libvirt writes them, in the units of the facts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

_BYTES = {
    "b": 1,
    "bytes": 1,
    "KB": 10**3,
    "k": 2**10,
    "KiB": 2**10,
    "MB": 10**6,
    "M": 2**20,
    "MiB": 2**20,
    "GB": 10**9,
    "G": 2**30,
    "GiB": 2**30,
    "TB": 10**12,
    "T": 2**40,
    "TiB": 2**40,
}


def size_kib(element: ET.Element | None) -> int:
    """Return what an element like C(<memory unit='MiB'>64</memory>) holds in KiB, rounded up."""
    if element is None or not (element.text or "").strip():
        return 0
    return -(-int(element.text or 0) * _BYTES[element.get("unit", "KiB")] // 1024)


def mib_needed(kib: int) -> int:
    """Return whole MiB that hold this many KiB: what is needed is rounded up."""
    return -(-kib // 1024)


def mib_offered(kib: int) -> int:
    """Return whole MiB within this many KiB: what is offered is rounded down."""
    return kib // 1024


def version(number: int) -> str:
    """Return libvirt's packed version number as text: 9000000 is C(9.0.0)."""
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"
