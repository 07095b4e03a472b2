# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM, two hosts, and what is done with them: a migration in its phases, or a part of it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._ends.account import Account
from .._ends.aftercare import clock_set
from .._ends.ends import End, Ends
from .._ends.outcome import Outcome
from .._errors import DomainNotFound, DroverError
from .._facts.end_state import EndState, Evidence
from .._libvirt.domain import DomainFacts, read_facts
from .._libvirt.kept import KeptConnections
from .._live.live_move import LiveMove
from .._live.monitor import StopSignal
from .._live.post_copy import in_post_copy, is_broken
from .._live.progress import Progress
from .._prerequisites.hosts import host_uuid
from .._prerequisites.port_proof import Way
from .._prerequisites.prechecks import Prechecks
from .._quick.interrupted import Interrupted
from .._quick.quick_way import QuickWay
from .._request.options import MigrationOptions
from .._request.request import MigrationRequest
from .offline import OfflineMove
from .report import Report, examined, refused
from .result import MigrationResult
from .settlement import Settlement, is_odd

# Gets the facts of the VM, the destination's state, and the options with the handover that is made.
Beginning = t.Callable[[DomainFacts, EndState, MigrationOptions], None]


def _ignore(_progress: Progress) -> None:
    pass


_WOULD_FINISH = "Would finish the quick move that was interrupted."
_WOULD_RESUME = "Would resume the post-copy migration."


class SameHost(DroverError):
    """The source and the destination are one host."""

    code = "same_host"


