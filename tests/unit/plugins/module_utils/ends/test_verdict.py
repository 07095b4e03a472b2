# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a VM is, judged from both ends: the table of outcomes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._ends.verdict import (
    Circumstances,
    Repair,
    classify,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark

ABSENT = EndState()
UNREADABLE = EndState(readable=False, state="unknown", error="no answer")
RUNNING = EndState(state="running", reason="booted", persistent=True)
ARRIVED = EndState(state="paused", reason="user", persistent=True)
INCOMING = EndState(state="paused", reason="migration")
WAITING = EndState(state="paused", reason="migration", persistent=True)
LOCKED_OUT = EndState(state="paused", reason="api_error", persistent=True)
MIGRATED = EndState(state="shutoff", reason="migrated", persistent=True)
CRASHED = EndState(state="shutoff", reason="crashed", persistent=True)
MARK = HandoverMark()
MARKED = replace(RUNNING, mark=MARK)
DECIDED = replace(ARRIVED, mark=HandoverMark(decided=True))
DESTROYED = EndState(state="shutoff", reason="destroyed", persistent=True)
SHUT_OFF = EndState(state="shutoff", reason="failed", persistent=True)

RESUME = Repair.RESUME_DESTINATION
STOP_COPY = Repair.DESTROY_DESTINATION
FORGET_COPY = Repair.UNDEFINE_DESTINATION
FORGET = Repair.UNDEFINE_SOURCE

TABLE = [
    # source, destination, outcome, repairs
    (RUNNING, ABSENT, Outcome.NOT_MOVED, ()),
    (RUNNING, SHUT_OFF, Outcome.ROLLED_BACK, (FORGET_COPY,)),
    (RUNNING, ARRIVED, Outcome.ROLLED_BACK, (STOP_COPY, FORGET_COPY)),
    (RUNNING, INCOMING, Outcome.ROLLED_BACK, (STOP_COPY,)),
    (RUNNING, RUNNING, Outcome.QUARANTINED, (Repair.QUARANTINE,)),
    (ABSENT, RUNNING, Outcome.MOVED, ()),
    (MIGRATED, RUNNING, Outcome.MOVED, (FORGET,)),
    (ABSENT, ARRIVED, Outcome.MOVED, (RESUME,)),
    (MIGRATED, ARRIVED, Outcome.MOVED, (RESUME, FORGET)),
    (ABSENT, INCOMING, Outcome.UNKNOWN, ()),
    (ABSENT, ABSENT, Outcome.LOST, ()),
    (MIGRATED, SHUT_OFF, Outcome.LOST, (FORGET,)),
    (MIGRATED, DESTROYED, Outcome.MOVED, (FORGET,)),
    (WAITING, RUNNING, Outcome.MOVED, (Repair.DESTROY_SOURCE,)),
    (WAITING, ARRIVED, Outcome.MOVED, (Repair.DECIDE_FOR_DESTINATION, Repair.DESTROY_SOURCE)),
    (LOCKED_OUT, RUNNING, Outcome.MOVED, (Repair.DESTROY_SOURCE,)),
    (LOCKED_OUT, ABSENT, Outcome.NOT_MOVED, ()),
    (WAITING, INCOMING, Outcome.UNKNOWN, ()),
    (WAITING, ABSENT, Outcome.ROLLED_BACK, (Repair.RESUME_SOURCE,)),
    (CRASHED, ABSENT, Outcome.LOST, ()),
    (CRASHED, RUNNING, Outcome.MOVED, (FORGET,)),
    (CRASHED, ARRIVED, Outcome.MOVED, (RESUME, FORGET)),
    (CRASHED, INCOMING, Outcome.LOST, ()),
    (DESTROYED, ABSENT, Outcome.NOT_MOVED, ()),
    (DESTROYED, ARRIVED, Outcome.QUARANTINED, ()),
    (DESTROYED, DECIDED, Outcome.MOVED, (RESUME, FORGET)),
    (MARKED, UNREADABLE, Outcome.NOT_MOVED, ()),
    (UNREADABLE, RUNNING, Outcome.UNKNOWN, ()),
    (UNREADABLE, ARRIVED, Outcome.UNKNOWN, ()),
    (RUNNING, UNREADABLE, Outcome.UNKNOWN, ()),
    (WAITING, UNREADABLE, Outcome.UNKNOWN, ()),
    (ABSENT, UNREADABLE, Outcome.UNKNOWN, ()),
]


@pytest.mark.parametrize(("source", "destination", "outcome", "repairs"), TABLE, ids=str)
def test_table(
    source: EndState,
    destination: EndState,
    outcome: Outcome | None,
    repairs: tuple[Repair, ...],
) -> None:
    """Each pair of states has one meaning once libvirt has had time to clean up."""
    verdict = classify(Evidence(source, destination), Circumstances(MARK))
    assert (verdict.outcome, verdict.repairs) == (outcome, repairs)


STATES = (
    ABSENT,
    UNREADABLE,
    RUNNING,
    ARRIVED,
    INCOMING,
    WAITING,
    MIGRATED,
    CRASHED,
    DESTROYED,
    MARKED,
    DECIDED,
    SHUT_OFF,
    EndState(state="paused", reason="user", persistent=True),
    EndState(state="paused", reason="ioerror", persistent=True),
    EndState(state="paused", reason="postcopy"),
    EndState(state="paused", reason="postcopy_failed", persistent=True),
    EndState(state="running", reason="postcopy"),
    EndState(state="running", reason="migration_canceled", persistent=True),
    EndState(state="pmsuspended", reason="unknown", persistent=True),
)
PAIRS = [Evidence(*pair) for pair in itertools.product(STATES, STATES)]
MARKS = [
    HandoverMark(defined_before=before, persistent=persistent, paused=paused, waits=waits)
    for before, persistent, paused, waits in itertools.product((False, True), repeat=4)
]
ALL_THAT_MAY_BE_KNOWN = [
    Circumstances(mark, *seen)
    for mark, seen in itertools.product(MARKS, itertools.product((False, True), repeat=4))
]


