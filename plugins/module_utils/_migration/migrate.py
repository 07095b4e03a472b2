# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves one VM to another host and says what became of it.

Four phases: preparation (both hosts are asked, nothing is changed), transfer (memory is copied
while the VM runs), handover (the VM changes hands), cleanup (both hosts are read, whatever the
migration call said, and put in order).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t

from .._errors import DomainNotFound, DroverError
from .._libvirt.domain import DomainFacts, read_facts
from .._libvirt.events import start_event_loop
from .._libvirt.handover_mark import HandoverMark, read_mark
from .._libvirt.migration import completed_statistics
from .._prerequisites.check import check_prerequisites, refuse_failed
from .ends import End, open_both
from .monitor import StopRequest
from .outcome import Circumstances, Verdict
from .progress import Progress
from .repair import Repairs, settle
from .report import Report
from .request import MigrationRequest
from .result import EndState, Evidence, MigrationResult, Outcome
from .transfer import Transfer


def migrate(
    request: MigrationRequest,
    *,
    on_progress: t.Callable[[Progress], None] | None = None,
    on_begin: t.Callable[[DomainFacts, EndState], None] | None = None,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
    stop: StopRequest | None = None,
) -> MigrationResult:
    """Move one VM to another host.

    May be called from several threads, one for each VM.

    Parameters
    ----------
    request : MigrationRequest
        What is to move, and how.
    on_progress : callable, optional
        Gets a C(Progress) about twice a second while memory is copied. It must not raise.
    on_begin : callable, optional
        Gets the facts of the VM and the destination's state before anything is changed, so that
        they can be written down for whoever must settle the VM should this process die.
    clock, sleep : callable, optional
        Time, in seconds.
    stop : StopRequest, optional
        Cancels the migration when set; the VM then stays where it is.

    Returns
    -------
    MigrationResult
        Also for a failure: it is judged from the states of both hosts. Nothing is raised for a
        migration that failed.

    Side Effects
    ------------ Starts libvirt's event loop in this process. Opens one connection to each host and
    closes it again.
    """
    start_event_loop()
    attempt = _Attempt(request, on_progress or _ignore, clock, sleep, stop)
    attempt.on_begin = on_begin
    try:
        return attempt.run()
    finally:
        attempt.close()


def examine(
    request: MigrationRequest, *, clock: t.Callable[[], float] = time.monotonic
) -> MigrationResult:
    """Say whether a VM could be moved now, changing nothing.

    Parameters
    ----------
    request : MigrationRequest
        What is to move, and how.
    clock : callable, optional
        Time, in seconds.

    Returns
    -------
    MigrationResult
        C(ALREADY_THERE), or C(NOT_MOVED) with the prerequisites; its error code is empty when
        nothing is in the way.
    """
    start_event_loop()
    attempt = _Attempt(request, _ignore, clock, time.sleep, None)
    try:
        return attempt.examine()
    finally:
        attempt.close()


def _ignore(_progress: Progress) -> None:
    pass


