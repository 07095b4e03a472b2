# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the repairs that a verdict asks for, and writes down each of them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._errors import DroverError
from .._facts.end_state import Evidence
from .._facts.handover import HandoverMark
from .._libvirt import domain as domains
from .._libvirt.handover_mark import clear_mark, read_mark, set_mark
from .ends import CALL_LIMIT_S, End, Ends
from .outcome import Outcome
from .redundancy import end_redundant
from .verdict import WAIT, Circumstances, Repair, Verdict, classify, never_left

# How long libvirt is given to begin its own cleaning up after a failure.
_GRACE_S = 5.0
# How long a destination may take to answer in any case. One that cannot have the VM gets no more: it
# matters only for what is left there.
_BRIEF_S = 10.0
# Pause between two looks at both hosts while libvirt may still be at work.
_LOOK_AGAIN_S = 0.5
# The longest chain of the table is destroy, resume, undefine, with a look in between; one more to
# see the end.
_MAX_ROUNDS = 5


class Repairs:
    """Brings both hosts to the state that a verdict names.

    Parameters
    ----------
    ends : Ends
        The hosts, and time.
    uuid : str
        The VM.
    """

    def __init__(self, ends: Ends, uuid: str) -> None:
        self.ends = ends
        self.uuid = uuid
        self.done: list[Repair] = []
        self.actions: list[str] = []
        self.leftovers: list[str] = []

    def look(self) -> Evidence:
        """Return what both hosts say now."""
        return self.ends.states(self.uuid)

    def look_patiently(self, known: Circumstances, patience_s: float) -> Evidence:
        """Return what both hosts say, without waiting long for a destination that cannot have the VM."""
        source = self.ends.source.state(self.uuid)
        left_s = 0.0 if never_left(source, known) else patience_s
        limit_s = min(CALL_LIMIT_S, max(_BRIEF_S, left_s))
        return Evidence(source, self.ends.destination.state(self.uuid, limit_s))

    def carry_out(self, repair: Repair) -> bool:
        """Do one thing; false when it failed (it is a leftover then)."""
        steps: dict[Repair, t.Callable[[], None]] = {
            Repair.RESUME_DESTINATION: lambda: self._to(self.ends.destination, domains.resume),
            Repair.RESUME_SOURCE: lambda: self._to(self.ends.source, domains.resume),
            Repair.DECIDE_FOR_DESTINATION: lambda: self._to(self.ends.destination, _decide),
            Repair.DESTROY_SOURCE: lambda: end_redundant(
                self.uuid, self.ends.source, self.ends.destination
            ),
            Repair.DESTROY_DESTINATION: lambda: end_redundant(
                self.uuid, self.ends.destination, self.ends.source
            ),
            Repair.UNDEFINE_SOURCE: lambda: self._to(self.ends.source, domains.undefine),
            Repair.UNDEFINE_DESTINATION: lambda: self._to(self.ends.destination, domains.undefine),
            Repair.QUARANTINE: self._quarantine,
        }
        try:
            steps[repair]()
        except DroverError as error:
            self.leftovers.append("Could not {}: {}".format(repair.value, error.message))
            return False
        self.done.append(repair)
        self.actions.append(_DONE[repair])
        return True

    def _to(self, end: End, change: t.Callable[[t.Any], None]) -> None:
        end.ask_domain(self.uuid, change, "change the VM")

    def _quarantine(self) -> None:
        """Pause first on both hosts, for every moment counts, then see to autostart."""
        failures = [
            failure
            for change in (_suspend_if_running, _no_autostart)
            for end in (self.ends.destination, self.ends.source)
            for failure in self._failures(end, change)
        ]
        if failures:
            raise failures[0]

    def _failures(self, end: End, change: t.Callable[[t.Any], None]) -> list[DroverError]:
        """Do one thing and return its error, so that the other host gets its turn in any case."""
        try:
            self._to(end, change)
        except DroverError as error:
            return [error]
        return []

    def copy_autostart(self) -> None:
        """Start the VM together with its new host; libvirt forgets this in a migration."""
        for failure in self._failures(self.ends.destination, _autostart):
            self.leftovers.append("Autostart was not set on the destination: " + failure.message)

    def pause_again(self) -> None:
        """Pause the VM on the destination: libvirt lets one run there that a user had paused."""
        failures = self._failures(self.ends.destination, _suspend_if_running)
        self.leftovers += [
            "The VM was not paused again: " + failure.message for failure in failures
        ]
        if not failures:
            self.actions.append("Paused the VM again on the destination.")

    def clear_marks(self, evidence: Evidence) -> None:
        """Take the handover mark away: the VM is where it belongs. A silent host is left alone."""
        sides = (
            (self.ends.source, evidence.source),
            (self.ends.destination, evidence.destination),
        )
        for end, state in sides:
            if not state.readable:
                self.leftovers.append(
                    "{} does not answer; what is left of the copy there was not removed.".format(
                        end.name
                    )
                )
                continue
            for failure in self._failures(end, clear_mark):
                self.leftovers.append("The handover mark stayed on: " + failure.message)


