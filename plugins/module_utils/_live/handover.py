# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The moment when the VM changes hands, without ever letting it run twice.

With libvirt's own handover the destination starts the VM and then reports so. When that report is
lost (the destination's daemon was frozen, a link broke), the source's daemon takes the migration
for failed and lets its VM run again: both run. Here the destination keeps the VM paused
(VIR_MIGRATE_PAUSED), and this process resumes it when the source's QEMU is proved gone; from then
on nothing can bring the source's back.

The pause of the VM lasts until that resume, so nothing is asked for in between that could have been
asked before: the handle of the VM on the destination is fetched while the last pages are sent, and
the first of two proofs triggers the resume: the source's event, or the kernel's word on the source
itself (see C(departure)).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import typing as t

from .._ends.ends import Ends
from .._errors import DroverError
from .._libvirt.domain import resume
from .._libvirt.events import EventLog
from .departure import Departure
from .timeline import destination_ran, may_resume, source_ended, source_paused, suspended_by_user

# Waits before each attempt to resume. A lock on a disk may be given up a moment after the source's
# QEMU is gone.
_RESUME_AFTER_S = (0.0, 0.1, 0.5, 1.0)
_EVENT_LIMIT_S = 1.0


class Handover:
    """Waits for the source's QEMU to be gone and resumes the VM on the destination at once.

    Parameters
    ----------
    ends : Ends
        The host whose QEMU must be gone, and the one that holds the VM paused.
    uuid : str
        The VM.
    log : EventLog
        The events of both hosts; closing it ends the wait.
    """

    def __init__(self, ends: Ends, uuid: str, log: EventLog) -> None:
        self._ends = ends
        self._uuid = uuid
        self._log = log
        self._thread = threading.Thread(target=self._run, name="handover-" + uuid, daemon=True)
        self.error = ""

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def join(self, limit_s: float) -> None:
        """Wait for the handover to be over, no longer than I(limit_s) seconds."""
        self._thread.join(limit_s)

    def _run(self) -> None:
        try:
            self._hand_over()
        except DroverError as error:
            self.error = error.message

    def _hand_over(self) -> None:
        departure = Departure(
            self._ends.source.uri, self._uuid, lambda: self._log.add("source", "gone", "seen")
        )
        try:
            self._log.wait_for(lambda events: source_paused(events) or source_ended(events))
            departure.look_closely()
            domain = self._ends.destination.domain(self._uuid)
            self._log.wait_for(lambda events: may_resume(events) or source_ended(events))
            if may_resume(self._log.events) and not suspended_by_user(self._log.events):
                self._resume(domain or self._ends.destination.domain(self._uuid))
        finally:
            departure.close()

    def _resume(self, domain: t.Any) -> None:
        if domain is None:
            return
        for wait_s in _RESUME_AFTER_S:
            self._ends.sleep(wait_s)
            try:
                resume(domain)
            except DroverError as error:
                self.error = error.message
            else:
                self.error = ""
                # The event that says so stamps the end of the pause.
                self._log.wait_for(destination_ran, _EVENT_LIMIT_S)
                return