class Attempt:
    """One dealing with one VM and two hosts.

    C(run), C(examine), C(reconcile) and C(foresee) are the ways to deal with it. Each returns what
    it came to, or raises before anything is changed; C(told) makes a result of either.

    Parameters
    ----------
    request : MigrationRequest
        The VM and the hosts.
    clock, sleep : callable, optional
        Time, in seconds.
    stop : StopSignal, optional
        Cancels a migration when set.
    proven_ways : set of tuple, optional
        Ways between hosts whose migration ports were proved already; new ones are added.
    kept : KeptConnections, optional
        Where connections are taken from, and left to after a plain success.

    Attributes
    ----------
    on_progress : callable
        Gets every reading of a copy.
    on_begin : callable or None
        Told before anything is changed.
    """

    def __init__(
        self,
        request: MigrationRequest,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
        stop: StopSignal | None = None,
        proven_ways: set[Way] | None = None,
        kept: KeptConnections | None = None,
    ) -> None:
        self._request = request
        self._stop = stop
        self.on_progress: t.Callable[[Progress], None] = _ignore
        self.on_begin: Beginning | None = None
        self._ends = Ends(
            End(request.source_name, request.source_uri, sees_jobs=True, kept=kept),
            End(request.destination_name, request.destination_uri, kept=kept),
            clock,
            sleep,
        )
        self._quick = QuickWay(request.options, self._ends)
        self._report = Report(request, clock)
        self._settlement = Settlement(request, self._ends)
        self._proven_ways = set() if proven_ways is None else proven_ways
        self._prechecks: Prechecks | None = None
        self._facts: DomainFacts | None = None
        self._actions_before: tuple[str, ...] = ()
        self._is_plain_success = False

    def told(self, way: t.Callable[[], Account]) -> MigrationResult:
        """Deal with the VM in one of the ways, and report what it came to."""
        try:
            account = way()
        except DroverError as error:
            # Only what comes before libvirt's migration call raises; from there on both hosts are
            # judged.
            account = refused(error, self._known_states())
        seen = account.evidence or self._known_states()
        findings = self._prechecks.findings if self._prechecks else ()
        return self._report.result(account, self._facts, seen, findings, self._actions_before)

    def run(self) -> Account:
        """Migrate the VM, or finish what an earlier migration of it began."""
        self._prechecks = Prechecks(self._request, self._proven_ways)
        facts, evidence = self._prepare()
        if self._quick.interrupted(facts.name, facts.uuid):
            finished = self._finish_quick(facts, evidence)
            if finished is not None:
                return finished
            facts, evidence = self._read()
        if is_broken(evidence):
            return self._settlement.resume_post_copy(facts)
        if self._is_to_be_sorted_out(facts, evidence):
            sorted_out = self._sort_out(facts)
            if sorted_out is not None:
                return sorted_out
            facts, evidence = self._read()
        if self._is_there(evidence):
            return examined(True, evidence)
        self._prechecks.refuse_unmet(facts, evidence.destination, self._ends)
        return self._move(facts, evidence.destination, self._prechecks.locks_bind)

    def examine(self) -> Account:
        """Go through the preparation only."""
        self._prechecks = Prechecks(self._request, self._proven_ways)
        facts, evidence = self._prepare()
        if self._quick.interrupted(facts.name, facts.uuid):
            return examined(False, evidence, _WOULD_FINISH)
        if not self._is_there(evidence):
            self._prechecks.refuse_unmet(facts, evidence.destination, self._ends)
        return examined(self._is_there(evidence), evidence)

    def reconcile(self) -> Account:
        """Bring the VM to one definition and at most one QEMU, by what both hosts say."""
        facts, evidence = self._prepare()
        if self._quick.interrupted(facts.name, facts.uuid):
            finished = self._finish_quick(facts, evidence)
            if finished is not None:
                return finished
            facts, evidence = self._read()
        if in_post_copy(evidence):
            return self._settlement.resume_post_copy(facts)
        self._settlement.refuse_unclear(facts, evidence)
        if is_odd(evidence):
            return self._settlement.settled(facts, keep_definition=False)
        return examined(not evidence.source.persistent, evidence)

    def foresee(self) -> Account:
        """Say what C(reconcile) would do first, changing nothing."""
        facts, evidence = self._prepare()
        if self._quick.interrupted(facts.name, facts.uuid):
            return examined(False, evidence, _WOULD_FINISH)
        if in_post_copy(evidence):
            return examined(True, evidence, _WOULD_RESUME)
        self._settlement.refuse_unclear(facts, evidence)
        if is_odd(evidence):
            return self._settlement.foreseen(facts, evidence)
        return examined(not evidence.source.persistent, evidence)

    def _is_there(self, evidence: Evidence) -> bool:
        """Whether the VM is where it is wanted: running, or for an offline move defined."""
        source, destination = evidence.source, evidence.destination
        if self._request.options.mode == "offline" and source.state == "absent":
            return destination.persistent
        return destination.active and not source.active

    def _prepare(self) -> tuple[DomainFacts, Evidence]:
        """Connect to both hosts and read the VM."""
        self._ends.open()
        facts, evidence = self._read()
        self._refuse_one_host(evidence)
        return facts, evidence

    def _refuse_one_host(self, evidence: Evidence) -> None:
        """Refuse one host under two names: the VM would seem to run twice there."""
        if "absent" in (evidence.source.state, evidence.destination.state):
            return
        ends = (self._ends.source, self._ends.destination)
        if len({end.ask(host_uuid, "read the host's UUID") for end in ends}) == 1:
            raise SameHost(
                "{} and {} are one host, or have the same host UUID.".format(
                    self._ends.source.name, self._ends.destination.name
                ),
                "Choose another destination; give cloned hosts a host_uuid of their own in libvirtd.conf.",
            )

    def _read(self) -> tuple[DomainFacts, Evidence]:
        self._facts = self._read_facts()
        return self._facts, self._known_states()

    def _known_states(self) -> Evidence:
        """Return what those hosts say of the VM that are connected. Never raises."""
        return self._ends.known_states(self._facts.uuid if self._facts else self._request.uuid)

    def close(self) -> None:
        """Give up the connections.

        Only after a plain success are they left to others: libvirt cancels what a connection began when that is closed.
        """
        if self._prechecks is not None:
            self._prechecks.close()
        if self._is_plain_success:
            self._ends.leave()
        else:
            self._ends.close()

    def _read_facts(self) -> DomainFacts:
        """Read the VM on the source, or on the destination where the source knows nothing of it."""
        try:
            return self._facts_on(self._ends.source)
        except DomainNotFound as not_found:
            try:
                return self._facts_on(self._ends.destination)
            except DomainNotFound:
                saved = self._quick.saved_facts(self._request.domain, self._request.uuid)
                if saved is None:
                    raise not_found from None
                return saved

    def _facts_on(self, end: End) -> DomainFacts:
        name, uuid = self._request.domain, self._request.uuid
        return end.ask(
            lambda connection: read_facts(connection, name, uuid, end.name), "read the VM " + name
        )

    def _finish_quick(self, facts: DomainFacts, evidence: Evidence) -> Account | None:
        """Bring an interrupted quick move to its end; None when the source has the VM as before."""
        if self.on_begin is not None:
            self.on_begin(facts, evidence.destination, self._request.options)
        interrupted = self._quick.interrupted(facts.name, facts.uuid)
        account = interrupted.finish() if interrupted else None
        if account is None:
            return None
        if account.outcome is Outcome.NOT_MOVED or account.error_code == Interrupted.code:
            self._actions_before += account.actions
            return None
        return self._after_standstill(account, facts)

    def _is_to_be_sorted_out(self, facts: DomainFacts, evidence: Evidence) -> bool:
        """Whether an earlier migration left the VM on the destination, and it is plain how.

        A VM that is paused there, without our mark, while it runs on the source is for a person to
        judge; the prerequisites refuse it.
        """
        if not evidence.destination.active or facts.job:
            return False
        if not evidence.source.active or evidence.destination.state == "running":
            return True
        return self._settlement.waits_on_destination(facts.uuid)

    def _sort_out(self, facts: DomainFacts) -> Account | None:
        """Finish or undo what an earlier migration began; None when the VM is still to be moved."""
        account = self._settlement.settled(facts)
        evidence = account.evidence or self._ends.states(facts.uuid)
        if account.outcome.moved is False and evidence.source.active:
            self._actions_before += account.actions
            return None
        return account

    def _move(self, facts: DomainFacts, destination_before: EndState, locks_bind: bool) -> Account:
        request = self._request
        if locks_bind:
            request = replace(request, options=replace(request.options, handover="libvirt"))
        if self.on_begin is not None:
            self.on_begin(facts, destination_before, request.options)
        if request.options.mode == "live":
            move = LiveMove(request, facts, self._ends, destination_before)
            account = move.run(self.on_progress, self._stop)
            self._is_plain_success = account.outcome is Outcome.MOVED and not account.error_code
            return account
        if request.options.mode == "offline":
            account = OfflineMove(facts, self._ends, destination_before).run()
        else:
            account = self._quick.move(facts, destination_before)
        return self._after_standstill(account, facts)

    def _after_standstill(self, account: Account, facts: DomainFacts) -> Account:
        """Set the clock of a VM that stood still during its move."""
        ends = {Outcome.MOVED: self._ends.destination, Outcome.ROLLED_BACK: self._ends.source}
        if account.outcome in ends and facts.state.state != "paused":
            end = ends[account.outcome]
            remarks = clock_set(end, facts, self._ends.clock, self._ends.sleep)
            account = replace(account, warnings=account.warnings + remarks)
        return account
