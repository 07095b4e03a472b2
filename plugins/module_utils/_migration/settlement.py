# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settles a VM that an earlier migration left on two hosts, by what both of them say.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import replace

from .._ends.account import Account, Phase, put_in_order
from .._ends.ends import Ends
from .._ends.repair import Repairs, conclude
from .._ends.verdict import Circumstances, Verdict, classify
from .._errors import DroverError
from .._facts.end_state import Evidence
from .._facts.handover import NAMESPACE, HandoverMark
from .._libvirt.domain import DomainFacts
from .._libvirt.handover_mark import read_mark
from .._live.post_copy import PostCopyRecovery, in_post_copy
from .._request.request import MigrationRequest
from .report import DOUBTED, LOOK_AFTER, LOOKED_AFTER, REMOVED_DOUBTED, foreseen


class JobRunning(DroverError):
    """libvirt is busy with the VM."""

    code = "job_running"


class TwiceActive(DroverError):
    """Both hosts hold the VM, and only a person can say which is current."""

    code = "twice_active"


class TwiceDefined(DroverError):
    """Both hosts define the VM, it runs on neither, and nothing tells which is the newer."""

    code = "twice_defined"


class MarkUnconfirmed(DroverError):
    """The VM stands paused and is marked as one that waits, but its tenant may have written the mark."""

    code = "mark_unconfirmed"


class Settlement:
    """Judges one VM by both hosts and cleans up after its migration.

    Parameters
    ----------
    request : MigrationRequest
        The VM and the hosts.
    ends : Ends
        The hosts, and time.
    """

    def __init__(
        self,
        request: MigrationRequest,
        ends: Ends,
    ) -> None:
        self._request = request
        self._ends = ends

    def refuse_unclear(self, facts: DomainFacts, evidence: Evidence) -> None:
        """Refuse what no table can decide.

        Raises
        ------
        JobRunning, MarkUnconfirmed, TwiceActive, TwiceDefined
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
        if paused_there and not source.active:
            self._refuse_unconfirmed(facts)
        twice_defined = source.persistent and destination.persistent
        off = not source.active and not destination.active
        if off and twice_defined and source.reason != "migrated":
            raise TwiceDefined(
                "The VM {} is shut off and defined on both hosts.".format(facts.name),
                "Undefine it on the host where it is not wanted.",
            )

    def _refuse_unconfirmed(self, facts: DomainFacts) -> None:
        """Leave a VM to a person that a user, or its migration, paused: only a mark that may be forged tells which."""
        if self._request.believe_mark or self._written_mark(facts.uuid) is None:
            return
        where = self._ends.destination.name
        raise MarkUnconfirmed(
            "The VM {} is paused on {} and marked as one that waits there for the end of its migration, but no "
            "journal on the hosts tells of that migration, and its tenant can write the mark, too.".format(
                facts.name, where
            ),
            "If nobody paused it on purpose, run this again with -e drover_trust_marks=true; else remove the mark "
            "(virsh metadata {} {} --live --remove on {}).".format(facts.name, NAMESPACE, where),
        )

    def foreseen(self, facts: DomainFacts, evidence: Evidence) -> Account:
        """Say what would be done first, changing nothing."""
        mark = self.mark_on_destination(facts.uuid)
        left = mark or _unmarked(facts, keep_definition=False)
        verdict = classify(evidence, Circumstances(left))
        return foreseen(verdict, evidence, self._aftercare(facts.uuid, mark, LOOK_AFTER, DOUBTED))

    def settled(self, facts: DomainFacts, keep_definition: bool = True) -> Account:
        """Settle the VM by the table, with what its mark tells of an earlier migration.

        Without a mark a definition on the destination counts as one that was there before.
        """
        mark = self.mark_on_destination(facts.uuid)
        aftercare = self._aftercare(facts.uuid, mark, LOOKED_AFTER, REMOVED_DOUBTED)
        repairs = Repairs(self._ends, facts.uuid)
        left = mark or _unmarked(facts, keep_definition)
        verdict, evidence = conclude_left(self._request, repairs, left)
        if aftercare and verdict.succeeded and not repairs.actions:
            repairs.actions.append(aftercare)
        return _account(verdict, evidence, repairs)

    def _aftercare(self, uuid: str, mark: HandoverMark | None, believed: str, doubted: str) -> str:
        """Return what a mark asks for on a VM that is where it belongs; nothing where there is no mark."""
        if mark is not None:
            return believed
        is_doubted = not self._request.believe_mark and self._written_mark(uuid) is not None
        return doubted if is_doubted else ""

    def resume_post_copy(self, facts: DomainFacts) -> Account:
        """Resume a broken post-copy migration, and settle the VM when it has ended."""
        repairs = Repairs(self._ends, facts.uuid)
        left = replace(_unmarked(facts, keep_definition=False), autostart=facts.state.autostart)
        verdict, evidence = conclude_left(self._request, repairs, left)
        return _account(verdict, evidence, repairs)

    def waits_on_destination(self, uuid: str) -> bool:
        """Whether the VM is marked as one that waits on the destination for us to resume it."""
        mark = self.mark_on_destination(uuid)
        return mark is not None and mark.waits

    def mark_on_destination(self, uuid: str) -> HandoverMark | None:
        """Return the mark of a VM that is on its way, or None; one that may be forged does not count."""
        return self._written_mark(uuid) if self._request.believe_mark else None

    def _written_mark(self, uuid: str) -> HandoverMark | None:
        return self._ends.destination.ask_domain(uuid, read_mark, "read the VM's marks")


def is_odd(evidence: Evidence) -> bool:
    """Whether both hosts hold something of the VM, or one holds it in a passing state."""
    source, destination = evidence.source, evidence.destination
    if source.state == "paused" and source.reason != "user":
        return True
    return destination.state != "absent" and (source.state != "absent" or destination.active)


def conclude_left(
    request: MigrationRequest, repairs: Repairs, mark: HandoverMark
) -> tuple[Verdict, Evidence]:
    """Clean up what another process left unfinished, for settle and for reconcile.

    Parameters
    ----------
    request : MigrationRequest
        What that process was asked for, as far as it is known.
    repairs : Repairs
        Does the work.
    mark : HandoverMark
        What it wrote down of the VM.

    Raises
    ------
    PostCopyBroken
        A post-copy migration could not be resumed; both QEMUs still hold the VM.
    """
    if in_post_copy(repairs.look()):
        recovery = PostCopyRecovery(request, repairs.uuid, mark.persistent, repairs.ends)
        if recovery.run():
            repairs.actions.append("Resumed the post-copy migration.")
    known = Circumstances(mark)
    return conclude(repairs, lambda: known, request.options.settle_timeout_s)


def _unmarked(facts: DomainFacts, keep_definition: bool) -> HandoverMark:
    """Return what counts of a VM without a mark: nobody waits to resume it."""
    return HandoverMark(keep_definition, facts.state.persistent, waits=False)


def _account(verdict: Verdict, evidence: Evidence, repairs: Repairs) -> Account:
    account = put_in_order(verdict, evidence, repairs.actions, repairs.leftovers)
    return replace(account, phase=Phase.CLEANUP)
