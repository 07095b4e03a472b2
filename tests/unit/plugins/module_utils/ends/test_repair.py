# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the repairs of a verdict are carried out, and what is left to be told when one fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._ends.repair import (
    Repairs,
    conclude,
    settle,
)
from ansible_collections.drover.libvirt.plugins.module_utils._ends.verdict import (
    Circumstances,
    Repair,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark

MARK = HandoverMark(autostart=True)
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
MARKED = replace(RUNS, mark=MARK)
ARRIVED = EndState(state="paused", reason="user", persistent=True, mark=MARK)
WAITS = EndState(state="paused", reason="migration", persistent=True)
LEFT = EndState(state="shutoff", reason="migrated", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")

Hosts = Callable[[EndState, EndState], Any]


def settled(repairs: Repairs) -> Any:
    """Bring the VM in order, and return the verdict."""
    verdict, _evidence = settle(repairs, lambda: Circumstances(MARK), 10.0)
    return verdict


def test_a_vm_that_arrived_is_resumed_and_forgotten_at_its_source(scripted: Hosts) -> None:
    """Each deed is told."""
    ends = scripted(LEFT, ARRIVED)
    repairs = Repairs(ends, "u")
    assert settled(repairs).outcome is Outcome.MOVED
    assert (ends.source.deeds, ends.destination.deeds) == (["undefine"], ["resume"])
    assert repairs.done == [Repair.RESUME_DESTINATION, Repair.UNDEFINE_SOURCE]
    assert repairs.actions == [
        "Resumed the VM on the destination.",
        "Removed the definition from the source.",
    ]


def test_a_vm_that_waits_for_a_failed_handover_goes_on_at_its_source(scripted: Hosts) -> None:
    """The verdict tells that it was rolled back, although the hosts look untouched then."""
    ends = scripted(WAITS, ABSENT)
    assert settled(Repairs(ends, "u")).outcome is Outcome.ROLLED_BACK
    assert ends.source.now.state == "running"


def test_a_copy_that_cannot_be_ended_is_a_leftover(scripted: Hosts) -> None:
    """What comes after it is not done: the copy keeps its definition."""
    ends = scripted(RUNS, ARRIVED)
    ends.destination.refuses["destroy"] = 1
    repairs = Repairs(ends, "u")
    assert settled(repairs).outcome is Outcome.ROLLED_BACK
    assert repairs.leftovers == [
        "Could not stop the paused copy on the destination: Cannot destroy on h2."
    ]
    assert ends.destination.deeds == []


def test_a_vm_that_cannot_be_resumed_is_held_with_the_reason(scripted: Hosts) -> None:
    """The source has let it go, so nothing may be ended or removed."""
    ends = scripted(LEFT, ARRIVED)
    ends.destination.refuses["resume"] = 1
    verdict = settled(Repairs(ends, "u"))
    assert verdict.outcome is Outcome.QUARANTINED
    assert "Cannot resume on h2." in verdict.reason
    assert (ends.source.deeds, ends.destination.deeds) == ([], [])


def test_a_definition_that_cannot_be_removed_does_not_hide_the_move(scripted: Hosts) -> None:
    """The VM runs on the destination already."""
    ends = scripted(LEFT, ARRIVED)
    ends.source.refuses["undefine"] = 1
    repairs = Repairs(ends, "u")
    assert settled(repairs).outcome is Outcome.MOVED
    assert repairs.leftovers == [
        "Could not remove the definition from the source: Cannot undefine on h1."
    ]
    assert ends.destination.now.state == "running"


def test_a_leftover_on_the_source_is_ended_once_that_is_decided(scripted: Hosts) -> None:
    """It is written down first, so that nobody decides otherwise after a crash in between."""
    ends = scripted(WAITS, ARRIVED)
    repairs = Repairs(ends, "u")
    assert settled(repairs).outcome is Outcome.MOVED
    assert repairs.done == [
        Repair.DECIDE_FOR_DESTINATION,
        Repair.DESTROY_SOURCE,
        Repair.RESUME_DESTINATION,
        Repair.UNDEFINE_SOURCE,
    ]
    assert ends.destination.now.mark == replace(MARK, decided=True)


def test_an_undecided_leftover_is_not_ended(scripted: Hosts) -> None:
    """The decision could not be written down, so the source's QEMU stays."""
    ends = scripted(WAITS, ARRIVED)
    ends.destination.refuses["mark"] = 1
    settled(Repairs(ends, "u"))
    assert (ends.source.deeds, ends.source.now.state) == ([], "paused")


@pytest.mark.parametrize("silent", ["source", "destination"])
def test_both_hosts_get_their_turn_when_a_vm_runs_twice(scripted: Hosts, silent: str) -> None:
    """Whatever fails on one of them; the failure is a leftover."""
    ends = scripted(RUNS, RUNS)
    failing = getattr(ends, silent)
    other = ends.destination if silent == "source" else ends.source
    failing.refuses["suspend"] = 1
    repairs = Repairs(ends, "u")
    settled(repairs)
    assert (other.now.state, other.now.autostart) == ("paused", False)
    assert "no autostart" in failing.deeds
    assert repairs.leftovers == [
        f"Could not pause the VM on both hosts and switch its autostart off: Cannot suspend on {failing.name}."
    ]


def test_a_vm_without_a_definition_has_no_autostart_to_take_away(scripted: Hosts) -> None:
    """libvirt would refuse that."""
    transient = replace(RUNS, persistent=False)
    ends = scripted(transient, transient)
    repairs = Repairs(ends, "u")
    assert settled(repairs).outcome is Outcome.QUARANTINED
    assert (ends.source.deeds, repairs.leftovers) == (["suspend"], [])


def test_a_host_that_answers_late_is_waited_for(scripted: Hosts) -> None:
    """Nothing is judged before."""
    ends = scripted(ABSENT, SILENT)
    ends.destination.later = [SILENT, SILENT, ARRIVED]
    assert settled(Repairs(ends, "u")).outcome is Outcome.MOVED
    assert ends.destination.now.state == "running"


def test_a_host_that_stays_silent_is_waited_for_as_long_as_asked(scripted: Hosts) -> None:
    """Then the place is unknown, and nothing was started."""
    ends = scripted(ABSENT, SILENT)
    began_s = ends.clock()
    assert settled(Repairs(ends, "u")).outcome is Outcome.UNKNOWN
    assert 10.0 < ends.clock() - began_s < 40.0
    assert (ends.source.deeds, ends.destination.deeds) == ([], [])


def test_a_vm_that_never_left_is_told_within_seconds(scripted: Hosts) -> None:
    """Whatever the patience: the source's word is enough, and the other host is asked only briefly."""
    ends = scripted(MARKED, SILENT)
    began_s = ends.clock()
    verdict, _evidence = settle(Repairs(ends, "u"), lambda: Circumstances(MARK), 600.0)
    assert verdict.outcome is Outcome.NOT_MOVED
    assert ends.clock() - began_s < 20.0
    assert ends.destination.longest_s <= 10.0


@pytest.mark.parametrize(("here", "there"), [(LEFT, ARRIVED), (RUNS, ARRIVED)])
def test_repairs_that_bring_nothing_leave_the_place_unknown(
    scripted: Hosts, monkeypatch: pytest.MonkeyPatch, here: EndState, there: EndState
) -> None:
    """libvirt says that it was done, and the hosts say the same as before: nothing is claimed."""
    ends = scripted(here, there)
    monkeypatch.setattr(ends.destination, "do", lambda *_told, **_change: None)
    monkeypatch.setattr(ends.source, "do", lambda *_told, **_change: None)
    verdict = settled(Repairs(ends, "u"))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "did not bring the hosts to a known state" in verdict.reason


def concluded(ends: Any) -> tuple[Any, Repairs]:
    """Bring the VM in order and finish its handover."""
    repairs = Repairs(ends, "u")
    verdict, _evidence = conclude(repairs, lambda: Circumstances(MARK), 10.0)
    return verdict, repairs


def test_the_mark_goes_last(scripted: Hosts) -> None:
    """Whoever dies before it is followed by somebody who reads it."""
    ends = scripted(ABSENT, ARRIVED)
    concluded(ends)
    assert ends.destination.deeds == ["resume", "autostart", "clear"]


def test_a_held_vm_keeps_its_mark(scripted: Hosts) -> None:
    """A later call can resume it."""
    ends = scripted(ABSENT, ARRIVED)
    ends.destination.refuses["resume"] = 1
    concluded(ends)
    assert ends.destination.now.mark == MARK
    assert not ends.destination.now.autostart


def test_a_vm_in_an_unknown_place_keeps_its_mark(scripted: Hosts) -> None:
    """And nothing is set on the host that answers."""
    ends = scripted(SILENT, ARRIVED)
    concluded(ends)
    assert ends.destination.deeds == []


def test_a_vm_that_stayed_is_not_started_with_the_other_host(scripted: Hosts) -> None:
    """Only its mark goes."""
    ends = scripted(MARKED, ABSENT)
    concluded(ends)
    assert (ends.source.deeds, ends.destination.deeds) == (["clear"], [])


def test_a_vm_that_ended_there_is_still_started_with_its_host(scripted: Hosts) -> None:
    """Its definition is on the destination now, and only there."""
    ends = scripted(ABSENT, EndState(state="shutoff", reason="crashed", persistent=True))
    verdict, _repairs = concluded(ends)
    assert verdict.outcome is Outcome.LOST
    assert ends.destination.deeds == ["autostart"]


def test_a_mark_that_cannot_be_taken_away_is_a_leftover(scripted: Hosts) -> None:
    """The VM is where it belongs all the same."""
    ends = scripted(ABSENT, ARRIVED)
    ends.destination.refuses["clear"] = 1
    verdict, repairs = concluded(ends)
    assert verdict.outcome is Outcome.MOVED
    assert repairs.leftovers == ["The handover mark stayed on: Cannot clear on h2."]


def test_a_silent_host_is_left_alone_and_named(scripted: Hosts) -> None:
    """Asking it again would only cost time."""
    ends = scripted(MARKED, SILENT)
    _verdict, repairs = concluded(ends)
    assert repairs.leftovers == [
        "h2 does not answer; what is left of the copy there was not removed."
    ]
