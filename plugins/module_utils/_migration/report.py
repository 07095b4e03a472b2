# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of one migration: what its way came to, and what is said of all ways alike.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._ends.account import Account, put_in_order
from .._ends.outcome import Outcome
from .._ends.verdict import Verdict
from .._errors import DroverError
from .._facts.end_state import Evidence
from .._libvirt.domain import DomainFacts
from .._prerequisites.finding import Finding
from .._request.request import MigrationRequest
from .result import MigrationResult, PhaseTimes

# The VM runs where it belongs, and the process that moved it died before it had seen to autostart.
LOOK_AFTER = "set the VM's autostart and remove its handover mark"
LOOKED_AFTER = "Set the VM's autostart and removed its handover mark."
# No journal tells of that process, and the VM's tenant can write a mark.
DOUBTED = "remove a handover mark that no journal confirms, and leave autostart as it is"
REMOVED_DOUBTED = "Removed a handover mark that no journal confirms, and left autostart as it is."


class Report:
    """Makes results; it counts the time from its own making.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    clock : callable
        Returns seconds.
    """

    def __init__(self, request: MigrationRequest, clock: t.Callable[[], float]) -> None:
        self._request = request
        self._clock = clock
        self._begun_s = clock()

    def result(
        self,
        account: Account,
        facts: DomainFacts | None,
        seen: Evidence,
        prerequisites: t.Iterable[Finding] = (),
        actions_before: tuple[str, ...] = (),
    ) -> MigrationResult:
        """Return the result of the migration.

        Parameters
        ----------
        account : Account
            What its way came to.
        facts : DomainFacts or None
            The VM, where it was found.
        seen : Evidence
            What both hosts say, where the account does not tell of them.
        prerequisites : iterable of Finding
            What the checks found.
        actions_before : tuple of str
            What was done before the way was taken.
        """
        request = self._request
        told = dict(
            vars(account),
            evidence=account.evidence or seen,
            actions=actions_before + account.actions,
        )
        return MigrationResult(
            domain=facts.name if facts else request.domain,
            uuid=facts.uuid if facts else request.uuid,
            source=request.source_name,
            destination=request.destination_name,
            duration_s=round(self._clock() - self._begun_s, 3),
            phases=self._phases(account),
            prerequisites=tuple(check.to_dict() for check in prerequisites),
            **told,
        )

    def _phases(self, account: Account) -> PhaseTimes:
        """Return the seconds of each phase; what was not reached took none."""
        began_s, left_s, arrived_s = account.began_s, account.left_s, account.arrived_s
        if began_s is None or left_s is None or arrived_s is None:
            return PhaseTimes()
        return PhaseTimes(
            preparation_s=round(began_s - self._begun_s, 3),
            transfer_s=round(left_s - began_s, 3),
            handover_s=round(arrived_s - left_s, 3),
            cleanup_s=round(self._clock() - arrived_s, 3),
        )


def refused(error: DroverError, evidence: Evidence) -> Account:
    """Nothing was begun: a host does not answer, or a prerequisite does not hold."""
    return Account(
        Outcome.NOT_MOVED if evidence.source.readable else Outcome.UNKNOWN,
        error.message,
        error.code,
        error.remedy,
        error.code in ("connection_failed", "no_answer"),
        evidence=evidence,
    )


def examined(there: bool, evidence: Evidence, *actions: str) -> Account:
    """Nothing was asked for but to look; C(actions) say what would be done."""
    outcome = Outcome.ALREADY_THERE if there else Outcome.NOT_MOVED
    return Account(outcome, actions=actions, evidence=evidence)


def foreseen(verdict: Verdict, evidence: Evidence, aftercare: str) -> Account:
    """What would be done first to settle a VM; C(aftercare), by its mark, where nothing else is to be done."""
    wanted = [repair.value for repair in verdict.repairs]
    if aftercare and verdict.succeeded and not wanted:
        wanted.append(aftercare)
    return put_in_order(verdict, evidence, ["Would {}.".format(action) for action in wanted])
