# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a VM is, judged from what both hosts say, and what must be done so that it runs once.

Pure. An error of the migration call means "unknown", so the call's own verdict is never asked for:
only the states of both ends count (nova and Ganeti came to the same rule). The table follows
libvirt's reasons of a state: C(migration) is a pause that libvirt made for a migration, C(user) one
that a person, or a finished migration that was asked to stay paused, made.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .._facts.end_state import FENCED, EndState, Evidence
from .._facts.handover import HandoverMark
from .outcome import Outcome


class Repair(enum.Enum):
    """Something to do to one of the hosts."""

    RESUME_DESTINATION = "resume the VM on the destination"
    RESUME_SOURCE = "resume the VM on the source"
    DECIDE_FOR_DESTINATION = "record that the copy on the destination is the VM from now on"
    DESTROY_SOURCE = "stop the paused leftover on the source"
    DESTROY_DESTINATION = "stop the paused copy on the destination"
    UNDEFINE_SOURCE = "remove the definition from the source"
    UNDEFINE_DESTINATION = "remove the definition from the destination"
    QUARANTINE = "pause the VM on both hosts and switch its autostart off"


@dataclass(frozen=True)
class Circumstances:
    """What is known of a migration beside the states of both ends.

    The mark is all that settle and reconcile know. What the process saw that migrated the VM goes
    with that process; the rest is time.

    Parameters
    ----------
    mark : HandoverMark
        What was written down of the VM before it left; C(paused) also where a user paused it since.
    destination_ran : bool
        Whether the destination was seen running the VM.
    cancelled : bool
        Whether this process cancelled the migration.
    patience_left : bool
        Whether hosts that libvirt is still working on can be waited for.
    grace_left : bool
        Whether it is so early that libvirt may just not have begun to clean up.
    """

    mark: HandoverMark
    destination_ran: bool = False
    cancelled: bool = False
    patience_left: bool = False
    grace_left: bool = False

    def worth_waiting(self, source: EndState) -> bool:
        """Whether a passing state may still change by itself."""
        return self.patience_left and (self.grace_left or source.busy)


@dataclass(frozen=True)
class Verdict:
    """What the evidence means.

    Parameters
    ----------
    outcome : Outcome or None
        Where the VM is once the repairs are done; None while libvirt is still at work: wait and
        look again.
    repairs : tuple of Repair
        What to do, in this order. Afterwards both ends must be read and judged again.
    reason : str
        One sentence of what was found, for failures.
    error_code : str
        Stable name of what was found, where it explains more than libvirt's complaint.
    """

    outcome: Outcome | None
    repairs: tuple[Repair, ...] = ()
    reason: str = ""
    error_code: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the VM is on the destination."""
        return self.outcome is Outcome.MOVED


WAIT = Verdict(None)

_PAUSED_FOR_MIGRATION = ("migration", "starting_up")
_POST_COPY = ("postcopy", "postcopy_failed")
# Reasons with which QEMU ends when nobody asked it to.
_DIED = ("crashed", "failed", "unknown", FENCED, "")


def classify(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """Judge where the VM is.

    Parameters
    ----------
    evidence : Evidence
        What both hosts said, read after the migration call returned.
    circumstances : Circumstances
        What else is known.

    Returns
    -------
    Verdict
        With C(UNKNOWN) and no repairs whenever one end could not be read: nothing may be started
        anywhere then.
    """
    source, destination = evidence.source, evidence.destination
    if not destination.readable and never_left(source, circumstances):
        return _destination_silent(evidence)
    if not (source.readable and destination.readable):
        return _unreadable(evidence)
    if "postcopy" in (source.reason + destination.reason):
        return _in_post_copy(evidence, circumstances)
    return _TABLE[_row(source, destination)](evidence, circumstances)


def _row(source: EndState, destination: EndState) -> str:
    if source.state == "absent" or (source.state == "shutoff" and source.reason == "migrated"):
        return "left"
    if not source.active:
        return "off"
    if source.state == "paused" and source.reason in _PAUSED_FOR_MIGRATION:
        return "waiting"
    if destination.active and (source.state, source.reason) == ("paused", "api_error"):
        # Newer libvirt calls it so when the lock on an image kept the source from running again.
        return "waiting"
    return "alive"


def never_left(source: EndState, circumstances: Circumstances) -> bool:
    """Whether the source's word alone tells that the VM was never handed over.

    Its QEMU is the one that was to leave, for the mark in a live definition ends with its QEMU. With
    our own handover the destination runs a VM only when that QEMU is gone. libvirt's own comes after
    a pause of the source, and a source that libvirt let run again after such a pause says so.
    """
    if source.mark is None or source.busy or not source.whole:
        return False
    if circumstances.destination_ran:
        return False
    # The VM's tenant can write its mark, so it may be more careful than what is known, and never less.
    if not (source.mark.libvirt_resumes or circumstances.mark.libvirt_resumes):
        return True
    return source.state == "running" and source.reason != "migration_canceled"


def _destination_silent(evidence: Evidence) -> Verdict:
    return Verdict(
        Outcome.NOT_MOVED,
        reason="The VM is on the source ({}) and was never handed over; the destination does not "
        "answer ({}).".format(evidence.source, evidence.destination.error),
    )


def _unreadable(evidence: Evidence) -> Verdict:
    silent = [
        "the {} does not answer ({})".format(name, end.error)
        for name, end in (("source", evidence.source), ("destination", evidence.destination))
        if not end.readable
    ]
    return Verdict(
        Outcome.UNKNOWN,
        reason="It is not known where the VM runs: {}. Nothing was started anywhere.".format(
            " and ".join(silent)
        ),
    )


def _left(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The source's QEMU is gone and the source says that it migrated, or knows nothing of it.

    A VM that is off on the destination now may have been shut down there since.
    """
    destination = evidence.destination
    if _incoming(destination):
        return _wait_or(circumstances, _half_arrived(evidence))
    if destination.state == "paused" and destination.reason == "user":
        return _arrived_paused(evidence, circumstances)
    if destination.active:
        return _moved(evidence, circumstances)
    forgotten = _moved(evidence, circumstances)
    if destination.persistent and destination.reason not in _DIED:
        return forgotten
    return Verdict(Outcome.LOST, forgotten.repairs, _nowhere(evidence))