class _Attempt:
    """One try to move one VM; its methods are the phases."""

    def __init__(
        self,
        request: MigrationRequest,
        on_progress: t.Callable[[Progress], None],
        clock: t.Callable[[], float],
        sleep: t.Callable[[float], None],
        stop: StopRequest | None,
    ) -> None:
        self._request = request
        self._on_progress = on_progress
        self._clock = clock
        self._sleep = sleep
        self._stop = stop
        self.on_begin: t.Callable[[DomainFacts, EndState], None] | None = None
        self._source = End(request.source_name, request.source_uri, sees_jobs=True)
        self._destination = End(request.destination_name, request.destination_uri)
        self._report = Report(request, clock)

    def run(self) -> MigrationResult:
        """Go through the phases."""
        facts = None
        try:
            facts, evidence = self._prepare()
            if self._is_to_be_sorted_out(facts, evidence):
                sorted_out = self._sort_out(facts)
                if sorted_out is not None:
                    return sorted_out
                facts, evidence = self._read()
            self._check(facts, evidence.destination)
            return self._move(facts, evidence.destination)
        except DroverError as error:
            # Only what comes before libvirt's migration call raises; from there on both hosts are
            # judged.
            return self._refuse(error, facts)

    def examine(self) -> MigrationResult:
        """Go through the preparation only."""
        facts = None
        try:
            facts, evidence = self._prepare()
            if not _is_there(evidence):
                self._check(facts, evidence.destination)
        except DroverError as error:
            return self._refuse(error, facts)
        return self._report.examined(facts, evidence, _is_there(evidence))

    def _prepare(self) -> tuple[DomainFacts, Evidence]:
        """Connect to both hosts and read the VM."""
        open_both(self._source, self._destination)
        return self._read()

    def _read(self) -> tuple[DomainFacts, Evidence]:
        facts = self._read_facts()
        return facts, self._evidence(facts.uuid)

    def _refuse(self, error: DroverError, facts: DomainFacts | None) -> MigrationResult:
        uuid = facts.uuid if facts else self._request.uuid
        return self._report.refusal(error, self._evidence(uuid), facts)

    def close(self) -> None:
        """Give up the connections."""
        for end in (self._source, self._destination):
            end.close()

    def _read_facts(self) -> DomainFacts:
        """Read the VM on the source, or on the destination where the source knows nothing of it."""
        try:
            return self._facts_on(self._source)
        except DomainNotFound as not_found:
            try:
                return self._facts_on(self._destination)
            except DomainNotFound:
                raise not_found from None

    def _facts_on(self, end: End) -> DomainFacts:
        name, uuid = self._request.domain, self._request.uuid
        return end.ask(
            lambda connection: read_facts(connection, name, uuid, end.name), "read the VM " + name
        )

    def _evidence(self, uuid: str | None) -> Evidence:
        """Return what the hosts say that are connected; nothing is opened for it."""
        return Evidence(self._source.known_state(uuid), self._destination.known_state(uuid))

    def _check(self, facts: DomainFacts, destination_before: EndState) -> None:
        self._report.prerequisites = check_prerequisites(
            self._request,
            facts,
            destination_before,
            self._source.connection(),
            self._destination.connection(),
        )
        refuse_failed(self._report.prerequisites)

    def _is_to_be_sorted_out(self, facts: DomainFacts, evidence: Evidence) -> bool:
        """Whether an earlier migration left the VM on the destination, and it is plain what that means.

        A VM that is paused there, without our mark, while it runs on the source is for a person to
        judge; the prerequisites refuse it.
        """
        if not evidence.destination.active or facts.job:
            return False
        if not evidence.source.active or evidence.destination.state == "running":
            return True
        return self._mark_on_destination(facts.uuid) is not None

    def _sort_out(self, facts: DomainFacts) -> MigrationResult | None:
        """Finish or undo what an earlier migration began; None when the VM is still to be moved."""
        mark = self._mark_on_destination(facts.uuid)
        repairs = self._repairs(facts)
        circumstances = Circumstances(
            resumes_destination=mark is not None,
            persistent=facts.state.persistent,
            defined_on_destination=mark is None or mark.defined_before,
            # What ended the source's QEMU since is not known; the VM that waits on the destination
            # is the only one.
            source_ended_by_us=True,
        )
        verdict, evidence = self._settle(repairs, lambda: circumstances)
        if verdict.succeeded and mark is not None and mark.autostart:
            repairs.copy_autostart()
        if verdict.outcome is not Outcome.UNKNOWN and mark is not None:
            repairs.clear_marks()
        if verdict.outcome in (Outcome.ROLLED_BACK, Outcome.NOT_MOVED) and evidence.source.active:
            self._report.actions_before = tuple(repairs.actions)
            return None
        return self._report.adopted(facts, verdict, evidence, repairs)

    def _mark_on_destination(self, uuid: str) -> HandoverMark | None:
        domain = self._destination.domain(uuid)
        if domain is None:
            return None
        return self._destination.ask(lambda _connection: read_mark(domain), "read the VM's marks")

    def _repairs(self, facts: DomainFacts) -> Repairs:
        return Repairs(self._source, self._destination, facts.uuid)

    def _move(self, facts: DomainFacts, destination_before: EndState) -> MigrationResult:
        if self.on_begin is not None:
            self.on_begin(facts, destination_before)
        transfer = Transfer(
            self._request,
            facts,
            self._source,
            self._destination,
            destination_before,
            self._clock,
            self._sleep,
        )
        repairs = self._repairs(facts)
        with transfer:
            copied = transfer.run(self._on_progress, self._stop)
            verdict, evidence = self._settle(
                repairs, lambda: _circumstances(self._request, facts, destination_before, transfer)
            )
            if verdict.succeeded and facts.state.autostart:
                repairs.copy_autostart()
                evidence = repairs.look()
            if verdict.outcome is not Outcome.UNKNOWN:
                repairs.clear_marks()
        completed = self._completed(facts.uuid) if verdict.succeeded else {}
        return self._report.finished(facts, verdict, evidence, repairs, copied, completed)

    def _completed(self, uuid: str) -> dict[str, t.Any]:
        """Return libvirt's own figures, which the destination keeps; they are worth no error."""
        try:
            domain = self._destination.domain(uuid)
            return self._destination.ask(
                lambda _connection: completed_statistics(domain),
                "read the figures of the migration",
            )
        except DroverError:
            return {}

    def _settle(
        self, repairs: Repairs, circumstances: t.Callable[[], Circumstances]
    ) -> tuple[Verdict, Evidence]:
        patience_s = self._request.options.settle_timeout_s
        return settle(repairs, circumstances, patience_s, self._clock, self._sleep)


def _is_there(evidence: Evidence) -> bool:
    return evidence.destination.active and not evidence.source.active


def _circumstances(
    request: MigrationRequest, facts: DomainFacts, destination_before: EndState, transfer: Transfer
) -> Circumstances:
    """Return what is known of the migration beside the states of both hosts."""
    return Circumstances(
        wanted_state="paused"
        if facts.state.state == "paused" or transfer.user_paused
        else "running",
        resumes_destination=request.options.resumes_destination,
        persistent=facts.state.persistent,
        defined_on_destination=destination_before.persistent,
        destination_ran=transfer.destination_ran,
        cancelled=transfer.cancelled,
    )
