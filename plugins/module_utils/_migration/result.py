# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a migration, with the evidence from both hosts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t
from dataclasses import dataclass


class Outcome(str, enum.Enum):
    """Where the VM is after a migration was asked for."""

    MOVED = "moved"
    """It runs on the destination, and only there."""
    ALREADY_THERE = "already_there"
    """It was on the destination before; nothing was done."""
    NOT_MOVED = "not_moved"
    """It is on the source as before; the destination holds nothing of it."""
    ROLLED_BACK = "rolled_back"
    """It is on the source; what had arrived at the destination was removed again."""
    QUARANTINED = "quarantined"
    """It ran on both hosts; both are paused now and a person must choose."""
    LOST = "lost"
    """Its QEMU died on both hosts; the definition is kept, nothing was started."""
    UNKNOWN = "unknown"
    """One host does not answer; nothing was started anywhere."""


class Phase(str, enum.Enum):
    """The part of a migration that was under way."""

    PREPARATION = "preparation"
    TRANSFER = "transfer"
    HANDOVER = "handover"
    CLEANUP = "cleanup"


@dataclass(frozen=True)
class EndState:
    """What one host says about the VM.

    Parameters
    ----------
    readable : bool
        Whether the host answered. When false nothing else here means anything.
    state : str
        C(absent), C(running), C(paused), C(shutoff), C(crashed), C(pmsuspended), C(blocked)...
    reason : str
        libvirt's reason of the state, for instance C(user), C(migration), C(migrated).
    persistent, autostart : bool
        Whether it has a definition that outlives its QEMU, and is started with the host.
    busy : bool
        Whether libvirt is working on it there, for instance on a migration.
    error : str
        Why the host did not answer.
    """

    readable: bool = True
    state: str = "absent"
    reason: str = ""
    persistent: bool = False
    autostart: bool = False
    busy: bool = False
    error: str = ""

    @property
    def active(self) -> bool:
        """Whether a QEMU process of the VM is known to exist there."""
        return self.readable and self.state not in ("absent", "shutoff", "crashed")

    def __str__(self) -> str:
        if not self.readable:
            return "unknown ({})".format(self.error)
        return "{} ({})".format(self.state, self.reason) if self.reason else self.state


@dataclass(frozen=True)
class Evidence:
    """What both hosts say about the VM at the end."""

    source: EndState
    destination: EndState


@dataclass(frozen=True)
class PhaseTimes:
    """Seconds spent in each of the four phases of a migration."""

    preparation_s: float = 0.0
    transfer_s: float = 0.0
    handover_s: float = 0.0
    cleanup_s: float = 0.0


@dataclass(frozen=True)
class MigrationResult:
    """What became of one migration.

    Parameters
    ----------
    outcome : Outcome
        Where the VM is now.
    evidence : Evidence
        What both hosts said after the last action.
    phase : Phase
        The last phase that was entered.
    reason : str
        One sentence: why it ended so. Empty for a plain success.
    error_code : str
        Stable name of the failure; empty for a success.
    remedy : str
        One sentence: what to do about a failure.
    retriable : bool
        Whether the same migration may succeed later without anybody changing anything.
    downtime_ms : float or None
        From the source's suspended event to the destination's resumed event, both stamped by this
        process.
    downtime_reported_ms : float or None
        libvirt's own figure for the same pause; it ends before the destination is resumed.
    setup_ms : float or None
        QEMU's own preparation on the source.
    duration_s : float
        From the call to the verdict.
    iterations : int or None
        Passes over the VM's memory.
    memory_total_mib, memory_processed_mib : float or None
        Size of the memory, and what was sent of it.
    disk_copied_mib : float or None
        What was sent of disks.
    bandwidth_mib_s : float or None
        Mean rate of the copy.
    throttle_percent : int
        Strongest slowing down of the vCPUs by auto-converge.
    actions : tuple of str
        What this process did to either host, in order.
    leftovers : tuple of str
        What could not be cleaned up.
    warnings : tuple of str
        What went wrong beside the question where the VM runs.
    """

    domain: str
    uuid: str | None
    source: str
    destination: str
    outcome: Outcome
    evidence: Evidence
    phase: Phase = Phase.PREPARATION
    reason: str = ""
    error_code: str = ""
    remedy: str = ""
    retriable: bool = False
    downtime_ms: float | None = None
    downtime_reported_ms: float | None = None
    setup_ms: float | None = None
    duration_s: float = 0.0
    iterations: int | None = None
    memory_total_mib: float | None = None
    memory_processed_mib: float | None = None
    disk_copied_mib: float | None = None
    bandwidth_mib_s: float | None = None
    throttle_percent: int = 0
    phases: PhaseTimes = PhaseTimes()
    actions: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    prerequisites: tuple[dict[str, t.Any], ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the VM is where it was asked to be."""
        return self.outcome in (Outcome.MOVED, Outcome.ALREADY_THERE)

    @property
    def changed(self) -> bool:
        """Whether anything was done to either host."""
        return self.outcome is Outcome.MOVED or bool(self.actions)

    def to_dict(self) -> dict[str, t.Any]:
        """Return the result as plain JSON data."""
        data = dataclasses.asdict(self)
        data.update(outcome=self.outcome.value, phase=self.phase.value, changed=self.changed)
        for name in ("actions", "leftovers", "warnings", "prerequisites"):
            data[name] = list(data[name])
        return data
