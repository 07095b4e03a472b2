# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt does once both hosts are read: proofs, checks, one of the ways to move, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends import aftercare
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._migration import attempt, offline
from ansible_collections.drover.libvirt.plugins.module_utils._migration.attempt import Attempt
from ansible_collections.drover.libvirt.plugins.module_utils._migration.report import Report
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.settlement import Settlement
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import prechecks
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import (
    Finding,
    blocks,
    holds,
    warns,
)
from ansible_collections.drover.libvirt.plugins.module_utils._quick import quick_move
from ansible_collections.drover.libvirt.plugins.module_utils._quick.quick_way import QuickWay
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import SavedImage
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

MARK = HandoverMark()
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
OFF = EndState(state="shutoff", reason="shutdown", persistent=True)
SAVED = EndState(state="shutoff", reason="saved", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
AGENT = (
    "<domain><devices><channel type='unix'>"
    "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>"
    "</channel></devices></domain>"
)


class Proof:
    """A proof that is known beforehand."""

    def __init__(self, *found: Finding) -> None:
        self.found = list(found)
        self.closed = False

    def findings(self) -> list[Finding]:
        """Return what the ports said."""
        return self.found

    def finding(self, _facts: DomainFacts) -> Finding | None:
        """Return what the locks said."""
        return self.found[0] if self.found else None

    def close(self) -> None:
        """End it."""
        self.closed = True


class Whole(Attempt):
    """A whole attempt between scripted hosts; only libvirt and the proofs are scripted."""

    def __init__(self, ends: Any, options: MigrationOptions) -> None:
        request = MigrationRequest("vm1", "h1", "h2", options=options)
        super().__init__(request, clock=ends.clock, sleep=ends.sleep)
        self._ends = self.ends = ends
        self._quick = QuickWay(options, ends)
        self._report = Report(request, ends.clock)
        self._settlement = Settlement(request, ends)
        self.begun: list[tuple[str, MigrationOptions]] = []
        self.on_begin = lambda facts, _there, asked: self.begun.append((facts.name, asked))


class Script:
    """What the checks and the proofs find."""

    def __init__(self) -> None:
        self.checks: tuple[Finding, ...] = ()
        self.ports, self.locks = Proof(), Proof()
        self.xml = "<domain/>"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Let checks and proofs be scripted."""
    found = Script()

    def read_facts(end: Any, name: str, _uuid: str | None, _host: str) -> DomainFacts:
        if end.now.state == "absent":
            raise attempt.DomainNotFound(f"There is no VM {name}.")
        return DomainFacts(name, "u", end.now, 64, found.xml, None, 0)

    monkeypatch.setattr(attempt, "read_facts", read_facts)
    monkeypatch.setattr(attempt, "host_uuid", lambda end: end.name)
    monkeypatch.setattr(prechecks, "check_prerequisites", lambda *_asked: found.checks)
    monkeypatch.setattr(prechecks, "PortProof", lambda *_asked: found.ports)
    monkeypatch.setattr(prechecks, "LockProof", lambda *_asked: found.locks)
    return found


def told(tried: Attempt, way: Callable[[Any], Account] = Attempt.run) -> MigrationResult:
    """Go a way and return its result."""
    return tried.told(lambda: way(tried))


Try = Callable[..., Whole]


@pytest.fixture
def trying(
    scripted: Callable[[EndState, EndState], Any],
    migration: Callable[..., Any],
    script: Script,
) -> Try:
    """Return what makes an attempt between two hosts; a live migration goes well."""

    def make(here: EndState = RUNS, there: EndState = ABSENT, **options: Any) -> Whole:
        ends = scripted(here, there)
        migration(ends)
        return Whole(ends, MigrationOptions(**{"settle_timeout_s": 10.0, **options}))

    return make


def test_a_live_migration_from_its_proofs_to_its_report(trying: Try, script: Script) -> None:
    """What the checks and the proofs found stands in the result."""
    script.checks = (holds("two_hosts", "They are two."),)
    script.ports = Proof(holds("migration_ports", "It answers."))
    script.locks = Proof(warns("image_locks", "No lock binds both.", "Nothing."))
    tried = trying()
    result = told(tried)
    assert (result.outcome, result.error_code) == (Outcome.MOVED, "")
    assert [found["id"] for found in result.prerequisites] == [
        "two_hosts",
        "migration_ports",
        "image_locks",
    ]
    assert tried.begun[0][1].handover == "auto"
    assert "resume" in tried.ends.destination.deeds


def test_a_lock_that_binds_both_leaves_the_handover_to_libvirt(trying: Try, script: Script) -> None:
    """And that is what is written down before anything is changed."""
    script.locks = Proof(holds("image_locks", "One binds both."))
    tried = trying()
    told(tried)
    assert [asked.handover for _name, asked in tried.begun] == ["libvirt"]


def test_a_check_that_fails_ends_it_before_it_begins(trying: Try, script: Script) -> None:
    """All faults and all remedies at once; nothing was written down or changed."""
    script.checks = (
        blocks("machine", "It has no such machine.", "Install it."),
        blocks("network", "It has no such network.", "Create it."),
    )
    tried = trying()
    result = told(tried)
    assert (result.outcome, result.error_code) == (Outcome.NOT_MOVED, "prerequisite_failed")
    assert result.reason == "It has no such machine. It has no such network."
    assert result.remedy == "Install it. Create it."
    assert (tried.begun, tried.ends.source.deeds) == ([], [])


def test_a_port_that_is_closed_ends_it_before_it_begins(trying: Try, script: Script) -> None:
    """libvirt would hang for minutes."""
    script.ports = Proof(blocks("migration_ports", "Nothing answers.", "Open them."))
    tried = trying()
    assert told(tried).error_code == "prerequisite_failed"
    assert tried.begun == []


def test_examining_makes_the_checks_and_the_proofs(trying: Try, script: Script) -> None:
    """It ends with their error, or without one, and changes nothing."""
    tried = trying()
    assert (told(tried, Attempt.examine).error_code, tried.begun) == ("", [])
    script.ports = Proof(blocks("migration_ports", "Nothing answers.", "Open them."))
    tried = trying()
    assert told(tried, Attempt.examine).error_code == "prerequisite_failed"


def test_the_proofs_are_ended_with_the_attempt(trying: Try, script: Script) -> None:
    """What runs on the hosts for them must not stay."""
    tried = trying()
    tried.close()
    told(tried, Attempt.examine)
    tried.close()
    assert script.locks.closed


def test_an_error_before_libvirts_call_is_a_refusal(trying: Try) -> None:
    """The VM is where it was, and says nothing of us."""
    tried = trying()
    tried.ends.source.refuses["mark"] = 1
    result = told(tried)
    assert (result.outcome, result.reason) == (Outcome.NOT_MOVED, "Cannot mark on h1.")


@pytest.fixture
def definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let definitions be words."""
    monkeypatch.setattr(offline, "persistent_definition", lambda _end: "<domain/>")
    monkeypatch.setattr(
        offline, "define", lambda end, _xml: end.do("define", state="shutoff", persistent=True)
    )


@pytest.mark.usefixtures("definitions")
def test_a_vm_that_is_off_moves_as_a_definition(trying: Try) -> None:
    """Nothing is copied, and nothing runs."""
    tried = trying(OFF, mode="offline")
    result = told(tried)
    assert result.outcome is Outcome.MOVED
    assert (tried.ends.source.deeds, tried.ends.destination.deeds) == (["undefine"], ["define"])


def test_a_definition_that_is_there_already_is_left_alone(trying: Try) -> None:
    """An offline move asks for no more."""
    tried = trying(ABSENT, OFF, mode="offline")
    assert told(tried).outcome is Outcome.ALREADY_THERE
    assert tried.begun == []


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let a VM's memory be a file; return its directory."""

    def save(end: Any, path: str) -> None:
        end.do("save", state="shutoff", reason="saved", mark=None)
        Path(path).write_text("memory")

    def restore(end: Any, path: str) -> None:
        assert Path(path).exists()
        end.do("restore", state="paused", reason="user", mark=MARK)

    monkeypatch.setattr(quick_move, "save", save)
    monkeypatch.setattr(quick_move, "restore_paused", restore)
    monkeypatch.setattr(
        quick_move, "saved_definition", lambda *_asked: "<domain><uuid>u</uuid></domain>"
    )
    monkeypatch.setattr(quick_move, "is_whole", lambda *_asked: True)
    monkeypatch.setattr(aftercare, "set_time", lambda end: end.do("set clock"))
    return tmp_path


def quick(directory: Path) -> dict[str, str]:
    """Return the options of a quick move."""
    return {"mode": "quick", "save_directory": str(directory)}


def test_a_quick_move_sets_the_clock_of_a_vm_that_stood_still(
    trying: Try, script: Script, saving: Path
) -> None:
    """Where an agent answered in it before."""
    script.xml = AGENT
    tried = trying(**quick(saving))
    result = told(tried)
    assert result.outcome is Outcome.MOVED
    assert tried.ends.destination.deeds[-1] == "set clock"
    assert list(saving.iterdir()) == []


def test_a_quick_move_that_comes_back_sets_the_clock_on_the_source(
    trying: Try, script: Script, saving: Path
) -> None:
    """It stood still there, too; an agent that refuses is a warning."""
    script.xml = AGENT
    tried = trying(**quick(saving))
    tried.ends.destination.refuses["restore"] = 1
    tried.ends.source.refuses["set clock"] = 99
    result = told(tried)
    assert (result.outcome, tried.ends.source.now.state) == (Outcome.ROLLED_BACK, "running")
    assert result.warnings == ("Cannot set clock on h1.",)


def test_a_vm_whose_disks_are_elsewhere_does_not_go_this_way(
    trying: Try, script: Script, saving: Path
) -> None:
    """A restore would take whatever lies at their paths."""
    script.xml = (
        "<domain><devices><disk type='file' device='disk'><source file='/proc/version'/>"
        "<target dev='vda'/></disk></devices></domain>"
    )
    tried = trying(**quick(saving))
    result = told(tried)
    assert (result.outcome, result.error_code) == (Outcome.NOT_MOVED, "image_unusable")
    assert tried.ends.source.deeds == []


def leave(directory: Path, stage: str) -> None:
    """Leave the image of an interrupted quick move."""
    image = SavedImage(str(directory), "vm1", "u")
    path = {"part": image.part, "claimed": image.claimed("h2"), "used": image.used("h2")}[stage]
    Path(path).write_text("memory")


@pytest.mark.parametrize("act", [Attempt.run, Attempt.reconcile])
def test_an_interrupted_quick_move_is_finished_first(
    trying: Try, saving: Path, act: Callable[[Attempt], Any]
) -> None:
    """The destination had restored the VM: it is let run there, and that is written down before."""
    leave(saving, "claimed")
    paused = EndState(state="paused", reason="user", persistent=True, mark=MARK)
    tried = trying(ABSENT, paused, **quick(saving))
    result = told(tried, act)
    assert result.outcome is Outcome.MOVED
    assert tried.ends.destination.now.state == "running"
    assert (len(tried.begun), list(saving.iterdir())) == (1, [])


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (Attempt.run, Outcome.MOVED),
        (Attempt.reconcile, Outcome.NOT_MOVED),
    ],
)
def test_a_vm_that_never_left_its_source_is_moved_after_its_void_image_is_gone(
    trying: Try, saving: Path, act: Callable[[Attempt], Any], outcome: Outcome
) -> None:
    """What was removed is told beside the move; who reconciles is content with the order."""
    leave(saving, "part")
    tried = trying(**quick(saving))
    result = told(tried, act)
    assert result.outcome is outcome
    assert "Removed the void image" in result.actions[0]
    assert list(saving.iterdir()) == []


