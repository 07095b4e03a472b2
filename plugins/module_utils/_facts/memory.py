# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory that a host uses: what could be dropped at once does not count.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .quantities import mib_needed


class Memory(t.NamedTuple):
    """Memory in use in MiB, without caches that can be dropped, and how much of it is set aside in huge pages."""

    used_mib: int
    in_pages_mib: int


def parse_memory(meminfo: str, arcstats: str = "") -> Memory | None:
    """Read C(/proc/meminfo) and, where the host has ZFS, its C(arcstats); None where there are no such figures.

    Of the page cache C(Shmem) stays: memory that processes share, and files in tmpfs, have no other place. With
    1000 MiB in all, 200 free, 300 cached of which 100 are shared: 600 are used.
    """
    kib = _values(meminfo)
    if "MemTotal" not in kib or "MemFree" not in kib:
        return None
    cached = max(0, kib.get("Cached", 0) - kib.get("Shmem", 0))
    free = kib["MemFree"] + kib.get("Buffers", 0) + cached + kib.get("SReclaimable", 0)
    free += _droppable_of_zfs(arcstats) // 1024
    pages = kib.get("Hugetlb", kib.get("HugePages_Total", 0) * kib.get("Hugepagesize", 0))
    return Memory(mib_needed(max(0, kib["MemTotal"] - free)), mib_needed(pages))


def own_memory_mib(memory: Memory, of_domains: t.Iterable[int | None]) -> int | None:
    """Return what a host uses beside its VMs; None where it is not known of a VM what it uses.

    Pages that VMs share count for each of them, so that it may come out too low, but never below nothing.
    """
    known = 0
    for used_mib in of_domains:
        if used_mib is None:
            return None
        known += used_mib
    return max(0, memory.used_mib - memory.in_pages_mib - known)


def _values(meminfo: str) -> dict[str, int]:
    """Return the figures by name; those with a unit are in KiB."""
    found = {}
    for line in meminfo.splitlines():
        name, _colon, rest = line.partition(":")
        fields = rest.split()
        if fields and fields[0].isdigit():
            found[name] = int(fields[0])
    return found


def _droppable_of_zfs(arcstats: str) -> int:
    """Return the bytes of the ARC above the size that it keeps in any case."""
    rows = [line.split() for line in arcstats.splitlines()]
    found = {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}
    return max(0, found.get("size", 0) - found.get("c_min", 0))
