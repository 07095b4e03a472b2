# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One reading of a running migration, with units in the names.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

_BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True)
class Progress:
    """How far a migration is.

    Parameters
    ----------
    elapsed_s : float
        Seconds since the copy was asked for, by this process's clock.
    iteration : int
        Pass over the memory that is under way; 0 before the first one.
    memory_total_mib, memory_processed_mib, memory_remaining_mib : float
        Size of the memory, what was sent so far (all passes), what is still to be sent in this
        pass.
    bandwidth_mib_s, dirty_rate_mib_s : float
        Rate of the copy, and at which the VM rewrites its memory, as QEMU sees them.
    disk_total_mib, disk_processed_mib : float
        Size of the disks that are copied, and what was sent of them so far.
    throttle_percent : int
        How much auto-converge slows the vCPUs down at the moment.
    post_copy : bool
        Whether the VM runs on the destination already and fetches its memory from here.
    silent_s : float
        Seconds for which nothing was seen to be sent.
    """

    elapsed_s: float
    iteration: int = 0
    memory_total_mib: float = 0.0
    memory_processed_mib: float = 0.0
    memory_remaining_mib: float = 0.0
    bandwidth_mib_s: float = 0.0
    dirty_rate_mib_s: float = 0.0
    disk_total_mib: float = 0.0
    disk_processed_mib: float = 0.0
    throttle_percent: int = 0
    post_copy: bool = False
    silent_s: float = 0.0

    @property
    def processed_mib(self) -> float:
        """What was sent so far, of memory and disks."""
        return self.memory_processed_mib + self.disk_processed_mib

    @property
    def percent(self) -> float:
        """How much of the memory is on the destination and current, 0 to 100."""
        if not self.memory_total_mib:
            return 0.0
        return 100.0 * (1.0 - min(1.0, self.memory_remaining_mib / self.memory_total_mib))


def read_progress(job: t.Mapping[str, t.Any], elapsed_s: float) -> Progress:
    """Turn libvirt's statistics of a running migration job into a C(Progress).

    Parameters
    ----------
    job : mapping
        Typed parameters as C(virDomainGetJobStats) returns them: bytes, bytes per second and pages
        per second.
    elapsed_s : float
        Seconds since the copy was asked for.
    """
    page_bytes = job.get("memory_page_size", 4096)
    return Progress(
        elapsed_s=elapsed_s,
        iteration=int(job.get("memory_iteration", 0)),
        memory_total_mib=_mib(job, "memory_total"),
        memory_processed_mib=_mib(job, "memory_processed"),
        memory_remaining_mib=_mib(job, "memory_remaining"),
        bandwidth_mib_s=_mib(job, "memory_bps"),
        dirty_rate_mib_s=job.get("memory_dirty_rate", 0) * page_bytes / _BYTES_PER_MIB,
        disk_total_mib=_mib(job, "disk_total"),
        disk_processed_mib=_mib(job, "disk_processed"),
        throttle_percent=int(job.get("auto_converge_throttle", 0)),
    )


def _mib(job: t.Mapping[str, t.Any], name: str) -> float:
    return float(job.get(name, 0)) / _BYTES_PER_MIB
