# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Aborts the running migration of a VM, no matter who began it, so that the VM keeps running where it is.

Only the source can do that, and only until the VM changes hands. In post-copy the VM runs on the
destination while part of its memory is still here; ending that would lose the VM.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._ends.ends import End
from .._errors import DroverError, LibvirtFailed
from .._facts.end_state import EndState, Evidence
from .._libvirt.domain import DomainFacts, read_facts
from .._libvirt.handover_mark import clear_mark
from .._libvirt.migration import cancel_job, is_receiving
from .._request.request import MigrationRequest
from .report import Report, examined, refused
from .result import MigrationResult

_LOOK_AGAIN_S = 0.2


class InPostCopy(DroverError):
    """The VM runs on the destination and needs both hosts."""

    code = "in_post_copy"


class ChangingHands(DroverError):
    """All memory is on the destination, which is about to run the VM."""

    code = "changing_hands"


class Arriving(DroverError):
    """The host receives the VM."""

    code = "arriving"


class TooLate(DroverError):
    """The VM left the source before its migration could be cancelled."""

    code = "too_late"


class NotEnded(DroverError):
    """The cancelled migration does not end."""

    code = "not_ended"


class Cancellation:
    """Cancels the migration of one VM; asks its source only.

    Parameters
    ----------
    request : MigrationRequest
        The VM and its source; of the options the abort timeout.
    clock, sleep : callable, optional
        Time, in seconds.
    """

    def __init__(
        self,
        request: MigrationRequest,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._request = request
        self._clock = clock
        self._sleep = sleep
        self._source = End(request.source_name, request.source_uri, sees_jobs=True)
        self._report = Report(request, clock)

    def run(self, look_only: bool = False) -> MigrationResult:
        """Cancel what runs, or only say that it would be; returns when it has ended."""
        facts = None
        try:
            facts = self._read()
            if facts.job != "migration_out":
                return self._told(facts)
            _refuse_too_late(facts, self._source.name)
            if look_only:
                return self._told(facts, "Would cancel the migration.")
            self._cancel(facts.uuid)
            return self._told(facts, "Cancelled the migration.")
        except DroverError as error:
            evidence = self._evidence(facts.uuid if facts else self._request.uuid)
            return self._report.result(refused(error, evidence), facts, evidence)

    def close(self) -> None:
        """Give up the connection."""
        self._source.close()

    def _read(self) -> DomainFacts:
        name, uuid = self._request.domain, self._request.uuid
        # A receiving host does not tell of its job.
        self._source.ask(lambda connection: _refuse_receiving(connection, name), "look at the VM")
        return self._source.ask(
            lambda connection: read_facts(connection, name, uuid, self._source.name), "read the VM"
        )

    def _cancel(self, uuid: str) -> None:
        domain = self._source.domain(uuid)
        patience_s = self._request.options.abort_timeout_s
        deadline_s = self._clock() + patience_s
        # What it has to say shows in the VM's state: it may have been too late, or not needed.
        with contextlib.suppress(LibvirtFailed):
            self._source.ask(
                lambda _connection: cancel_job(domain), "cancel the migration", patience_s
            )
        state = self._ended_state(uuid, deadline_s)
        if state.busy:
            raise NotEnded(
                "The migration of {} was cancelled and has not ended within {:.0f} s.".format(
                    self._request.domain, patience_s
                ),
                "Check the links and the libvirt daemons of both hosts.",
            )
        if not state.active:
            raise TooLate(
                "The VM {} had left {} before its migration could be cancelled.".format(
                    self._request.domain, self._source.name
                ),
                "Look for it on its destination.",
            )
        self._source.ask(lambda _connection: clear_mark(domain), "take the VM's mark away")

    def _ended_state(self, uuid: str, deadline_s: float) -> EndState:
        while True:
            state = self._source.state(uuid)
            if self._clock() >= deadline_s or (state.readable and not state.busy):
                return state
            self._sleep(_LOOK_AGAIN_S)

    def _told(self, facts: DomainFacts, *actions: str) -> MigrationResult:
        evidence = self._evidence(facts.uuid)
        return self._report.result(examined(False, evidence, *actions), facts, evidence)

    def _evidence(self, uuid: str | None) -> Evidence:
        nobody = EndState(readable=False, state="unknown", error="it was not asked")
        return Evidence(self._source.known_state(uuid), nobody)


def _refuse_receiving(connection: t.Any, name: str) -> None:
    if is_receiving(connection, name):
        raise Arriving(
            "The VM {} is arriving on this host.".format(name),
            "Cancel its migration on the host that it leaves.",
        )


def _refuse_too_late(facts: DomainFacts, source: str) -> None:
    if facts.state.reason in ("postcopy", "postcopy_failed"):
        raise InPostCopy(
            "The VM {} runs on its destination already and still fetches memory from {}; "
            "cancelling that would lose it.".format(facts.name, source),
            "Wait until it has fetched all.",
        )
    if (facts.state.state, facts.state.reason) == ("paused", "migration"):
        raise ChangingHands(
            "The VM {} is leaving {} in this moment; nothing can be cancelled any more.".format(
                facts.name, source
            ),
            "Look again in a moment.",
        )
