# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a VM in order that an earlier migration left on two hosts, by what both of them say.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._errors import DroverError
from .._libvirt.domain import DomainFacts
from .._libvirt.handover_mark import HandoverMark, read_mark
from .ends import Ends
from .outcome import Circumstances, Verdict, classify
from .post_copy import PostCopyRecovery
from .repair import Repairs, settle
from .report import LOOK_AFTER, Report
from .request import MigrationRequest
from .result import Evidence, MigrationResult, Outcome


class JobRunning(DroverError):
    """libvirt is busy with the VM."""

    code = "job_running"


class TwiceActive(DroverError):
    """Both hosts hold the VM, and only a person can say which is the true one."""

    code = "twice_active"


class TwiceDefined(DroverError):
    """Both hosts define the VM, it runs on neither, and nothing tells which is the newer."""

    code = "twice_defined"


class Settlement:
    """Judges one VM by both hosts and puts it in order.

    Parameters
    ----------
    request : MigrationRequest
        The VM and the hosts.
    ends : Ends
        The hosts, and time.
    report : Report
        Puts the result together.
    """

    def __init__(
        self,
        request: MigrationRequest,
        ends: Ends,
        report: Report,
    ) -> None:
        self._request = request
        self._ends = ends
        self._report = report

    def refuse_unclear(self, facts: DomainFacts, evidence: Evidence) -> None:
        """Refuse what no table can decide.

        Raises
        ------
        JobRunning, TwiceActive, TwiceDefined
        """
        source, destination = evidence.source, evidence.destination
        if facts.job:
            raise JobRunning(
                "A job is running on the VM {} ({}).".format(
                    facts.name, facts.job.replace("_", " ")
                ),
                "Wait for it to end, or cancel it (virsh domjobabort).",
            )
        paused_there = destination.state == "paused" and destination.reason == "user"
        lives_here = source.state == "running" or (source.state, source.reason) == (
            "paused",
            "user",
        )
        if paused_there and lives_here and not self.waits_on_destination(facts.uuid):
            raise TwiceActive(
                "The VM {} is {} on {} and paused on {}, and both may hold newer writes.".format(
                    facts.name, source.state, self._ends.source.name, self._ends.destination.name
                ),
                "Decide which host has the newer state, stop the VM on the other, resume it.",
            )
        twice_defined = source.persistent and destination.persistent
        off = not source.active and not destination.active
        if off and twice_defined and source.reason != "migrated":
            raise TwiceDefined(
                "The VM {} is shut off and defined on both hosts.".format(facts.name),
                "Undefine it on the host where it is not wanted.",
            )

    def foreseen(self, facts: DomainFacts, evidence: Evidence) -> MigrationResult:
        """Say what would be done first, changing nothing."""
        mark = self.mark_on_destination(facts.uuid)
        verdict = classify(evidence, _circumstances_left(facts, mark, keep_definition=False))
        return self._report.foreseen(facts, verdict, evidence, marked=mark is not None)

    def settled(self, facts: DomainFacts, keep_definition: bool = True) -> MigrationResult:
        """Bring the VM in order by the table, with what its mark tells of an earlier migration.

        Without a mark a definition on the destination counts as one that was there before.
        """
        mark = self.mark_on_destination(facts.uuid)
        repairs = self.repairs(facts)
        circumstances = _circumstances_left(facts, mark, keep_definition)
        verdict, evidence = self.judge(repairs, lambda: circumstances)
        if mark is not None:
            self.finish_handover(repairs, verdict, mark.autostart)
            if verdict.succeeded and not repairs.actions:
                repairs.actions.append("Had to {}.".format(LOOK_AFTER))
        return self._report.settled(facts, verdict, evidence, repairs)

    def resume_post_copy(self, facts: DomainFacts) -> MigrationResult:
        """Let a broken post-copy migration go on, and bring the VM in order when it has ended."""
        recovery = PostCopyRecovery(self._request, facts, self._ends)
        resumed = recovery.run()
        repairs = self.repairs(facts)
        if resumed:
            repairs.actions.append("Had to resume the post-copy migration.")
        circumstances = Circumstances(resumes_destination=False, persistent=facts.state.persistent)
        verdict, evidence = self.judge(repairs, lambda: circumstances)
        self.finish_handover(repairs, verdict, facts.state.autostart)
        return self._report.settled(facts, verdict, evidence, repairs)

    def finish_handover(self, repairs: Repairs, verdict: Verdict, autostart: bool) -> None:
        """Do what is left once it is known where the VM is.

        A VM that is still held paused keeps its mark, so that a later call can resume it.
        """
        ended_there = verdict.outcome is Outcome.LOST and repairs.look().destination.persistent
        if autostart and (verdict.succeeded or ended_there):
            repairs.copy_autostart()
        if verdict.outcome not in (Outcome.UNKNOWN, Outcome.QUARANTINED):
            repairs.clear_marks()

    def waits_on_destination(self, uuid: str) -> bool:
        """Whether the VM is marked as one that waits on the destination for us to resume it."""
        mark = self.mark_on_destination(uuid)
        return mark is not None and mark.waits

    def mark_on_destination(self, uuid: str) -> HandoverMark | None:
        """Return the mark of a VM that is on its way, or None."""
        return self._ends.destination.ask_domain(uuid, read_mark, "read the VM's marks")

    def repairs(self, facts: DomainFacts) -> Repairs:
        """Return who carries out the repairs of the VM."""
        return Repairs(self._ends, facts.uuid)

    def judge(
        self, repairs: Repairs, circumstances: t.Callable[[], Circumstances]
    ) -> tuple[Verdict, Evidence]:
        """Look at both hosts and repair, until nothing is left to be done."""
        patience_s = self._request.options.settle_timeout_s
        return settle(repairs, circumstances, patience_s)


def is_odd(evidence: Evidence) -> bool:
    """Whether both hosts hold something of the VM, or one holds it in a passing state."""
    source, destination = evidence.source, evidence.destination
    if source.state == "paused" and source.reason != "user":
        return True
    return destination.state != "absent" and (source.state != "absent" or destination.active)


def _circumstances_left(
    facts: DomainFacts, mark: HandoverMark | None, keep_definition: bool
) -> Circumstances:
    """Return what is known of a migration that another process began."""
    return Circumstances(
        resumes_destination=mark is not None and mark.waits,
        persistent=facts.state.persistent,
        defined_on_destination=mark.defined_before if mark else keep_definition,
        # What ended the source's QEMU since is not known; the VM that waits on the destination is
        # the only one.
        source_ended_by_us=True,
    )
