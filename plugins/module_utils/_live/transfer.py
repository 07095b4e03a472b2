# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the memory of one VM and hands it over: what libvirt does, with us at its side.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from .._ends.ends import CALL_LIMIT_S, Ends
from .._errors import DroverError, LibvirtFailed
from .._facts.handover import HandoverMark
from .._libvirt.domain import DomainFacts
from .._libvirt.events import EventLog, subscribed
from .._libvirt.handover_mark import set_mark
from .._libvirt.migration import MigrationJob, migration_flags, migration_parameters
from .._request.request import MigrationRequest
from . import timeline
from .convergence import copy_limits
from .disk_copy import DiskCopy
from .handover import Handover
from .monitor import Monitor, StopSignal, Watched
from .progress import Progress

# How long the source's last event may trail behind the return of the migration call.
_LATE_EVENT_S = 2.0


@dataclass(frozen=True)
class Copied:
    """How the transfer and the handover went.

    Parameters
    ----------
    began_s, returned_s : float
        When libvirt's call was made, and when it came back or was given up.
    watched : Watched
        What the monitor saw.
    events : tuple of DomainEvent
        What both hosts said meanwhile.
    error : LibvirtFailed or None
        libvirt's complaint.
    resume_error : str
        Why the destination could not be resumed.
    clue : str
        What was found afterwards that may explain a failure of which libvirt lost the true error.
    """

    began_s: float
    returned_s: float
    watched: Watched
    events: timeline.Events
    error: LibvirtFailed | None
    resume_error: str
    clue: str = ""


class Transfer:
    """The transfer and the handover of one VM; listens to both hosts while it is entered.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    facts : DomainFacts
        The VM before.
    ends : Ends
        The hosts, and time.
    mark : HandoverMark
        What is written down of the VM before it leaves.
    disk_copy : DiskCopy
        The disks that are copied, too.
    """

    def __init__(
        self,
        request: MigrationRequest,
        facts: DomainFacts,
        ends: Ends,
        mark: HandoverMark,
        disk_copy: DiskCopy,
    ) -> None:
        self._request = request
        self._facts = facts
        self._ends = ends
        self._mark = mark
        self._disk_copy = disk_copy
        self._log = EventLog(ends.clock)
        self._cancelled = False
        self._subscriptions = contextlib.ExitStack()

    def __enter__(self) -> Transfer:
        for end, name in ((self._ends.source, "source"), (self._ends.destination, "destination")):
            self._subscriptions.enter_context(
                subscribed(end.connection(), self._facts.uuid, name, self._log)
            )
        return self

    def __exit__(self, *_error: object) -> None:
        self._log.stop_waiting()
        self._subscriptions.close()

    @property
    def events(self) -> timeline.Events:
        """What both hosts said so far."""
        return self._log.events

    @property
    def user_paused(self) -> bool:
        """Whether a user paused the VM while it was copied."""
        return timeline.suspended_by_user(self._log.events)

    @property
    def cancelled(self) -> bool:
        """Whether this process cancelled the migration."""
        return self._cancelled

    @property
    def destination_ran(self) -> bool:
        """Whether the destination was seen running the VM."""
        return timeline.destination_ran(self._log.events)

    def run(self, on_progress: t.Callable[[Progress], None], stop: StopSignal | None) -> Copied:
        """Migrate; returns when libvirt's call and the handover are over, however they went.

        Raises
        ------
        DroverError
            Something failed before libvirt's call; nothing of it is left.
        """
        job = self._prepared_job()
        handover = self._begin_handover()
        began_s = self._ends.clock()
        job.start()
        watched = self._monitor(job, on_progress, stop).watch()
        self._cancelled = watched.cancelled
        returned_s = self._ends.clock()
        self._end_handover(handover, job.error is None)
        return Copied(
            began_s=began_s,
            returned_s=returned_s,
            watched=watched,
            events=self._log.events,
            error=job.error,
            resume_error=handover.error if handover else "",
        )

    def _prepared_job(self) -> MigrationJob:
        self._disk_copy.create()
        try:
            self._mark_source()
            return self._job()
        except DroverError:
            self._disk_copy.discard()
            raise

    def _job(self) -> MigrationJob:
        request = self._request
        disks = [disk.target for disk in self._disk_copy.disks]
        return MigrationJob(
            self._ends.source.domain(self._facts.uuid),
            request.peer,
            migration_parameters(request, disks),
            migration_flags(request, self._facts.state, disks),
        )

    def _monitor(
        self,
        job: MigrationJob,
        on_progress: t.Callable[[Progress], None],
        stop: StopSignal | None,
    ) -> Monitor:
        options = self._request.options
        limits = copy_limits(options, self._facts.memory_mib + self._disk_copy.capacity_mib)
        return Monitor(job, limits, options.abort_timeout_s, self._ends.clock, on_progress, stop)

    def _mark_source(self) -> None:
        """Let others know what to do with the VM should this process die."""
        uuid, mark = self._facts.uuid, self._mark
        self._ends.source.ask(
            lambda connection: set_mark(connection.lookupByUUIDString(uuid), mark), "mark the VM"
        )

    def _begin_handover(self) -> Handover | None:
        if not self._mark.waits:
            return None
        handover = Handover(self._ends, self._facts.uuid, self._log)
        handover.start()
        return handover

    def _end_handover(self, handover: Handover | None, succeeded: bool) -> None:
        """Let a handover that is due end; one that is not due is called off."""
        if handover is None:
            return
        if succeeded:
            handover.join(_LATE_EVENT_S)
        self._log.stop_waiting()
        handover.join(CALL_LIMIT_S)