def _off(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The source's QEMU ended in another way: it crashed, or somebody stopped it."""
    source, destination = evidence.source, evidence.destination
    ended_by_user = source.reason not in _DIED
    if _incoming(destination):
        return _wait_or(circumstances, _ended_in_mid_copy(evidence))
    if destination.state == "paused" and destination.reason == "user":
        if ended_by_user and not _decided(destination):
            return _held(evidence)
        return _arrived_paused(evidence, circumstances)
    if destination.active:
        return _moved(evidence, circumstances)
    if ended_by_user:
        return _stopped(source, _removal(evidence, circumstances))
    return Verdict(Outcome.LOST, _removal(evidence, circumstances), _nowhere(evidence))


def _waiting(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The source is still paused by libvirt, so the handover has not ended."""
    destination = evidence.destination
    if circumstances.worth_waiting(evidence.source):
        return WAIT
    if _incoming(destination):
        return _wait_or(circumstances, _unfinished())
    if destination.active:
        # The destination's daemon confirmed that everything arrived; the source's images were given
        # up by then. It is written down first: once the source's QEMU has ended, only the copy's own
        # word shows that no user wished this.
        decision = () if destination.state == "running" else (Repair.DECIDE_FOR_DESTINATION,)
        return Verdict(Outcome.MOVED, (*decision, Repair.DESTROY_SOURCE))
    if destination.reason == FENCED and circumstances.mark.libvirt_resumes:
        return _died_after_handover(evidence)
    return Verdict(
        Outcome.ROLLED_BACK,
        (Repair.RESUME_SOURCE, *_removal(evidence, circumstances)),
        "The handover failed; the VM keeps running where it was.",
    )


def _alive(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The VM runs on the source, or a user paused it there."""
    destination = evidence.destination
    if _incoming(destination) and _may_still_arrive(evidence.source, circumstances):
        return WAIT
    if (
        destination.active
        and not _incoming(destination)
        and not _never_ran(destination, circumstances)
    ):
        return _both(evidence)
    removal = _removal(evidence, circumstances)
    return Verdict(Outcome.ROLLED_BACK if removal else Outcome.NOT_MOVED, removal)


def _may_still_arrive(source: EndState, circumstances: Circumstances) -> bool:
    """Whether to leave the receiving QEMU on the destination alone a little longer.

    A cancelled migration can hang in the destination's daemon that waits for a frozen QEMU. It may
    be ended then: what libvirt does not resume there can never have run.
    """
    if circumstances.cancelled and not circumstances.mark.libvirt_resumes:
        return circumstances.grace_left
    return circumstances.worth_waiting(source)


def _in_post_copy(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The VM's memory is on both hosts, so both are needed until the copy has ended."""
    source, destination = evidence.source, evidence.destination
    if not destination.active and source.reason == "postcopy_failed":
        return Verdict(Outcome.LOST, reason=_nowhere(evidence))
    broken = Verdict(
        Outcome.UNKNOWN, reason=_broken_post_copy(evidence), error_code="post_copy_broken"
    )
    return _wait_or(circumstances, broken)


def _arrived_paused(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """Everything arrived, the source's QEMU is gone, the destination waits to be resumed."""
    moved = _moved(evidence, circumstances)
    if circumstances.mark.paused or not circumstances.mark.waits:
        return moved
    return Verdict(Outcome.MOVED, (Repair.RESUME_DESTINATION, *moved.repairs))


def _moved(evidence: Evidence, circumstances: Circumstances) -> Verdict:
    """The VM is on the destination; the source's definition goes when there is one there."""
    source, destination = evidence.source, evidence.destination
    if source.persistent and (destination.persistent or not circumstances.mark.persistent):
        return Verdict(Outcome.MOVED, (Repair.UNDEFINE_SOURCE,))
    return Verdict(Outcome.MOVED)


def _both(evidence: Evidence) -> Verdict:
    return Verdict(
        Outcome.QUARANTINED,
        (Repair.QUARANTINE,),
        "The VM was active on both hosts (source: {}; destination: {}) and may have written "
        "to its disks from both; it is paused on both now.".format(
            evidence.source, evidence.destination
        ),
    )


def _decided(destination: EndState) -> bool:
    return destination.mark is not None and destination.mark.decided


def _held(evidence: Evidence) -> Verdict:
    """Somebody ended the VM on the source while the destination holds all of it, paused.

    Whether the source ran on after the copy cannot be told, so the copy is neither run nor ended.
    """
    return Verdict(
        Outcome.QUARANTINED,
        reason="The VM was stopped on the source ({}), and the destination holds a complete copy of "
        "it, paused.".format(evidence.source),
    )


def _ended_in_mid_copy(evidence: Evidence) -> Verdict:
    """The source's QEMU ended while the destination still received; libvirt ends what is left there."""
    if evidence.source.reason not in _DIED:
        return _stopped(evidence.source, ())
    return Verdict(Outcome.LOST, reason=_nowhere(evidence))


def _died_after_handover(evidence: Evidence) -> Verdict:
    """The destination is dead and libvirt may have let the VM run there before.

    Its disks may be newer than the memory on the source, which would damage them.
    """
    return Verdict(
        Outcome.QUARANTINED,
        reason="The destination is dead and may have run the VM before; the source holds an older copy "
        "of it, paused ({}). Start the VM from its disks: virsh destroy, then virsh start.".format(
            evidence.source
        ),
    )


def _unfinished() -> Verdict:
    return Verdict(
        Outcome.UNKNOWN,
        reason="The handover has not ended: both hosts hold the VM paused.",
    )


def _half_arrived(evidence: Evidence) -> Verdict:
    return Verdict(
        Outcome.UNKNOWN,
        reason="The source has let the VM go while the destination still waits for it ({}).".format(
            evidence.destination
        ),
    )


def _removal(evidence: Evidence, circumstances: Circumstances) -> tuple[Repair, ...]:
    """What removes a copy that never ran from the destination; an older definition stays.

    So does the only one there is.
    """
    source, destination = evidence.source, evidence.destination
    repairs: tuple[Repair, ...] = ()
    if destination.active:
        repairs += (Repair.DESTROY_DESTINATION,)
    if destination.persistent and source.persistent and not circumstances.mark.defined_before:
        repairs += (Repair.UNDEFINE_DESTINATION,)
    return repairs


def _never_ran(destination: EndState, circumstances: Circumstances) -> bool:
    """Whether an active VM on the destination certainly never ran there."""
    return (
        destination.state == "paused"
        and destination.reason == "user"
        and not circumstances.destination_ran
        and not circumstances.mark.libvirt_resumes
    )


def _incoming(destination: EndState) -> bool:
    return destination.state == "paused" and destination.reason in _PAUSED_FOR_MIGRATION


def _wait_or(circumstances: Circumstances, verdict: Verdict) -> Verdict:
    return WAIT if circumstances.patience_left else verdict


def _stopped(source: EndState, removal: tuple[Repair, ...]) -> Verdict:
    return Verdict(
        Outcome.NOT_MOVED,
        removal,
        "The VM was stopped on the source during the migration ({}).".format(source),
        "stopped",
    )


def _nowhere(evidence: Evidence) -> str:
    return "The VM runs on neither host any more (source: {}; destination: {}).".format(
        evidence.source, evidence.destination
    )


def _broken_post_copy(evidence: Evidence) -> str:
    return "Post-copy has not ended (source: {}; destination: {}).".format(
        evidence.source, evidence.destination
    )


_TABLE: dict[str, t.Callable[[Evidence, Circumstances], Verdict]] = {
    "left": _left,
    "off": _off,
    "waiting": _waiting,
    "alive": _alive,
}
