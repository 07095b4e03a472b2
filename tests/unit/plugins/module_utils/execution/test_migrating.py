# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a step of a plan becomes a migration, what of it is written down, and what its result means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._execution import (
    migrating,
    remembering,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import StepOutcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.migrating import (
    StepRunner,
    step_outcome,
    uncleaned,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import Step
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

STEP = Step("1", "vm1", "u", "h1", "h2", (), 96, 0.0, 10.0, None)
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True, autostart=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
FACTS = DomainFacts("vm1", "u", RUNS, 96, "<domain/>", None, 0)


def plan(bandwidth_mib_s: int | None = None) -> dict[str, Any]:
    """Return a plan of two hosts without steps."""
    return {
        "digest": "d",
        "limits": {"per_host": 1, "cluster": 1, "bandwidth_mib_s": bandwidth_mib_s},
        "steps": [],
        "hosts": [
            {
                "name": name,
                "uri": f"qemu+ssh://{name}/system",
                "migration_address": address,
                "before": {"memory_mib": 0},
            }
            for name, address in (("h1", None), ("h2", "10.0.0.2"))
        ],
    }


class Libvirt:
    """What migrates, and what notes of it are written on the hosts."""

    def __init__(self) -> None:
        self.result = result(Outcome.MOVED, Evidence(ABSENT, RUNS))
        self.request: Any = None
        self.ways: Any = None
        self.notes: list[tuple[str, str, bool]] = []
        self.refusal = ""
        self.readings = [progress(10.0)]

    def migrate(
        self, request: Any, on_progress: Any, on_begin: Any, proven_ways: Any, kept: Any
    ) -> MigrationResult:
        """Migrate, as the script has it."""
        self.request, self.ways = request, proven_ways
        on_begin(FACTS, ABSENT, request.options)
        for reading in self.readings:
            on_progress(reading)
        return self.result

    def note(self, _kept: Any, uri: str, name: str, _at: str, failed: bool) -> None:
        """Write down that a VM moved, or failed to."""
        self.notes.append((uri, name, failed))
        if self.refusal:
            raise LibvirtFailed(self.refusal)


def progress(percent: float) -> Progress:
    """Return a reading."""
    return Progress(
        elapsed_s=1.0, memory_total_mib=100.0, memory_remaining_mib=100.0 - percent, silent_s=0.26
    )


@pytest.fixture
def libvirt(monkeypatch: pytest.MonkeyPatch) -> Libvirt:
    """Let migrations and notes be scripted."""
    scripted = Libvirt()
    monkeypatch.setattr(migrating, "migrate", scripted.migrate)
    monkeypatch.setattr(remembering, "record_migration", scripted.note)
    return scripted


Written = list[tuple[str, bool, dict[str, Any]]]


def run(
    bandwidth_mib_s: int | None = None, coordinator: str | None = None, **options: Any
) -> tuple[StepOutcome, Written]:
    """Run the step and return its outcome and what was written into the journal."""
    written: Written = []

    def record(event: str, durable: bool, fields: dict[str, Any]) -> None:
        written.append((event, durable, fields))

    runner = StepRunner(
        plan(bandwidth_mib_s), coordinator, "qemu:///system", MigrationOptions(**options)
    )
    return runner(STEP, record), written


def test_each_end_is_reached_as_the_plan_says(libvirt: Libvirt) -> None:
    """The coordinator itself is reached without the network, but its peers reach it by the plan's URI."""
    run(coordinator="h2")
    request = libvirt.request
    assert request.source_uri == "qemu+ssh://h1/system"
    assert request.destination_uri == "qemu:///system"
    assert (request.peer, request.migration_address) == ("qemu+ssh://h2/system", "10.0.0.2")
    assert (request.domain, request.uuid) == ("vm1", "u")


def test_the_plans_bandwidth_holds_where_no_other_is_given(libvirt: Libvirt) -> None:
    """An option of the playbook is the operator's last word."""
    run(bandwidth_mib_s=100)
    assert libvirt.request.options.bandwidth_mib_s == 100
    run()
    assert libvirt.request.options.bandwidth_mib_s is None


def test_how_the_vm_was_is_on_the_disk_before_anything_is_changed(libvirt: Libvirt) -> None:
    """With the options it is migrated with; a later process settles it by these."""
    _outcome, written = run(handover="libvirt")
    event, durable, fields = written[0]
    assert (event, durable, fields["uuid"]) == ("migration_begun", True, "u")
    assert fields["options"]["handover"] == "libvirt"
    assert (fields["mark"]["autostart"], fields["mark"]["waits"]) == (True, False)


def test_progress_is_written_down_now_and_then(libvirt: Libvirt) -> None:
    """Journals are read as a whole, so most readings are left out, and none waits for the disk."""
    libvirt.readings = [progress(10.0), progress(20.0), progress(30.0)]
    _outcome, written = run()
    [(_event, durable, fields)] = [item for item in written if item[0] == "progress"]
    assert not durable
    assert (fields["percent"], fields["total_mib"], fields["silent_s"]) == (10.0, 100.0, 0.3)


def test_a_vm_that_moved_is_noted_on_its_new_host(libvirt: Libvirt) -> None:
    """Plans leave it alone for a while."""
    run(coordinator="h1")
    assert libvirt.notes == [("qemu+ssh://h2/system", "vm1", False)]


@pytest.mark.parametrize("outcome", [Outcome.NOT_MOVED, Outcome.ROLLED_BACK])
def test_a_vm_that_failed_to_move_is_noted_where_it_is(libvirt: Libvirt, outcome: Outcome) -> None:
    """Plans try another one first."""
    libvirt.result = result(outcome)
    run(coordinator="h1")
    assert libvirt.notes == [("qemu:///system", "vm1", True)]


@pytest.mark.parametrize(
    "outcome", [Outcome.ALREADY_THERE, Outcome.UNKNOWN, Outcome.QUARANTINED, Outcome.LOST]
)
def test_nothing_is_noted_of_a_vm_that_did_not_move_or_is_in_doubt(
    libvirt: Libvirt, outcome: Outcome
) -> None:
    """Nobody knows on which host the note belongs."""
    libvirt.result = result(outcome)
    run()
    assert libvirt.notes == []


def test_a_note_that_cannot_be_written_is_a_warning(libvirt: Libvirt) -> None:
    """The VM has moved all the same, and warnings of the migration stay."""
    libvirt.refusal = "Read-only file system."
    outcome, _written = run()
    assert outcome.outcome == "moved"
    assert outcome.details["warnings"] == ["When it moved is not on record: Read-only file system."]


def test_a_host_that_does_not_take_the_note_is_not_waited_for(
    libvirt: Libvirt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next step waits for this one."""
    monkeypatch.setattr(remembering, "PATIENCE_S", 0.0)
    monkeypatch.setattr(remembering, "PatientCall", Hanging)
    outcome, _written = run()
    assert outcome.details["warnings"] == ["When it moved is not on record: h2 does not answer."]


class Hanging:
    """A call that does not come back."""

    def __init__(self, _call: Callable[[], str]) -> None:
        pass

    def result_or(self, _limit_s: float, otherwise: str) -> str:
        """Give up."""
        return otherwise


def test_ways_that_are_proved_serve_all_steps(libvirt: Libvirt) -> None:
    """One proof of the migration ports is enough for a way."""
    runner = StepRunner(plan(), None, "", MigrationOptions())
    runner(STEP, lambda *_told: None)
    libvirt.ways.add(("a", "b", "c"))
    runner(STEP, lambda *_told: None)
    assert libvirt.ways == {("a", "b", "c")}


def result(outcome: Outcome, evidence: Evidence | None = None, **more: Any) -> MigrationResult:
    """Return what came of a migration."""
    seen = evidence or Evidence(RUNS, RUNS)
    names = {"domain": "vm1", "uuid": "u", "source": "h1", "destination": "h2"}
    return MigrationResult(outcome, evidence=seen, **names, **more)


@pytest.mark.parametrize(
    ("outcome", "evidence", "host"),
    [
        (Outcome.MOVED, Evidence(SILENT, RUNS), "h1"),
        (Outcome.MOVED, Evidence(fenced_state(), RUNS), "h1"),
        (Outcome.ALREADY_THERE, Evidence(SILENT, RUNS), "h1"),
        (Outcome.NOT_MOVED, Evidence(RUNS, SILENT), "h2"),
        (Outcome.ROLLED_BACK, Evidence(RUNS, fenced_state()), "h2"),
        (Outcome.MOVED, Evidence(ABSENT, RUNS), ""),
        (Outcome.MOVED, Evidence(ABSENT, SILENT), ""),
        (Outcome.NOT_MOVED, Evidence(SILENT, ABSENT), ""),
        (Outcome.UNKNOWN, Evidence(SILENT, SILENT), ""),
    ],
)
def test_a_host_that_may_keep_something_is_remembered(
    outcome: Outcome, evidence: Evidence, host: str
) -> None:
    """The one on which the VM is not, where nobody could look."""
    assert uncleaned(STEP, outcome, evidence) == host


def test_what_can_be_done_stands_in_the_reason() -> None:
    """Journals and reports have one sentence for people."""
    told = step_outcome(STEP, result(Outcome.NOT_MOVED, reason="It failed.", remedy="Repair it."))
    assert told.reason == "It failed. Repair it."
    assert told.document()["domain"] == "vm1"


@pytest.mark.parametrize("outcome", [Outcome.QUARANTINED, Outcome.LOST, Outcome.UNKNOWN])
def test_a_vm_in_doubt_counts_as_not_moved_and_not_stayed(outcome: Outcome) -> None:
    """Its memory is counted on both hosts."""
    assert step_outcome(STEP, result(outcome)).outcome.moved is None
