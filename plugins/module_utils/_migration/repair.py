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
from .._libvirt import domain as domains
from .._libvirt.handover_mark import clear_mark
from .ends import End, Ends
from .outcome import WAIT, Circumstances, Repair, Verdict, classify
from .result import Evidence, Outcome

# How long libvirt is given to begin its own cleaning up after a failure.
_GRACE_S = 5.0
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
        self._uuid = uuid
        self.done: list[Repair] = []
        self.actions: list[str] = []
        self.leftovers: list[str] = []

    def look(self) -> Evidence:
        """Return what both hosts say now."""
        return self.ends.states(self._uuid)

    def carry_out(self, repair: Repair) -> bool:
        """Do one thing; false when it failed (it is a leftover then)."""
        steps: dict[Repair, t.Callable[[], None]] = {
            Repair.RESUME_DESTINATION: lambda: self._to(self.ends.destination, domains.resume),
            Repair.RESUME_SOURCE: lambda: self._to(self.ends.source, domains.resume),
            Repair.DESTROY_SOURCE: lambda: self._to(self.ends.source, domains.destroy),
            Repair.DESTROY_DESTINATION: lambda: self._to(self.ends.destination, domains.destroy),
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
        self.actions.append(_sentence(repair))
        return True

    def _to(self, end: End, change: t.Callable[[t.Any], None]) -> None:
        end.ask_domain(self._uuid, change, "change the VM")

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
            self.actions.append("Had to pause the VM again on the destination.")

    def clear_marks(self) -> None:
        """Take the handover mark away: the VM is where it belongs."""
        for end in (self.ends.source, self.ends.destination):
            for failure in self._failures(end, clear_mark):
                self.leftovers.append("The handover mark stayed on: " + failure.message)


def _sentence(repair: Repair) -> str:
    return "Had to {}.".format(repair.value)


def _suspend_if_running(domain: t.Any) -> None:
    if domains.is_running(domain):
        domains.suspend(domain)


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
            break
    return final or _UNSETTLED, repairs.look()


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
        evidence = repairs.look()
        known = circumstances()
        patience_left = clock() < deadline_s
        verdict = classify(
            evidence,
            replace(
                known,
                patience_left=patience_left,
                grace_left=clock() < grace_until_s,
                source_ended_by_us=known.source_ended_by_us
                or Repair.DESTROY_SOURCE in repairs.done,
            ),
        )
        readable = evidence.source.readable and evidence.destination.readable
        if not patience_left or (readable and verdict is not WAIT):
            return verdict, evidence
        repairs.ends.sleep(_LOOK_AGAIN_S)


def _stronger(earlier: Verdict | None, later: Verdict) -> Verdict:
    """Return the verdict that tells more: after a rollback the hosts look untouched."""
    if earlier is None or earlier.outcome is None:
        return later
    if earlier.outcome is Outcome.ROLLED_BACK and later.outcome is Outcome.NOT_MOVED:
        return earlier
    return replace(later, reason=later.reason or earlier.reason)