def test_nothing_is_ever_started_beside_a_living_vm() -> None:
    """In no pair of states is a VM resumed while the other end has a QEMU of it, or is silent."""
    for evidence, ours, patience in itertools.product(PAIRS, (False, True), (False, True)):
        known = Circumstances(HandoverMark(waits=ours), patience_left=patience)
        verdict = classify(evidence, known)
        if not (evidence.source.readable and evidence.destination.readable):
            assert verdict.repairs == ()
        if RESUME in verdict.repairs:
            assert not evidence.source.active or Repair.DESTROY_SOURCE in verdict.repairs
        if Repair.RESUME_SOURCE in verdict.repairs:
            assert not evidence.destination.active


def test_the_last_definition_is_never_removed() -> None:
    """A definition goes only where the other host has one, too."""
    for evidence, before in itertools.product(PAIRS, (False, True)):
        verdict = classify(evidence, Circumstances(HandoverMark(defined_before=before)))
        if FORGET in verdict.repairs:
            assert evidence.destination.persistent
        if FORGET_COPY in verdict.repairs:
            assert evidence.source.persistent


def test_an_older_definition_on_the_destination_stays() -> None:
    """What the destination knew of the VM before is not removed by a rollback."""
    verdict = classify(Evidence(RUNNING, ARRIVED), Circumstances(HandoverMark(defined_before=True)))
    assert verdict.repairs == (STOP_COPY,)


def test_a_paused_vm_is_not_resumed() -> None:
    """A VM that was paused before, or by a user meanwhile, stays paused on the destination."""
    verdict = classify(Evidence(ABSENT, ARRIVED), Circumstances(HandoverMark(paused=True)))
    assert (verdict.outcome, verdict.repairs) == (Outcome.MOVED, ())


def test_a_pause_of_unknown_origin_is_not_ended() -> None:
    """Without our own handover a paused VM on the destination was paused by somebody else."""
    verdict = classify(Evidence(ABSENT, ARRIVED), Circumstances(HandoverMark(waits=False)))
    assert (verdict.outcome, verdict.repairs) == (Outcome.MOVED, ())


def test_a_copy_that_ran_is_quarantined() -> None:
    """A paused copy that was seen running may hold newer writes than the source."""
    verdict = classify(Evidence(RUNNING, ARRIVED), Circumstances(MARK, destination_ran=True))
    assert verdict.outcome is Outcome.QUARANTINED


def test_a_leftover_that_we_ended_is_no_users_wish() -> None:
    """Once the copy says that it is the VM, an ended source is the leftover that was ended for it."""
    assert classify(Evidence(DESTROYED, DECIDED), Circumstances(MARK)).repairs[0] is RESUME


def test_no_vm_is_ended_whose_other_end_is_not_seen_to_have_it() -> None:
    """Over all states of both ends, and all that may be known beside them."""
    for evidence, known in itertools.product(PAIRS, ALL_THAT_MAY_BE_KNOWN):
        repairs = classify(evidence, known).repairs
        if STOP_COPY in repairs:
            assert evidence.source.whole
        if Repair.DESTROY_SOURCE in repairs:
            assert evidence.destination.whole


def test_libvirt_gets_time_to_clean_up() -> None:
    """Passing states are waited for while libvirt works on the VM, or may be about to."""
    for source in (RUNNING, WAITING):
        early = Circumstances(MARK, patience_left=True, grace_left=True)
        assert classify(Evidence(source, INCOMING), early).outcome is None


def test_a_hanging_destination_is_cleaned_after_a_cancel() -> None:
    """A receiving QEMU that hangs is ended once the cancelled migration had its grace."""
    busy = EndState(state="running", reason="booted", persistent=True, busy=True)
    late = Circumstances(MARK, patience_left=True, cancelled=True)
    assert classify(Evidence(busy, INCOMING), late).repairs == (STOP_COPY,)
    uncancelled = Circumstances(MARK, patience_left=True)
    assert classify(Evidence(busy, INCOMING), uncancelled).outcome is None


def test_broken_post_copy_without_destination_is_lost() -> None:
    """When post-copy broke and the destination's QEMU is gone, the memory is gone."""
    failed = EndState(state="paused", reason="postcopy_failed", persistent=True)
    assert classify(Evidence(failed, ABSENT), Circumstances(MARK)).outcome is Outcome.LOST


def test_silence_is_said_in_words() -> None:
    """The reason names the silent host, and that nothing was started."""
    reason = classify(Evidence(RUNNING, UNREADABLE), Circumstances(MARK)).reason
    assert "the destination does not answer (no answer)" in reason
    assert "Nothing was started anywhere." in reason


def test_a_forged_mark_does_not_tell_that_a_vm_never_left() -> None:
    """libvirt may have let it run on the silent destination, as the journal knows and its tenant denies."""
    left = replace(RUNNING, reason="migration_canceled", mark=HandoverMark(waits=True))
    evidence = Evidence(left, UNREADABLE)
    known = Circumstances(HandoverMark(waits=False))
    assert classify(evidence, known).outcome is Outcome.UNKNOWN
    assert classify(evidence, Circumstances(HandoverMark())).outcome is Outcome.NOT_MOVED
