# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves one VM while it runs, judges from both hosts where it is then, and looks after it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._ends.account import Account
from .._ends.aftercare import announced
from .._ends.ends import Ends
from .._ends.repair import Repairs, finish, settle
from .._ends.verdict import Circumstances
from .._errors import DroverError
from .._facts.end_state import EndState, Evidence, mark_before
from .._libvirt.domain import DomainFacts
from .._libvirt.migration import completed_statistics
from .._request.request import MigrationRequest
from .disk_copy import DiskCopy
from .explanation import account_of
from .monitor import StopSignal
from .progress import Progress
from .transfer import Copied, Transfer

# How long libvirt's job may outlast what it waited for.
_JOB_END_S = 10.0
_LOOK_AGAIN_S = 0.5


class LiveMove:
    """Moves one VM live.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    facts : DomainFacts
        The VM, running or paused.
    ends : Ends
        The hosts, and time.
    destination_before : EndState
        What the destination knew of it.
    """

    def __init__(
        self,
        request: MigrationRequest,
        facts: DomainFacts,
        ends: Ends,
        destination_before: EndState,
    ) -> None:
        self._request = request
        self._facts = facts
        self._ends = ends
        self._mark = mark_before(
            facts.state, destination_before, request.options.resumes_destination
        )
        self._disk_copy = DiskCopy(facts, request.options, ends)
        self._transfer = Transfer(request, facts, ends, self._mark, self._disk_copy)

    def run(self, on_progress: t.Callable[[Progress], None], stop: StopSignal | None) -> Account:
        """Copy, hand over, judge, clean up.

        Raises
        ------
        DroverError
            Something failed before libvirt's migration call; nothing was changed.
        """
        facts, transfer, options = self._facts, self._transfer, self._request.options
        repairs = Repairs(self._ends, facts.uuid)
        remarks: tuple[str, ...] = ()
        with transfer:
            copied = transfer.run(on_progress, stop)
            verdict, evidence = settle(repairs, self._circumstances, options.settle_timeout_s)
            paused_again = verdict.succeeded and self._runs_against_a_wish(copied, evidence)
            if paused_again:
                repairs.pause_again()
            finish(repairs, verdict, evidence, self._mark)
            if paused_again or (verdict.succeeded and self._mark.autostart):
                evidence = repairs.look()
            if not copied.watched.returned:
                self._ends.source.share_no_more()
                evidence = self._at_rest(repairs, evidence)
            copied = replace(copied, events=transfer.events)
            if verdict.succeeded and options.announce:
                remarks = announced(self._ends.destination, facts.uuid)
        self._disk_copy.finish(verdict.outcome, evidence)
        copied = replace(copied, clue=self._disk_copy.clue)
        repairs.actions += self._disk_copy.actions
        repairs.leftovers += self._disk_copy.leftovers
        completed = self._completed() if verdict.succeeded else {}
        account = account_of(verdict, evidence, repairs, copied, completed, options)
        warnings = (*account.warnings, *remarks, *self._disk_copy.warnings)
        return replace(account, warnings=warnings)

    def _runs_against_a_wish(self, copied: Copied, evidence: Evidence) -> bool:
        """Whether the VM runs on the destination although a user paused it during the copy.

        With libvirt's own handover it does. In post-copy its pause cannot be told from a user's.
        """
        runs = evidence.destination.state == "running"
        return runs and self._transfer.user_paused and not copied.watched.in_post_copy

    def _at_rest(self, repairs: Repairs, evidence: Evidence) -> Evidence:
        """Look again for a while: libvirt's job ends soon after what it waited for on the destination."""
        deadline_s = self._ends.clock() + _JOB_END_S
        while evidence.source.busy and self._ends.clock() < deadline_s:
            self._ends.sleep(_LOOK_AGAIN_S)
            evidence = repairs.look()
        return evidence

    def _circumstances(self) -> Circumstances:
        """Return what is known of the migration beside the states of both hosts."""
        transfer, mark = self._transfer, self._mark
        # libvirt's own handover lets a VM run there that a user paused during the copy.
        if mark.waits and transfer.user_paused:
            mark = replace(mark, paused=True)
        return Circumstances(
            mark,
            destination_ran=transfer.destination_ran,
            cancelled=transfer.cancelled,
        )

    def _completed(self) -> dict[str, t.Any]:
        """Return libvirt's own figures, which the destination keeps; they are worth no error."""
        try:
            figures = self._ends.destination.ask_domain(
                self._facts.uuid, completed_statistics, "read the figures of the migration"
            )
        except DroverError:
            return {}
        return figures or {}
