# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a migration came to: the one value that live, quick and offline migrations return.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .._facts.end_state import Evidence
from .outcome import Outcome
from .verdict import Verdict


class Phase(str, enum.Enum):
    """The part of a migration that was under way."""

    PREPARATION = "preparation"
    TRANSFER = "transfer"
    HANDOVER = "handover"
    CLEANUP = "cleanup"


@dataclass(frozen=True)
class Account:
    """What became of one VM.

    Parameters
    ----------
    outcome : Outcome
        Where the VM is now.
    reason : str
        One sentence: why it ended so. Empty for a plain success.
    error_code : str
        Stable name of the failure; empty for a success.
    remedy : str
        One sentence: what to do about a failure.
    retriable : bool
        Whether the same migration may succeed later without anybody changing anything.
    actions : tuple of str
        What this process did to either host, in order.
    leftovers : tuple of str
        What could not be cleaned up.
    warnings : tuple of str
        What went wrong beside the question where the VM runs.
    phase : Phase
        The last phase that was entered.
    evidence : Evidence or None
        What both hosts said after the last action, where it was asked for.
    began_s, left_s, arrived_s : float or None
        When the VM's way began, when the source let it go, and when the destination had it (or
        nothing more was tried); by the clock of the hosts' C(Ends).
    downtime_ms : float or None
        From the source's suspended event to the destination's resumed event, both stamped by this
        process.
    downtime_reported_ms : float or None
        libvirt's own figure for the same pause; it ends before the destination is resumed.
    setup_ms : float or None
        QEMU's own preparation on the source.
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
    """

    outcome: Outcome = Outcome.UNKNOWN
    reason: str = ""
    error_code: str = ""
    remedy: str = ""
    retriable: bool = False
    actions: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    phase: Phase = Phase.PREPARATION
    evidence: Evidence | None = None
    began_s: float | None = None
    left_s: float | None = None
    arrived_s: float | None = None
    downtime_ms: float | None = None
    downtime_reported_ms: float | None = None
    setup_ms: float | None = None
    iterations: int | None = None
    memory_total_mib: float | None = None
    memory_processed_mib: float | None = None
    disk_copied_mib: float | None = None
    bandwidth_mib_s: float | None = None
    throttle_percent: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether the VM is where it was asked to be."""
        return self.outcome.moved is True


# For a VM that a person must see to.
REMEDIES = {
    Outcome.QUARANTINED: "Decide which host has the newer state, stop the VM on the other, resume it.",
    Outcome.LOST: "Find out why QEMU ended (/var/log/libvirt/qemu) before starting the VM.",
    Outcome.UNKNOWN: "Bring both hosts' libvirt within reach and migrate again; start it nowhere.",
}


def put_in_order(
    verdict: Verdict,
    evidence: Evidence | None,
    actions: t.Iterable[str],
    leftovers: t.Iterable[str] = (),
) -> Account:
    """Return what cleaning up a VM came to: one that is on the destination was moved before."""
    outcome = Outcome.ALREADY_THERE if verdict.succeeded else verdict.outcome or Outcome.UNKNOWN
    return Account(
        outcome,
        verdict.reason,
        outcome.value if outcome in REMEDIES else "",
        REMEDIES.get(outcome, ""),
        actions=tuple(actions),
        leftovers=tuple(leftovers),
        evidence=evidence,
    )
