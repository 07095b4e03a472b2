# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The amounts that a VM takes and a host offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

TOLERANCE = 1e-6


class Resources(NamedTuple):
    """Memory in MiB, virtual CPUs given out, and CPUs busy (in vCPUs)."""

    memory_mib: float = 0
    vcpus: float = 0
    cpu_usage: float = 0.0

    def plus(self, other: Resources) -> Resources:
        """Return the sum, resource by resource."""
        return Resources(self[0] + other[0], self[1] + other[1], self[2] + other[2])

    def minus(self, other: Resources) -> Resources:
        """Return the difference, resource by resource."""
        return Resources(self[0] - other[0], self[1] - other[1], self[2] - other[2])

    def fits(self, limit: Resources) -> bool:
        """Tell whether no resource is above its limit."""
        return (
            self[0] <= limit[0] + TOLERANCE
            and self[1] <= limit[1] + TOLERANCE
            and self[2] <= limit[2] + TOLERANCE
        )

    def at_least(self, other: Resources) -> Resources:
        """Return the greater of both, resource by resource."""
        return Resources(max(self[0], other[0]), max(self[1], other[1]), max(self[2], other[2]))

    def share_of(self, limit: Resources) -> float:
        """Return the fullest resource as a fraction of its limit (a limit of nothing counts as full)."""
        return max(
            (used / most if most > 0 else float(used > 0))
            for used, most in zip(self, limit, strict=True)
        )


RESOURCE_NAMES = {
    "memory_mib": ("memory", "MiB"),
    "vcpus": ("vCPUs", "vCPUs"),
    "cpu_usage": ("busy CPU", "vCPUs"),
}
_IN_WORDS = {"memory_mib": "MiB of memory", "vcpus": "vCPUs", "cpu_usage": "busy vCPUs"}


def in_words(key: str, amount: float) -> str:
    """Return an amount of the resource ``key`` for people: "512 MiB of memory", "2 vCPUs", "0.5 busy vCPUs"."""
    return f"{amount:g} {_IN_WORDS[key]}"


def total(amounts: Iterable[Resources]) -> Resources:
    """Return the sum of many amounts; busy CPU is summed exactly rounded, so that order does not matter."""
    memory, vcpus, cpu = 0.0, 0.0, 0.0
    for amount in amounts:
        memory += amount[0]
        vcpus += amount[1]
        cpu += amount[2]
    return Resources(memory, vcpus, round(cpu, 6))
