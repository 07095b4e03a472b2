# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way an attempt takes, by what both hosts say before anything is begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import DomainNotFound
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._migration import attempt
from ansible_collections.drover.libvirt.plugins.module_utils._migration.attempt import Attempt
from ansible_collections.drover.libvirt.plugins.module_utils._migration.report import Report
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.settlement import Settlement
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import (
    Finding,
    holds,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

REQUEST = MigrationRequest("vm1", "h1", "h2", options=MigrationOptions(settle_timeout_s=10.0))
MARK = HandoverMark(autostart=True)
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
ARRIVED = EndState(state="paused", reason="user", persistent=True, mark=MARK)
PAUSED = replace(ARRIVED, mark=None)
LEFT = EndState(state="shutoff", reason="migrated", persistent=True)
OFF = EndState(state="shutoff", reason="shutdown", persistent=True)
BROKEN = EndState(state="paused", reason="postcopy_failed", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")


class Tried(Attempt):
    """An attempt between scripted hosts that says when it would migrate."""

    def __init__(self, ends: Any, *, job: str | None = None, believe_mark: bool = True) -> None:
        super().__init__(REQUEST, clock=ends.clock, sleep=ends.sleep)
        self.job = job
        self.migrated = False
        self._ends = ends
        self._report = Report(REQUEST, ends.clock)
        self._settlement = Settlement(replace(REQUEST, believe_mark=believe_mark), ends)

    def _facts_on(self, end: Any) -> DomainFacts:
        if end.domain("u") is None:
            raise DomainNotFound("There is no VM vm1 on {}.".format(end.name))
        return DomainFacts("vm1", "u", end.now, 96, "<domain/>", self.job, 0)

    def _move(self, _facts: DomainFacts, _there: EndState, _locks_bind: bool) -> Account:
        self.migrated = True
        return Account(Outcome.MOVED, evidence=self._ends.states("u"))

    @property
    def checked(self) -> bool:
        """Whether the prechecks were made."""
        return bool(self._prechecks and self._prechecks.findings)


class Passed:
    """Prechecks with nothing against the migration."""

    def __init__(self, *_asked: Any) -> None:
        self.findings: tuple[Finding, ...] = ()
        self.locks_bind = False

    def refuse_unmet(self, *_asked: Any) -> None:
        """Look."""
        self.findings = (holds("two_hosts", "They are two."),)


def told(tried: Attempt, way: Callable[[Any], Account] = Attempt.run) -> MigrationResult:
    """Go a way and return its result."""
    return tried.told(lambda: way(tried))


Try = Callable[..., Tried]


@pytest.fixture
def trying(scripted: Callable[[EndState, EndState], Ends], monkeypatch: pytest.MonkeyPatch) -> Try:
    """Return what makes an attempt between two hosts."""
    monkeypatch.setattr(attempt, "host_uuid", lambda end: end.name)
    monkeypatch.setattr(attempt, "Prechecks", Passed)

    def make(here: EndState, there: EndState, **more: Any) -> Tried:
        return Tried(scripted(here, there), **more)

    return make


def deeds(tried: Tried) -> list[str]:
    """Return what was done on both hosts."""
    ends: Any = tried._ends
    return [*ends.source.deeds, *ends.destination.deeds]


def test_a_vm_that_only_its_source_knows_is_checked_and_migrated(trying: Try) -> None:
    """The plain case."""
    tried = trying(RUNS, ABSENT)
    assert told(tried).outcome is Outcome.MOVED
    assert (tried.checked, tried.migrated) == (True, True)


def test_a_vm_that_is_there_is_left_alone(trying: Try) -> None:
    """Nothing is checked."""
    tried = trying(ABSENT, RUNS)
    assert told(tried).outcome is Outcome.ALREADY_THERE
    assert (tried.checked, deeds(tried)) == (False, [])


def test_a_vm_that_waits_for_its_handover_gets_it_first(trying: Try) -> None:
    """It is where it was wanted."""
    tried = trying(LEFT, ARRIVED)
    assert told(tried).outcome is Outcome.ALREADY_THERE
    assert deeds(tried) == ["undefine", "resume", "autostart", "clear"]
    assert not tried.migrated


def test_a_copy_that_never_ran_goes_before_the_vm_is_migrated(trying: Try) -> None:
    """It says so among the actions."""
    tried = trying(RUNS, ARRIVED)
    told(tried)
    assert tried.migrated
    assert "destroy" in deeds(tried)


def test_a_paused_copy_without_a_mark_is_for_a_person(trying: Try) -> None:
    """It is left to the checks, which refuse it; reconciling refuses it, too."""
    tried = trying(RUNS, PAUSED)
    told(tried)
    assert tried.checked
    assert "destroy" not in deeds(tried)
    assert told(trying(RUNS, PAUSED), Attempt.reconcile).error_code == "twice_active"


def test_a_broken_post_copy_is_taken_up(trying: Try) -> None:
    """By either; here the link stays broken."""
    there = replace(RUNS, reason="postcopy_failed")
    for act in (Attempt.run, Attempt.reconcile):
        assert told(trying(BROKEN, there), act).error_code == "post_copy_broken"


def test_a_silent_host_ends_it(trying: Try) -> None:
    """The source knows that its VM did not leave; of a silent source nothing is known."""
    assert told(trying(RUNS, SILENT)).outcome is Outcome.NOT_MOVED
    assert told(trying(SILENT, ABSENT)).outcome is Outcome.UNKNOWN


def test_a_vm_that_nobody_knows_is_refused(trying: Try) -> None:
    """With the code that tells it from other refusals."""
    assert told(trying(ABSENT, ABSENT)).error_code == "domain_not_found"


def test_reconciling_leaves_a_vm_in_order_alone(trying: Try) -> None:
    """On either host."""
    for here, there, outcome in (
        (RUNS, ABSENT, Outcome.NOT_MOVED),
        (ABSENT, RUNS, Outcome.ALREADY_THERE),
    ):
        tried = trying(here, there)
        result = told(tried, Attempt.reconcile)
        assert (result.outcome, result.error_code, deeds(tried)) == (outcome, "", [])


def test_reconciling_refuses_what_no_table_can_decide(trying: Try) -> None:
    """A job, or two definitions of a VM that is off."""
    assert told(trying(RUNS, ABSENT, job="backup"), Attempt.reconcile).error_code == "job_running"
    assert told(trying(OFF, OFF), Attempt.reconcile).error_code == "twice_defined"


def test_reconciling_pauses_a_vm_that_runs_twice(trying: Try) -> None:
    """On both hosts, and takes autostart away; it ends neither."""
    tried = trying(RUNS, RUNS)
    assert told(tried, Attempt.reconcile).outcome is Outcome.QUARANTINED
    assert sorted(deeds(tried)) == ["no autostart", "no autostart", "suspend", "suspend"]


def test_foreseeing_changes_nothing_and_says_what_would_be_done(trying: Try) -> None:
    """The first repairs, as "Would"."""
    tried = trying(LEFT, ARRIVED)
    assert told(tried, Attempt.foresee).actions[0] == "Would resume the VM on the destination."
    assert deeds(tried) == []
    assert told(trying(BROKEN, replace(RUNS, reason="postcopy")), Attempt.foresee).actions == (
        "Would resume the post-copy migration.",
    )


def test_examining_checks_and_moves_nothing(trying: Try) -> None:
    """Where the VM is there already, nothing needs to hold."""
    tried = trying(RUNS, ABSENT)
    assert told(tried, Attempt.examine).outcome is Outcome.NOT_MOVED
    assert (tried.checked, tried.migrated) == (True, False)
    tried = trying(ABSENT, RUNS)
    assert told(tried, Attempt.examine).outcome is Outcome.ALREADY_THERE
    assert not tried.checked


def test_one_host_under_two_names_is_refused(trying: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """The VM would seem to run twice."""
    monkeypatch.setattr(attempt, "host_uuid", lambda _end: "one")
    assert told(trying(RUNS, RUNS)).error_code == "same_host"


@pytest.mark.parametrize("act", [Attempt.reconcile, Attempt.foresee])
@pytest.mark.parametrize("mark", [MARK, HandoverMark(waits=False, decided=True)])
@pytest.mark.parametrize("here", [ABSENT, LEFT, OFF])
def test_a_forged_mark_does_not_resume_a_vm_that_was_paused(
    trying: Try, here: EndState, mark: HandoverMark, act: Callable[[Any], Account]
) -> None:
    """Its tenant wrote it, and no journal tells of a migration: nothing is done, and the mark stays for a person."""
    tried = trying(here, replace(PAUSED, mark=mark), believe_mark=False)
    result = told(tried, act)
    assert (result.error_code, deeds(tried)) == ("mark_unconfirmed", [])
    assert "drover_trust_marks=true" in result.remedy


def test_a_forged_mark_ends_no_copy(trying: Try) -> None:
    """Both copies may hold newer writes; with the mark the paused one counted as one that never ran."""
    tried = trying(RUNS, ARRIVED, believe_mark=False)
    assert (told(tried, Attempt.reconcile).error_code, deeds(tried)) == ("twice_active", [])


def test_a_forged_mark_sets_no_autostart(trying: Try) -> None:
    """It is only taken away from a VM that runs."""
    believed, doubted = (
        trying(ABSENT, replace(RUNS, mark=MARK), believe_mark=believe) for believe in (True, False)
    )
    told(believed, Attempt.reconcile)
    [foreseen] = told(doubted, Attempt.foresee).actions
    [done] = told(doubted, Attempt.reconcile).actions
    assert "no journal confirms" in foreseen
    assert "no journal confirms" in done
    assert "autostart" in deeds(believed)
    assert "autostart" not in deeds(doubted)
    assert "clear" in deeds(doubted)


def test_a_paused_vm_without_a_mark_is_left_alone(trying: Try) -> None:
    """Nothing is in doubt there."""
    tried = trying(ABSENT, PAUSED, believe_mark=False)
    assert (told(tried, Attempt.reconcile).error_code, deeds(tried)) == ("", [])
