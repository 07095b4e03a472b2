# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts together what is said about a migration at its end.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._errors import DroverError
from .._libvirt.domain import DomainFacts
from .._prerequisites.finding import Finding
from . import timeline
from .account import Account
from .complaints import is_lost_error, understand
from .monitor import Watched
from .options import MigrationOptions
from .outcome import Verdict
from .progress import read_progress
from .repair import Repairs
from .request import MigrationRequest
from .result import Evidence, MigrationResult, Outcome, Phase, PhaseTimes
from .transfer import Copied

# The VM runs where it belongs, and the process that moved it died before it had seen to autostart.
LOOK_AFTER = "look after the VM as the process that moved it would have (autostart, its mark)"


class Report:
    """The result of one migration while it comes together.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    clock : callable
        Returns seconds; the report counts from its own making.
    """

    def __init__(self, request: MigrationRequest, clock: t.Callable[[], float]) -> None:
        self._request = request
        self._clock = clock
        self._begun_s = clock()
        self.prerequisites: tuple[Finding, ...] = ()
        self.actions_before: tuple[str, ...] = ()
        self.remarks: list[str] = []

    def refusal(
        self, error: DroverError, evidence: Evidence, facts: DomainFacts | None
    ) -> MigrationResult:
        """Nothing was begun: a host does not answer, or a prerequisite does not hold."""
        return replace(
            self._base(facts, evidence),
            outcome=Outcome.NOT_MOVED if evidence.source.readable else Outcome.UNKNOWN,
            reason=error.message,
            error_code=error.code,
            remedy=error.remedy,
            retriable=error.code in ("connection_failed", "no_answer"),
        )

    def examined(self, facts: DomainFacts, evidence: Evidence, there: bool) -> MigrationResult:
        """Nothing was asked for but to look."""
        outcome = Outcome.ALREADY_THERE if there else Outcome.NOT_MOVED
        return replace(self._base(facts, evidence), outcome=outcome)

    def unfinished_quick(self, facts: DomainFacts, evidence: Evidence) -> MigrationResult:
        """Nothing was asked for but to look, and an interrupted quick move would be finished."""
        return replace(
            self._base(facts, evidence),
            outcome=Outcome.NOT_MOVED,
            actions=("Would finish the quick move that was interrupted.",),
        )

    def post_copy_to_resume(self, facts: DomainFacts, evidence: Evidence) -> MigrationResult:
        """Nothing was asked for but to look, and post-copy would be resumed."""
        return replace(
            self._base(facts, evidence),
            outcome=Outcome.ALREADY_THERE,
            actions=("Would resume the post-copy migration.",),
        )

    def foreseen(
        self, facts: DomainFacts, verdict: Verdict, evidence: Evidence, marked: bool
    ) -> MigrationResult:
        """What would be done first to bring a VM in order that may have the handover mark."""
        wanted = [repair.value for repair in verdict.repairs]
        if marked and verdict.succeeded and not wanted:
            wanted.append(LOOK_AFTER)
        outcome = Outcome.ALREADY_THERE if verdict.succeeded else verdict.outcome or Outcome.UNKNOWN
        return replace(
            self._base(facts, evidence),
            outcome=outcome,
            reason=verdict.reason,
            error_code=outcome.value if outcome in _REMEDIES else "",
            remedy=_REMEDIES.get(outcome, ""),
            actions=tuple("Would {}.".format(action) for action in wanted),
        )

    def settled(
        self, facts: DomainFacts, verdict: Verdict, evidence: Evidence, repairs: Repairs
    ) -> MigrationResult:
        """What an earlier migration left was brought in order, or could not be."""
        outcome = Outcome.ALREADY_THERE if verdict.succeeded else verdict.outcome or Outcome.UNKNOWN
        failed = outcome in _REMEDIES
        return replace(
            self._base(facts, evidence),
            phase=Phase.CLEANUP,
            outcome=outcome,
            reason=verdict.reason,
            error_code=outcome.value if failed else "",
            remedy=_REMEDIES.get(outcome, ""),
            actions=tuple(repairs.actions),
            leftovers=tuple(repairs.leftovers),
        )

    def finished(
        self,
        facts: DomainFacts,
        verdict: Verdict,
        evidence: Evidence,
        repairs: Repairs,
        copied: Copied,
        completed: dict[str, t.Any],
    ) -> MigrationResult:
        """A migration was tried."""
        outcome = verdict.outcome or Outcome.UNKNOWN
        return replace(
            self._base(facts, evidence),
            outcome=outcome,
            phase=_phase_reached(outcome, copied),
            phases=self._phases(copied),
            actions=self.actions_before + tuple(repairs.actions),
            leftovers=tuple(repairs.leftovers),
            warnings=_warnings(outcome, copied) + tuple(self.remarks),
            **vars(_explain(verdict, copied, evidence, self._request.options)),
            **_measurements(copied, completed),
        )

    def told(self, facts: DomainFacts, evidence: Evidence, account: Account) -> MigrationResult:
        """A quick or an offline move was tried."""
        phases = PhaseTimes(
            preparation_s=round(account.began_s - self._begun_s, 3),
            transfer_s=round(account.left_s - account.began_s, 3),
            handover_s=round(account.arrived_s - account.left_s, 3),
            cleanup_s=round(self._clock() - account.arrived_s, 3),
        )
        return replace(
            self._base(facts, evidence),
            outcome=account.outcome,
            phase=Phase.CLEANUP if account.outcome is Outcome.MOVED else Phase.TRANSFER,
            phases=phases,
            reason=account.reason,
            error_code=account.error_code,
            remedy=account.remedy,
            downtime_ms=account.downtime_ms,
            actions=self.actions_before + account.actions,
            leftovers=account.leftovers,
            warnings=tuple(self.remarks),
        )

    def _base(self, facts: DomainFacts | None, evidence: Evidence) -> MigrationResult:
        request = self._request
        return MigrationResult(
            domain=facts.name if facts else request.domain,
            uuid=facts.uuid if facts else request.uuid,
            source=request.source_name,
            destination=request.destination_name,
            outcome=Outcome.UNKNOWN,
            evidence=evidence,
            duration_s=round(self._clock() - self._begun_s, 3),
            actions=self.actions_before,
            prerequisites=tuple(check.to_dict() for check in self.prerequisites),
        )

    def _phases(self, copied: Copied) -> PhaseTimes:
        """Return the seconds of each phase; what was not reached took none."""
        switchover_s = timeline.switchover_s(copied.events) or copied.returned_s
        return PhaseTimes(
            preparation_s=round(copied.began_s - self._begun_s, 3),
            transfer_s=round(switchover_s - copied.began_s, 3),
            handover_s=round(copied.returned_s - switchover_s, 3),
            cleanup_s=round(self._clock() - copied.returned_s, 3),
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


@dataclass(frozen=True)
class _Explanation:
    """Why a migration did not succeed, in the words of the result."""

    reason: str = ""
    error_code: str = ""
    remedy: str = ""
    retriable: bool = False


_REMEDIES = {
    Outcome.QUARANTINED: "Decide which host has the newer state, stop the VM on the other, resume it.",
    Outcome.LOST: "Find out why QEMU ended (/var/log/libvirt/qemu) before starting the VM.",
    Outcome.UNKNOWN: "Bring both hosts' libvirt within reach and migrate again; start it nowhere.",
}


def _explain(
    verdict: Verdict, copied: Copied, evidence: Evidence, options: MigrationOptions
) -> _Explanation:
    """Say why the VM is not running on the destination.

    Our own decision to end the copy explains it better than libvirt's "canceled by client" does.
    """
    outcome = verdict.outcome or Outcome.UNKNOWN
    if outcome is Outcome.MOVED:
        return _Explanation()
    reason = " ".join(part for part in (_first_cause(copied), verdict.reason) if part)
    if verdict.error_code == "post_copy_broken":
        return _Explanation(reason, verdict.error_code, _POST_COPY_REMEDY)
    if outcome in _REMEDIES:
        return _Explanation(reason, outcome.value, _REMEDIES[outcome])
    if verdict.error_code:
        return _Explanation(reason, verdict.error_code, "Start it again where it is wanted.")
    if not copied.watched.returned and evidence.source.busy:
        return _Explanation(reason + _SOURCE_HANGS, "source_hangs", _SOURCE_HANGS_REMEDY)
    ended = copied.watched.ended
    if ended is not None:
        return _Explanation(
            reason, ended.error_code, _ENDED_REMEDIES.get(ended.error_code, ""), True
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
    return _Explanation(reason, complaint.error_code, remedy, complaint.retriable)


# Complaints that are told by whoever is left with a broken connection.
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

_POST_COPY_REMEDY = "Stop neither host's QEMU; mend the link between them, then reconcile the VM."


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
    if outcome in (Outcome.ROLLED_BACK, Outcome.NOT_MOVED) and timeline.destination_ran(
        copied.events
    ):
        warnings += ("The VM ran on the destination, too, for a moment: check its disks.",)
    ended = copied.watched.ended
    if outcome is Outcome.MOVED and ended is not None and copied.watched.in_post_copy:
        warnings += ("Post-copy had to finish the copy: {}".format(ended.reason),)
    if timeline.suspended_by_user(copied.events) and not copied.watched.in_post_copy:
        ran = outcome is Outcome.MOVED and timeline.destination_ran(copied.events)
        then = "ran for a moment on the destination" if ran else "stays paused"
        warnings += ("The VM was paused by a user while it was copied, and {}.".format(then),)
    return warnings
