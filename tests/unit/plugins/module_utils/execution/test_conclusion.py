# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executor, settle and reconcile judge one VM by one code, which ends no VM that is not redundant."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._ends.repair import Repairs, conclude
from ansible_collections.drover.libvirt.plugins.module_utils._ends.verdict import Circumstances
from ansible_collections.drover.libvirt.plugins.module_utils._execution import unattended
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    StartedMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settled import unsolved
from ansible_collections.drover.libvirt.plugins.module_utils._execution.unattended import (
    settle_migration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._live.live_move import LiveMove
from ansible_collections.drover.libvirt.plugins.module_utils._live.post_copy import PostCopyBroken
from ansible_collections.drover.libvirt.plugins.module_utils._migration import settlement
from ansible_collections.drover.libvirt.plugins.module_utils._migration.settlement import Settlement
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer
from ansible_collections.drover.libvirt.plugins.module_utils._quick import (
    image_checks,
    interrupted,
    quick_move,
)
from ansible_collections.drover.libvirt.plugins.module_utils._quick.quick_move import QuickMove
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import SavedImage
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

REQUEST = MigrationRequest("vm1", "h1", "h2", options=MigrationOptions(settle_timeout_s=10.0))
MARK = HandoverMark(autostart=True)
STATES = (
    EndState(),
    EndState(readable=False, state="unknown", error="no answer"),
    EndState(state="running", reason="booted", persistent=True, mark=MARK),
    EndState(state="running", reason="migration_canceled", persistent=True, mark=MARK),
    EndState(state="paused", reason="user", persistent=True, mark=MARK),
    EndState(state="paused", reason="user", persistent=True, mark=replace(MARK, decided=True)),
    EndState(state="paused", reason="migration", persistent=True, mark=MARK),
    EndState(state="paused", reason="migration", mark=MARK),
    EndState(state="paused", reason="api_error", persistent=True, mark=MARK),
    EndState(state="paused", reason="ioerror", persistent=True, mark=MARK),
    EndState(state="paused", reason="postcopy", mark=MARK),
    EndState(state="paused", reason="postcopy_failed", persistent=True, mark=MARK),
    EndState(state="shutoff", reason="migrated", persistent=True),
    EndState(state="shutoff", reason="destroyed", persistent=True),
    EndState(state="shutoff", reason="shutdown", persistent=True),
    EndState(state="shutoff", reason="crashed", persistent=True),
)


MARKS = [HandoverMark(*facts) for facts in itertools.product((False, True), repeat=5)]
"""All that may be known of a VM."""
WRITTEN = [mark for mark in MARKS if not (mark.waits and mark.paused)]
"""What may be written down of a VM before it leaves: a user's pause during the copy only the executor sees."""

Make = Callable[[EndState, EndState], Ends]
Migration = Callable[..., Any]
Way = Callable[[Ends, HandoverMark, Migration], str]


def by_executor(ends: Any, mark: HandoverMark, migration: Migration) -> str:
    """Migrate the VM: libvirt's call fails, and both hosts are as they were scripted then.

    What waits to be resumed was not paused before, so a user pauses it during the copy.
    """
    here, there = ends.source.now, ends.destination.now

    def end_so(job: Any) -> None:
        if mark.waits and mark.paused:
            pause_by_user(job)
        job.here.now, job.there.now = here, there
        job.here.deeds.clear()

    migration(ends, end_so, error="Connection reset by peer")
    paused = mark.paused and not mark.waits
    ends.source.now = EndState(
        state="paused" if paused else "running",
        persistent=mark.persistent,
        autostart=mark.autostart,
    )
    ends.destination.now = EndState(persistent=mark.defined_before)
    handover = "auto" if mark.waits else "libvirt"
    options = MigrationOptions(settle_timeout_s=10.0, handover=handover, announce=False)
    facts = DomainFacts("vm1", "u", ends.source.now, 96, "<domain/>", None, 0)
    move = LiveMove(replace(REQUEST, options=options), facts, ends, ends.destination.now)
    account = move.run(lambda _progress: None, None)
    ends.destination.deeds = [deed for deed in ends.destination.deeds if deed != "figures"]
    return word(account.outcome)


def pause_by_user(job: Any) -> None:
    """Pause the VM in mid-copy; passes follow, so that it is not libvirt's pause for the last one."""
    job.say("source", "suspended", "paused")
    job.say("source", "iteration", "2")
    job.say("source", "iteration", "3")


def by_settle(ends: Ends, mark: HandoverMark, _migration: Migration) -> str:
    """Judge as whoever finds the journal of a dead executor."""
    migration = StartedMigration("s", "vm1", "u", "h1", "h2", mark)
    return word(settle_migration(migration, REQUEST, ends, 0.0).account.outcome)


def by_reconcile(ends: Ends, mark: HandoverMark, _migration: Migration) -> str:
    """Judge as whoever finds the VM's own mark."""
    reconciling = Settlement(REQUEST, ends)
    state = EndState(persistent=mark.persistent, autostart=mark.autostart)
    facts = DomainFacts("vm1", "u", state, 96, "<domain/>", None, 0)
    try:
        return word(reconciling.settled(facts, keep_definition=mark.defined_before).outcome)
    except NoAnswer:
        return "refused"
    except PostCopyBroken:
        return word(Outcome.UNKNOWN)


def word(outcome: Outcome | None) -> str:
    """Return an outcome; reconcile calls a VM that moved one that is there already."""
    return "moved" if outcome in (Outcome.MOVED, Outcome.ALREADY_THERE) else str(outcome)


WAYS = (by_executor, by_settle, by_reconcile)


@pytest.fixture(autouse=True)
def no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no libvirt to hear of."""
    monkeypatch.setattr(unattended, "start_event_loop", lambda: None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("here", "there"), [*itertools.product(STATES, STATES)], ids=str)
def test_no_way_ends_a_vm_whose_other_end_is_not_seen_to_have_it(
    scripted: Make, migration: Migration, way: Way, here: EndState, there: EndState
) -> None:
    """Whatever both hosts say and whatever is known, a QEMU that is ended was not the only one."""
    for mark in MARKS:
        if mark.defined_before or mark.autostart:
            # These decide on definitions only.
            continue
        ends: Any = scripted(here, there)
        way(ends, mark, migration)
        if "destroy" in ends.destination.deeds:
            assert here.whole
        if "destroy" in ends.source.deeds:
            assert there.whole


@pytest.mark.parametrize(("here", "there"), [*itertools.product(STATES, STATES)], ids=str)
def test_all_ways_come_to_one_answer(
    scripted: Make, migration: Migration, here: EndState, there: EndState
) -> None:
    """The outcome, what is done on either host, and what is there in the end.

    Reconcile knows only what the destination's copy says, so it is asked where that carries the mark.
    """
    for mark in WRITTEN:
        copy = (
            there
            if there.mark is None
            else replace(there, mark=replace(mark, decided=there.mark.decided))
        )
        ways = WAYS if copy.mark is not None and copy.readable else (by_executor, by_settle)
        answers = []
        for way in ways:
            ends: Any = scripted(here, copy)
            outcome = way(ends, mark, migration)
            source, destination = ends.source, ends.destination
            answers.append((outcome, source.deeds, destination.deeds, source.now, destination.now))
        assert answers == [answers[0]] * len(answers)


@pytest.mark.parametrize(("here", "there"), [*itertools.product(STATES, STATES)], ids=str)
def test_a_quick_move_ends_no_vm_whose_other_end_is_not_seen_to_have_it(
    scripted: Make, tmp_path: Path, here: EndState, there: EndState
) -> None:
    """The copy on the destination is given up only for a newer VM on the source."""
    image = SavedImage(str(tmp_path), "vm1", "u")
    claimed = Path(image.claimed("h2"))
    claimed.write_text("memory")
    ends: Any = scripted(here, there)
    QuickMove("u", MARK, ends, image, 0.0).let_run_there()
    if "destroy" in ends.destination.deeds:
        assert here.whole
    if here.active and not here.whole:
        assert claimed.exists()


SAVED_MARK = """\
<domain><uuid>u</uuid><metadata>
<d:handover xmlns:d="https://drover.dev/xmlns/handover/1" waits="yes"/>
</metadata></domain>"""
SAVED_AWAY = EndState(state="shutoff", reason="saved", persistent=True)
ENDED_SINCE = ("shutdown", "destroyed", "saved")


@pytest.mark.parametrize(
    ("here", "there"), [*itertools.product((*STATES, SAVED_AWAY), repeat=2)], ids=str
)
def test_a_whole_image_goes_only_where_a_host_has_the_vm_or_it_has_ended_since(
    scripted: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    here: EndState,
    there: EndState,
) -> None:
    """Whatever both hosts say: memory that nobody else has is not deleted."""
    for module in (image_checks, quick_move, interrupted):
        monkeypatch.setattr(module, "saved_definition", lambda *_image: SAVED_MARK)
    monkeypatch.setattr(interrupted, "PATIENCE_S", 1.0)
    image = SavedImage(str(tmp_path), "vm1", "u")
    for stage in (image.part, image.saved, image.claimed("h1"), image.claimed("h2")):
        Path(stage).write_text("memory")
        found = image.found()
        assert found is not None
        ends: Any = scripted(here, there)
        interrupted.InterruptedQuickMove(image, found, "u", ends, 0.0).finish()
        if image.remains():
            Path(image.remains()[0]).unlink()
            continue
        has = ends.source.now.whole or ends.destination.now.whole
        assert has or here.reason in ENDED_SINCE or there.reason in ENDED_SINCE, stage


DEAD = fenced_state()
INCOMING = EndState(state="paused", reason="migration", mark=MARK)
ARRIVED = EndState(state="paused", reason="user", persistent=True, mark=MARK)
LEFT = EndState(state="shutoff", reason="migrated", persistent=True)


@pytest.mark.parametrize(
    ("here", "there", "waits", "outcome"),
    [
        (EndState(state="running", reason="booted", mark=MARK), DEAD, True, Outcome.NOT_MOVED),
        (INCOMING, DEAD, True, Outcome.ROLLED_BACK),
        (INCOMING, DEAD, False, Outcome.QUARANTINED),
        (LEFT, DEAD, True, Outcome.LOST),
        (DEAD, ARRIVED, True, Outcome.MOVED),
        (DEAD, INCOMING, True, Outcome.LOST),
        (DEAD, EndState(), True, Outcome.LOST),
    ],
    ids=str,
)
def test_a_proof_of_death_lets_the_table_decide(
    scripted: Make, here: EndState, there: EndState, waits: bool, outcome: Outcome
) -> None:
    """What libvirt may have let run on the dead host has newer disks than the copy on the source."""
    ends: Any = scripted(here, there)
    assert by_settle(ends, replace(MARK, waits=waits), None) in (str(outcome), word(outcome))
    assert "destroy" not in ends.source.deeds + ends.destination.deeds


@pytest.mark.parametrize(
    ("here", "there", "uncleaned", "done"),
    [
        (EndState(state="running"), ARRIVED, "", ["destroy", "undefine"]),
        (EndState(state="running"), EndState(readable=False), "h2", []),
        (EndState(), ARRIVED, "", []),
    ],
)
def test_what_was_left_on_a_silent_host_is_removed_when_it_is_back(
    scripted: Make, here: EndState, there: EndState, uncleaned: str, done: list[str]
) -> None:
    """As long as the VM is where it stayed; one that has moved on since is left alone."""
    here = replace(here, persistent=here.state != "absent")
    migration = StartedMigration(
        "s", "vm1", "u", "h1", "h2", MARK, Outcome.NOT_MOVED, uncleaned="h2"
    )
    ends: Any = scripted(here, there)
    settled = settle_migration(migration, REQUEST, ends, 0.0)
    assert (settled.account.outcome.moved, settled.uncleaned) == (False, uncleaned)
    assert [deed for deed in ends.destination.deeds if deed != "clear"] == done


def test_a_host_that_is_off_keeps_a_definition_until_it_is_back(scripted: Make) -> None:
    """It might start the VM once more, so the operator is told; the definition goes when it answers."""
    ends: Any = scripted(DEAD, ARRIVED)
    migration = StartedMigration("s", "vm1", "u", "h1", "h2", MARK)
    settled = settle_migration(migration, REQUEST, ends, 0.0)
    assert (settled.account.outcome, settled.uncleaned) == (Outcome.MOVED, "h1")
    [sentence] = unsolved([settled])
    assert "h1 may still define it with autostart" in sentence
    later = replace(migration, outcome=Outcome.MOVED, uncleaned="h1")
    assert settle_migration(later, REQUEST, ends, 0.0).uncleaned == "h1"
    ends.source.now = EndState(state="shutoff", reason="unknown", persistent=True)
    assert settle_migration(later, REQUEST, ends, 0.0).uncleaned == ""
    assert "undefine" in ends.source.deeds


class Recovered:
    """A post-copy migration that goes on as soon as somebody resumes it."""

    def __init__(self, _request: Any, _uuid: str, _persistent: bool, ends: Any) -> None:
        self._ends = ends

    def run(self) -> bool:
        """Let the rest of the memory follow."""
        self._ends.source.now = EndState()
        there = self._ends.destination
        there.now = replace(there.now, reason="migrated", persistent=True)
        return True


@pytest.mark.parametrize("way", [by_settle, by_reconcile])
def test_a_broken_post_copy_is_resumed_by_settle_and_by_reconcile(
    scripted: Make, monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    """libvirt keeps working on it for ever, so nobody waits for libvirt first."""
    monkeypatch.setattr(settlement, "PostCopyRecovery", Recovered)
    mark = replace(MARK, waits=False)
    here = EndState(state="paused", reason="postcopy_failed", persistent=True, busy=True, mark=mark)
    there = EndState(state="running", reason="postcopy_failed", mark=mark)
    ends: Any = scripted(here, there)
    assert way(ends, mark, None) == "moved"
    assert ends.destination.deeds == ["autostart", "clear"]


def judged(ends: Any, mark: HandoverMark) -> tuple[str, list[str], list[str], EndState, EndState]:
    """Return the outcome, and what was done on either host and is there in the end."""
    outcome = by_settle(ends, mark, None)
    source, destination = ends.source, ends.destination
    return outcome, source.deeds, destination.deeds, source.now, destination.now


def test_an_executor_that_died_after_it_ended_the_source_costs_no_vm(scripted: Make) -> None:
    """It had written its decision into the copy; whoever comes next resumes that."""
    decided = replace(MARK, decided=True)
    there = EndState(state="paused", reason="user", persistent=True, mark=decided)
    here = EndState(state="shutoff", reason="destroyed", persistent=True)
    outcome, _here, done, _source, now = judged(scripted(here, there), MARK)
    assert outcome == "moved"
    assert now.state == "running"
    assert done == ["resume", "autostart", "clear"]


def test_the_decision_is_written_before_the_source_is_ended(scripted: Make) -> None:
    """An executor may die between any two of the deeds."""
    here = EndState(state="paused", reason="migration", persistent=True, mark=MARK)
    there = EndState(state="paused", reason="user", persistent=True, mark=MARK)
    outcome, on_source, on_destination, _here, now = judged(scripted(here, there), MARK)
    assert outcome == "moved"
    assert now.state == "running"
    assert on_destination[:2] == ["mark", "resume"]
    assert on_source[0] == "destroy"


def test_a_dead_destination_does_not_hide_a_vm_that_never_left(scripted: Make) -> None:
    """It runs where it was, under the QEMU that was to leave; the dead host is left alone."""
    here = EndState(state="running", reason="booted", persistent=True, mark=MARK)
    silent = EndState(readable=False, state="unknown", error="no answer")
    outcome, on_source, on_destination, _here, _there = judged(scripted(here, silent), MARK)
    assert outcome == str(Outcome.NOT_MOVED)
    assert (on_source, on_destination) == (["clear"], [])


def test_a_dead_destination_is_not_waited_for_where_its_word_does_not_matter(
    scripted: Make,
) -> None:
    """A host without power keeps a caller waiting for as long as it may."""
    here = EndState(state="running", reason="booted", persistent=True, mark=MARK)
    silent = EndState(readable=False, state="unknown", error="no answer")
    for mark, patience_s, longest_s in (
        (MARK, 60.0, 10.0),
        (None, 60.0, 40.0),
        (None, 20.0, 18.0),
        (None, 0.0, 10.0),
    ):
        ends: Any = scripted(replace(here, mark=mark), silent)
        conclude(Repairs(ends, "u"), lambda: Circumstances(MARK), patience_s)
        assert ends.destination.longest_s == longest_s


@pytest.mark.parametrize(
    "here",
    [
        EndState(state="running", reason="booted", persistent=True),
        EndState(state="paused", reason="migration", persistent=True, mark=MARK),
        EndState(state="shutoff", reason="migrated", persistent=True),
    ],
    ids=str,
)
def test_a_begun_handover_to_a_dead_host_stays_unknown(scripted: Make, here: EndState) -> None:
    """Also where the source runs another QEMU than the one that was to leave."""
    silent = EndState(readable=False, state="unknown", error="no answer")
    outcome, on_source, on_destination, _here, _there = judged(scripted(here, silent), MARK)
    assert outcome == str(Outcome.UNKNOWN)
    assert (on_source, on_destination) == ([], [])
