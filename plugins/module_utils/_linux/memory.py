# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory of the host on which this runs, as its kernel tells.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._facts.memory import Memory, parse_memory

_MEMINFO = "/proc/meminfo"
# The cache of ZFS is not a page cache: it stands in none of the kernel's figures.
_ARC = "/proc/spl/kstat/zfs/arcstats"


def read_memory(meminfo: str = _MEMINFO, arc: str = _ARC) -> Memory | None:
    """Return the host's memory; None where the kernel does not tell it."""
    return parse_memory(_text(meminfo), _text(arc))


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
