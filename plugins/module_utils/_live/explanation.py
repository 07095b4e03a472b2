# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a live migration came to, in words and figures.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._ends.account import REMEDIES, Account, Phase
from .._ends.outcome import Outcome
from .._ends.repair import Repairs
from .._ends.verdict import Verdict
from .._facts.end_state import Evidence
from .._request.options import MigrationOptions
from . import timeline
from .complaints import is_lost_error, understand
from .monitor import Watched
from .progress import read_progress
from .transfer import Copied


def account_of(
    verdict: Verdict,
    evidence: Evidence,
    repairs: Repairs,
    copied: Copied,
    completed: t.Mapping[str, t.Any],
    options: MigrationOptions,
) -> Account:
    """Return what a live migration came to.

    Parameters
    ----------
    verdict : Verdict
        Where the VM is.
    evidence : Evidence
        What both hosts said at the end.
    repairs : Repairs
        What was done to them.
    copied : Copied
        How the copy went.
    completed : dict
        libvirt's own figures, as far as it has some.
    options : MigrationOptions
        How it was to be done.
    """
    account = _explained(verdict, copied, evidence, options)
    return replace(
        account,
        actions=tuple(repairs.actions),
        leftovers=tuple(repairs.leftovers),
        warnings=_warnings(account.outcome, copied),
        phase=_phase_reached(account.outcome, copied),
        evidence=evidence,
        began_s=copied.began_s,
        left_s=timeline.switchover_s(copied.events) or copied.returned_s,
        arrived_s=copied.returned_s,
        **_measurements(copied, completed),
    )


def _measurements(copied: Copied, completed: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the figures of the copy: libvirt's last word, else our last reading."""
    last = copied.watched.latest
    disk_mib = last.disk_processed_mib if last is not None else 0.0
    if "memory_total" in completed:
        last = read_progress(completed, copied.returned_s - copied.began_s)
    figures: dict[str, t.Any] = {
        "downtime_ms": timeline.downtime_ms(copied.events),
        "downtime_reported_ms": completed.get("downtime"),
        "setup_ms": completed.get("setup_time"),
        "iterations": timeline.iterations(copied.events) or (last.iteration if last else None),
        "throttle_percent": copied.watched.peak_throttle_percent,
        # What libvirt keeps of a migration tells nothing of disks.
        "disk_copied_mib": round(disk_mib, 2) if disk_mib else None,
    }
    if last is not None:
        figures["memory_total_mib"] = round(last.memory_total_mib, 2)
        figures["memory_processed_mib"] = round(last.memory_processed_mib, 2)
        figures["bandwidth_mib_s"] = round(last.bandwidth_mib_s, 2)
    return figures


def _explained(
    verdict: Verdict, copied: Copied, evidence: Evidence, options: MigrationOptions
) -> Account:
    """Say why the VM is not running on the destination.

    Our own decision to end the copy explains it better than libvirt's "canceled by client" does.
    """
    outcome = verdict.outcome or Outcome.UNKNOWN
    if outcome is Outcome.MOVED:
        return Account(outcome)
    reason = " ".join(part for part in (_first_cause(copied), verdict.reason) if part)
    if verdict.error_code == "post_copy_broken":
        return Account(outcome, reason, verdict.error_code, _POST_COPY_REMEDY)
    if outcome in REMEDIES:
        return Account(outcome, reason, outcome.value, REMEDIES[outcome])
    if verdict.error_code:
        return Account(outcome, reason, verdict.error_code, "Start it again where it is wanted.")
    if not copied.watched.returned and evidence.source.busy:
        return Account(outcome, reason + _SOURCE_HANGS, "source_hangs", _SOURCE_HANGS_REMEDY)
    ended = copied.watched.ended
    if ended is not None:
        return Account(
            outcome, reason, ended.error_code, _ENDED_REMEDIES.get(ended.error_code, ""), True
        )
    complaint = understand(copied.error.message if copied.error else "")
    detail = timeline.destination_ended(copied.events, copied.returned_s)
    if detail is not None and complaint.error_code in _VAGUE:
        reason += " QEMU ended on the destination ({}).".format(detail)
        if not (detail == "failed" and is_lost_error(reason)):
            # libvirt complains of the connection that broke, not of what broke it.
            complaint = understand("unexpectedly closed the monitor")
    if copied.clue and complaint.error_code in _HEARSAY:
        complaint = understand(copied.clue)
        reason += " " + copied.clue
    remedy = complaint.remedy
    if options.tls and complaint.error_code in _HEARSAY:
        remedy += " The copy was to be encrypted: check the certificates of both hosts, too."
    return Account(outcome, reason, complaint.error_code, remedy, complaint.retriable)


# Complaints of the end that is left with a broken connection.
_VAGUE = ("daemon_lost", "connection_lost", "migration_failed")
# The same, and what they are taken for when QEMU is seen to end.
_HEARSAY = (*_VAGUE, "qemu_died")

_ENDED_REMEDIES = {
    "timeout": "Give it more bandwidth, time or downtime, or wait until the VM is quieter.",
    "stalled": "Allow more downtime or auto-converge, or wait until the VM is quieter.",
    "no_progress": "Check the migration network between the hosts.",
}

# The VM is there, for it never ran on the destination, but whether it runs nobody can say.
_SOURCE_HANGS = (
    " The VM is on the source, where its QEMU or libvirt hangs: whether it runs is not known."
)
_SOURCE_HANGS_REMEDY = (
    "Find out what the VM's QEMU on the source waits for (its storage, its host), and see that "
    "libvirt's job ends (virsh domjobinfo) before migrating it again."
)

_POST_COPY_REMEDY = (
    "Stop neither host's QEMU; restore the link between them, then reconcile the VM."
)


def _first_cause(copied: Copied) -> str:
    watched = copied.watched
    if watched.ended is not None:
        return watched.ended.reason + ("" if watched.returned else _silence(watched))
    return copied.error.message if copied.error else ""


def _silence(watched: Watched) -> str:
    if watched.cancelled:
        return " The cancelled migration did not return."
    return " Post-copy was begun, and nothing is copied any more."


def _phase_reached(outcome: Outcome, copied: Copied) -> Phase:
    if outcome is Outcome.MOVED:
        return Phase.CLEANUP
    if timeline.was_paused(copied.events):
        return Phase.HANDOVER
    return (
        Phase.TRANSFER
        if copied.watched.latest or timeline.iterations(copied.events)
        else Phase.PREPARATION
    )


def _warnings(outcome: Outcome, copied: Copied) -> tuple[str, ...]:
    warnings = copied.watched.warnings
    if outcome is Outcome.MOVED and copied.error is not None:
        warnings += ("The VM moved although libvirt said: {}".format(copied.error.message),)
    if outcome is Outcome.MOVED and copied.resume_error:
        warnings += (
            "The VM stood still until both hosts were judged: {}".format(copied.resume_error),
        )
    if outcome in (Outcome.ROLLED_BACK, Outcome.NOT_MOVED) and timeline.destination_ran(
        copied.events
    ):
        warnings += ("The VM ran on the destination, too, for a moment: check its disks.",)
    ended = copied.watched.ended
    if outcome is Outcome.MOVED and ended is not None and copied.watched.in_post_copy:
        warnings += ("Finished the copy by post-copy: {}".format(ended.reason),)
    if timeline.suspended_by_user(copied.events) and not copied.watched.in_post_copy:
        ran = outcome is Outcome.MOVED and timeline.destination_ran(copied.events)
        then = "ran for a moment on the destination" if ran else "stays paused"
        warnings += ("The VM was paused by a user while it was copied, and {}.".format(then),)
    return warnings
