# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts use beside their VMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .domain import Domain
from .resources import Resources

JsonObject = Mapping[str, Any]


def own_use(entry: JsonObject, domains: Sequence[Domain]) -> Resources:
    """Return what a host uses itself: what its facts say, or what it uses in all without its placed VMs.

    With 60 GiB in use, of which two VMs have 10 GiB each, it is 40 GiB. A VM of which it is not known how much it
    uses has all its memory; huge pages are neither the host's nor counted here.
    """
    told = entry.get("own_use")
    if told is not None:
        return Resources(
            memory_mib=told.get("memory_mib") or 0, cpu_usage=float(told.get("cpu_usage") or 0.0)
        )
    placed = [domain for domain in domains if domain.is_placed]
    memory, busy = entry.get("memory_used_mib"), entry.get("cpu_usage")
    if memory is not None:
        pages = sum(
            page["size_kib"] * page["total"] // 1024 for page in entry.get("hugepages") or ()
        )
        memory -= pages + sum(_normal_memory_mib(domain) for domain in placed)
    if busy is not None:
        busy -= sum(domain.cpu_usage for domain in placed)
    return Resources(memory_mib=max(0, memory or 0), cpu_usage=round(max(0.0, busy or 0.0), 3))


def _normal_memory_mib(domain: Domain) -> float:
    if domain.hugepages_kib:
        return 0
    return domain.memory_mib if domain.memory_used_mib is None else domain.memory_used_mib