@pytest.mark.parametrize("act", [Attempt.examine, Attempt.foresee])
def test_looking_says_that_a_quick_move_would_be_finished(
    trying: Try, saving: Path, act: Callable[[Attempt], Any]
) -> None:
    """The image stays."""
    leave(saving, "part")
    result = told(trying(**quick(saving)), act)
    assert result.actions == ("Would finish the quick move that was interrupted.",)
    assert len(list(saving.iterdir())) == 1


def test_a_silent_host_keeps_the_image_of_an_interrupted_move(trying: Try, saving: Path) -> None:
    """It may run the VM."""
    leave(saving, "used")
    tried = trying(SAVED, SILENT, **quick(saving))
    result = told(tried, Attempt.reconcile)
    assert result.outcome in (Outcome.UNKNOWN, Outcome.NOT_MOVED)
    assert tried.ends.source.deeds == []
    assert len(list(saving.iterdir())) == 1


def test_a_vm_of_which_only_an_image_is_left_is_found(
    trying: Try, script: Script, saving: Path
) -> None:
    """A transient VM, while its memory is saved; nobody finds one of another name."""
    uuid = "0c9ba2b7-96a7-4b5c-9b22-3a1f3f0d1d1f"
    Path(SavedImage(str(saving), "vm1", uuid).saved).write_text("memory")
    tried = trying(ABSENT, ABSENT, **quick(saving))
    assert told(tried, Attempt.examine).uuid == uuid
    Path(SavedImage(str(saving), "vm1", uuid).saved).unlink()
    assert (
        told(trying(ABSENT, ABSENT, **quick(saving)), Attempt.examine).error_code
        == "domain_not_found"
    )


def test_a_host_that_breaks_off_while_it_is_read_is_a_refusal(
    trying: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With libvirt's words."""

    def fail(*_asked: Any) -> DomainFacts:
        raise LibvirtFailed("Cannot read the VM.")

    monkeypatch.setattr(attempt, "read_facts", fail)
    for act in (Attempt.run, Attempt.examine, Attempt.reconcile, Attempt.foresee):
        assert told(trying(), act).reason == "Cannot read the VM."


def test_what_was_left_is_brought_in_order_before_the_move(trying: Try) -> None:
    """And told beside it."""
    arrived = replace(RUNS, state="paused", reason="user", mark=HandoverMark())
    tried = trying(RUNS, arrived)
    result = told(tried)
    assert result.outcome is Outcome.MOVED
    assert result.actions[0] == "Stopped the paused copy on the destination."
