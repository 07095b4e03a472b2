# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The moment when the VM changes hands, without ever letting it run twice.

With libvirt's own handover the destination starts the VM and then reports so. When that report is lost (the destination's
daemon was frozen, a link broke), the source's daemon takes the migration for failed and lets its VM run again: both run.
Here the destination keeps the VM paused (VIR_MIGRATE_PAUSED), and this process resumes it when the source has reported
that its QEMU is gone; from then on nothing can bring the source's back.

The pause of the VM lasts until that resume, so nothing is asked for in between that could have been asked before: the
handle of the VM on the destination is fetched while the last pages are sent, and the source's event, not a poll,
triggers the resume.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import time
import typing as t

from .._errors import DroverError
from .._libvirt.domain import resume
from .._libvirt.events import EventLog
from .ends import End
from .timeline import source_ended, source_left, source_paused, suspended_by_user

# Waits before each attempt to resume. A lock on a disk may be given up a moment after the source's QEMU is gone.
_RESUME_AFTER_S = (0.0, 0.1, 0.5, 1.0)


class Handover:
    """Waits for the source's QEMU to be gone and resumes the VM on the destination at once.

    Parameters
    ----------
    destination : End
        The host that holds the VM paused.
    uuid : str
        The VM.
    log : EventLog
        The events of both hosts; closing it ends the wait.
    sleep : callable
        Waits so many seconds.
    """

    def __init__(
        self, destination: End, uuid: str, log: EventLog, sleep: t.Callable[[float], None] = time.sleep
    ) -> None:
        self._destination = destination
        self._uuid = uuid
        self._log = log
        self._sleep = sleep
        self._thread = threading.Thread(target=self._run, name="handover-" + uuid, daemon=True)
        self.resumed = False
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
        self._log.wait_for(lambda events: source_paused(events) or source_ended(events))
        domain = self._destination.domain(self._uuid)
        self._log.wait_for(source_ended)
        events = self._log.events
        if source_left(events) and not suspended_by_user(events):
            self._resume(domain or self._destination.domain(self._uuid))

    def _resume(self, domain: t.Any) -> None:
        if domain is None:
            return
        for wait_s in _RESUME_AFTER_S:
            self._sleep(wait_s)
            try:
                resume(domain)
            except DroverError as error:
                self.error = error.message
            else:
                self.resumed = True
                self.error = ""
                return