_DONE = {
    Repair.RESUME_DESTINATION: "Resumed the VM on the destination.",
    Repair.RESUME_SOURCE: "Resumed the VM on the source.",
    Repair.DECIDE_FOR_DESTINATION: "Recorded that the copy on the destination is the VM from now on.",
    Repair.DESTROY_SOURCE: "Stopped the paused leftover on the source.",
    Repair.DESTROY_DESTINATION: "Stopped the paused copy on the destination.",
    Repair.UNDEFINE_SOURCE: "Removed the definition from the source.",
    Repair.UNDEFINE_DESTINATION: "Removed the definition from the destination.",
    Repair.QUARANTINE: "Paused the VM on both hosts and switched its autostart off.",
}


def _suspend_if_running(domain: t.Any) -> None:
    if domains.is_running(domain):
        domains.suspend(domain)


def _decide(domain: t.Any) -> None:
    set_mark(domain, replace(read_mark(domain) or HandoverMark(), decided=True))


def _autostart(domain: t.Any) -> None:
    domains.set_autostart(domain, True)


def _no_autostart(domain: t.Any) -> None:
    if domain.isPersistent():
        domains.set_autostart(domain, False)


def settle(
    repairs: Repairs,
    circumstances: t.Callable[[], Circumstances],
    patience_s: float,
) -> tuple[Verdict, Evidence]:
    """Look at both hosts, repair, and look again, until nothing is left to be done.

    Parameters
    ----------
    repairs : Repairs
        Does the work.
    circumstances : callable
        Returns what is known beside the evidence; asked before every judgement.
    patience_s : float
        How long to wait for a host that does not answer and for states that libvirt is still
        changing.

    Returns
    -------
    tuple of Verdict and Evidence
        The verdict, and what both hosts said at the end.
    """
    deadline_s = repairs.ends.clock() + patience_s
    final: Verdict | None = None
    for _round in range(_MAX_ROUNDS):
        verdict, evidence = _decisive_look(repairs, circumstances, deadline_s)
        final = _stronger(final, verdict)
        if not verdict.repairs:
            return final, evidence
        done = all(repairs.carry_out(repair) for repair in verdict.repairs)
        if not done:
            return _unrepaired(verdict, repairs), repairs.look()
        if verdict.outcome is Outcome.QUARANTINED:
            return final, repairs.look()
    return _UNSETTLED, repairs.look()


def conclude(
    repairs: Repairs,
    circumstances: t.Callable[[], Circumstances],
    patience_s: float,
) -> tuple[Verdict, Evidence]:
    """Settle a VM and finish its handover: one way for executor, settle and reconcile.

    The three know the same of it: its mark. A VM that is still held paused keeps that, so that a
    later call can resume it.

    Parameters
    ----------
    repairs, circumstances, patience_s
        As for C(settle).
    """
    verdict, evidence = settle(repairs, circumstances, patience_s)
    finish(repairs, verdict, evidence, circumstances().mark)
    return verdict, evidence


def finish(repairs: Repairs, verdict: Verdict, evidence: Evidence, mark: HandoverMark) -> None:
    """Do what is left once it is known where the VM is.

    The mark goes last: who dies before is followed by somebody who knows what is still to be done.
    """
    ended_there = verdict.outcome is Outcome.LOST and evidence.destination.persistent
    if mark.autostart and (verdict.succeeded or ended_there):
        repairs.copy_autostart()
    if verdict.outcome not in (Outcome.UNKNOWN, Outcome.QUARANTINED):
        repairs.clear_marks(evidence)


_UNSETTLED = Verdict(
    Outcome.UNKNOWN, reason="The repairs did not bring the hosts to a known state."
)


def _unrepaired(verdict: Verdict, repairs: Repairs) -> Verdict:
    """Return the verdict after a failed repair: a VM that could not be resumed is not moved."""
    if (
        Repair.RESUME_DESTINATION in verdict.repairs
        and Repair.RESUME_DESTINATION not in repairs.done
    ):
        return Verdict(
            Outcome.QUARANTINED,
            reason="The source has let the VM go and the destination holds it paused. "
            + repairs.leftovers[-1],
        )
    return verdict


def _decisive_look(
    repairs: Repairs,
    circumstances: t.Callable[[], Circumstances],
    deadline_s: float,
) -> tuple[Verdict, Evidence]:
    """Look until the verdict is more than "wait", or time is up."""
    clock = repairs.ends.clock
    grace_until_s = clock() + _GRACE_S
    while True:
        known = circumstances()
        evidence = repairs.look_patiently(known, deadline_s - clock())
        patience_left = clock() < deadline_s
        verdict = classify(
            evidence,
            replace(
                known,
                patience_left=patience_left,
                grace_left=clock() < grace_until_s,
            ),
        )
        readable = evidence.source.readable and evidence.destination.readable
        stayed = verdict.outcome is Outcome.NOT_MOVED and clock() >= grace_until_s
        if not patience_left or (readable and verdict is not WAIT) or stayed:
            return verdict, evidence
        repairs.ends.sleep(_LOOK_AGAIN_S)


def _stronger(earlier: Verdict | None, later: Verdict) -> Verdict:
    """Return the verdict that tells more: after a rollback the hosts look untouched."""
    if earlier is None or earlier.outcome is None:
        return later
    if earlier.outcome is Outcome.ROLLED_BACK and later.outcome is Outcome.NOT_MOVED:
        return earlier
    return replace(later, reason=later.reason or earlier.reason)
