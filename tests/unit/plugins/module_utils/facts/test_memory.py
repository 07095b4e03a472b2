# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host's memory is in use."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._facts.memory import (
    Memory,
    own_memory_mib,
    parse_memory,
)

MIB = 1024


def meminfo(**mib: int) -> str:
    """Return the kernel's text with these figures in MiB."""
    return "".join(f"{name + ':':15} {value * MIB:9} kB\n" for name, value in mib.items())


def test_caches_that_can_be_dropped_are_free() -> None:
    """Pages of files and the kernel's reclaimable ones are, what processes share is not."""
    text = meminfo(MemTotal=1000, MemFree=200, Buffers=20, Cached=300, Shmem=100, SReclaimable=30)
    assert parse_memory(text) == Memory(550, 0)


def test_the_cache_of_zfs_is_free_but_for_its_least_size() -> None:
    """The kernel counts all of it as used."""
    arc = f"13 1 0x01 147\nname type data\nc_min 4 {64 << 20}\nsize 4 {464 << 20}\n"
    assert parse_memory(meminfo(MemTotal=1000, MemFree=200), arc) == Memory(400, 0)


def test_huge_pages_are_set_aside() -> None:
    """Of all sizes where the kernel tells, else of the default one."""
    assert parse_memory(meminfo(MemTotal=1000, MemFree=200, Hugetlb=512)) == Memory(800, 512)
    older = meminfo(MemTotal=1000, MemFree=200) + "HugePages_Total: 8\nHugepagesize: 2048 kB\n"
    assert parse_memory(older) == Memory(800, 16)


def test_without_figures_nothing_is_known() -> None:
    """As on systems that are no Linux."""
    assert parse_memory("") is None
    assert parse_memory("MemTotal: many\n") is None


def test_what_vms_have_not_is_the_hosts() -> None:
    """Huge pages belong to VMs, or to nobody; of a VM that does not tell nothing can be taken off."""
    assert own_memory_mib(Memory(900, 200), [300, 50]) == 350
    assert own_memory_mib(Memory(300, 0), [200, 200]) == 0
    assert own_memory_mib(Memory(900, 0), [300, None]) is None
