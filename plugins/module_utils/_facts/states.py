# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""libvirt's numbers for the states of domains and the kinds of jobs, as the words of the facts.

The numbers are part of libvirt's ABI and never change; naming them here keeps the facts free of the
library.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

# virDomainState, with the reasons of that state in order (virDomainRunningReason and so on).
_STATES: dict[int, tuple[str, tuple[str, ...]]] = {
    0: ("nostate", ("unknown",)),
    1: (
        "running",
        (
            "unknown",
            "booted",
            "migrated",
            "restored",
            "from_snapshot",
            "unpaused",
            "migration_canceled",
            "save_canceled",
            "wakeup",
            "crashed",
            "postcopy",
            "postcopy_failed",
        ),
    ),
    # Only Xen reports "blocked": running, but waiting for something.
    2: ("running", ("unknown",)),
    3: (
        "paused",
        (
            "unknown",
            "user",
            "migration",
            "save",
            "dump",
            "ioerror",
            "watchdog",
            "from_snapshot",
            "shutting_down",
            "snapshot",
            "crashed",
            "starting_up",
            "postcopy",
            "postcopy_failed",
            "api_error",
        ),
    ),
    4: ("shutdown", ("unknown", "user")),
    5: (
        "shutoff",
        (
            "unknown",
            "shutdown",
            "destroyed",
            "crashed",
            "migrated",
            "saved",
            "failed",
            "from_snapshot",
            "daemon",
        ),
    ),
    6: ("crashed", ("unknown", "panicked")),
    7: ("pmsuspended", ("unknown",)),
}

# virDomainJobOperation
_JOBS = (
    "unknown",
    "start",
    "save",
    "restore",
    "migration_in",
    "migration_out",
    "snapshot",
    "snapshot_revert",
    "dump",
    "backup",
    "snapshot_delete",
)


def state_and_reason(state: int, reason: int) -> tuple[str, str]:
    """Return the words for a state and its reason, C(unknown) for what a newer libvirt added."""
    name, reasons = _STATES.get(state, ("unknown", ()))
    return name, reasons[reason] if 0 <= reason < len(reasons) else "unknown"


def job_kind(operation: int) -> str:
    """Return the word for what a job does, such as C(migration_out)."""
    return _JOBS[operation] if 0 <= operation < len(_JOBS) else "unknown"
