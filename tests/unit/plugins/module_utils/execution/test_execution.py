# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The executor of a plan, with migrations that the tests end by hand."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    ClusterLock,
    LockLost,
    take_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.controls import (
    AlreadyRunning,
    Controls,
    ExecutionLock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.execution import (
    ExecutionSettings,
    execute,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import (
    Executor,
    StepOutcome,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.journal import Journal
from ansible_collections.drover.libvirt.plugins.module_utils._execution.ledger import Ledger
from ansible_collections.drover.libvirt.plugins.module_utils._execution.migrating import (
    step_outcome,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.remembering import remember
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import (
    PlanRejected,
    read_work,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.kept import KeptConnections
from ansible_collections.drover.libvirt.plugins.module_utils._linux.state_directory import (
    StateUnusable,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)


def plan_of(
    *steps: tuple[str, str, str], limits: dict[str, Any] | None = None, **memory: int
) -> dict[str, Any]:
    """Return a plan whose steps are (domain, source, destination), each VM of 100 MiB, on hosts
    limited to what is named (or 1000 MiB)."""
    names = sorted({name for _domain, *ends in steps for name in ends})
    return {
        "digest": "d" * 64,
        "limits": {"per_host": 1, "cluster": 2, "bandwidth_mib_s": None, **(limits or {})},
        "steps": [
            {
                "id": domain,
                "domain": domain,
                "uuid": None,
                "source": source,
                "destination": destination,
                "after": [],
                "memory_mib": 100,
                "start_s": float(index),
                "finish_s": float(index) + 10.0,
            }
            for index, (domain, source, destination) in enumerate(steps)
        ],
        "hosts": [
            {
                "name": name,
                "uri": f"qemu+ssh://root@{name}/system",
                "migration_address": None,
                "memory_limit_mib": memory.get(name, 1000),
                "before": {
                    "memory_mib": 100
                    * sum(source == name for _domain, source, _destination in steps)
                },
            }
            for name in names
        ],
    }


class HandMigrations:
    """Migrations that run until the test ends them, and remember what ran at once."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self._changed = threading.Condition()
        self._ends: dict[str, str] = {}

    def __call__(self, step: Any, on_progress: Any) -> StepOutcome:
        with self._changed:
            self.started.append(step.id)
            self._changed.notify_all()
            self._changed.wait_for(lambda: step.id in self._ends, timeout=20)
            return StepOutcome(step, Account(self._ends.get(step.id, Outcome.UNKNOWN)))

    def wait_started(self, *ids: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: set(ids) <= set(self.started), timeout=10), (
                self.started
            )

    def end(self, step_id: str, outcome: Outcome = Outcome.MOVED) -> None:
        with self._changed:
            self._ends[step_id] = outcome
            self._changed.notify_all()


class Run:
    """An executor at work in a thread."""

    def __init__(self, plan: dict[str, Any], folder: Path, stop: list[str] | None = None) -> None:
        self.migrations = HandMigrations()
        self.journal_path = folder / "journal.jsonl"
        self._stop = stop if stop is not None else []
        self._journal = Journal(str(self.journal_path), lambda: 1000.0)
        self._outcomes: list[StepOutcome] = []
        self._thread = threading.Thread(target=self._run, args=(plan,), daemon=True)
        self._thread.start()

    def _run(self, plan: dict[str, Any]) -> None:
        executor = Executor(read_work(plan), self.migrations, self._journal, self._reason)
        self._outcomes = executor.run()

    def _reason(self) -> str:
        return self._stop[0] if self._stop else ""

    def outcomes(self) -> dict[str, str]:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        return {outcome.step.id: outcome.outcome for outcome in self._outcomes}

    def reasons(self) -> dict[str, str]:
        return {outcome.step.id: outcome.reason for outcome in self._outcomes}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal_path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def quick_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the executor look at the controller's wishes more often than in real life."""
    monkeypatch.setattr(
        "ansible_collections.drover.libvirt.plugins.module_utils._execution.executor.TICK_S", 0.02
    )


def test_a_host_takes_part_in_one_migration_at_a_time(tmp_path: Path) -> None:
    """Two steps that share a source run one after the other, although the cluster would allow
    two."""
    run = Run(plan_of(("a", "h1", "h2"), ("b", "h1", "h3"), ("c", "h4", "h5")), tmp_path)
    run.migrations.wait_started("a", "c")
    assert "b" not in run.migrations.started
    run.migrations.end("a")
    run.migrations.wait_started("b")
    for step in "bc":
        run.migrations.end(step)
    assert run.outcomes() == {"a": Outcome.MOVED, "b": Outcome.MOVED, "c": Outcome.MOVED}


def test_a_step_that_cannot_start_holds_nobody_up(tmp_path: Path) -> None:
    """The third step overtakes the second, which waits for its source."""
    run = Run(plan_of(("a", "h1", "h2"), ("b", "h1", "h3"), ("c", "h4", "h5")), tmp_path)
    run.migrations.wait_started("c")
    assert run.migrations.started[:2] == ["a", "c"] or run.migrations.started[:2] == ["c", "a"]
    for step in "acb":
        run.migrations.end(step)
    run.outcomes()


def test_the_cluster_limit_holds(tmp_path: Path) -> None:
    """With a limit of one for the cluster, disjoint migrations still run one by one."""
    run = Run(plan_of(("a", "h1", "h2"), ("b", "h3", "h4"), limits={"cluster": 1}), tmp_path)
    run.migrations.wait_started("a")
    assert run.migrations.started == ["a"]
    run.migrations.end("a")
    run.migrations.end("b")
    assert run.outcomes() == {"a": Outcome.MOVED, "b": Outcome.MOVED}


def test_a_step_waits_until_the_memory_it_needs_is_free(tmp_path: Path) -> None:
    """VM b goes to h1, which is full until VM a has left it."""
    plan = plan_of(("a", "h1", "h2"), ("b", "h3", "h1"), limits={"per_host": 2}, h1=150)
    plan["steps"][1]["start_s"] = 0.0
    run = Run(plan, tmp_path)
    run.migrations.wait_started("a")
    assert run.migrations.started == ["a"]
    run.migrations.end("a")
    run.migrations.wait_started("b")
    run.migrations.end("b")
    assert run.outcomes() == {"a": Outcome.MOVED, "b": Outcome.MOVED}


def test_a_failure_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    """c waits for b, and b for a, which fails: both are skipped and say why; d is done."""
    plan = plan_of(("a", "h1", "h2"), ("b", "h2", "h3"), ("c", "h3", "h1"), ("d", "h4", "h5"))
    plan["steps"][1]["after"] = ["a"]
    plan["steps"][2]["after"] = ["b"]
    run = Run(plan, tmp_path)
    run.migrations.end("d")
    run.migrations.end("a", Outcome.NOT_MOVED)
    assert run.outcomes() == {
        "a": Outcome.NOT_MOVED,
        "b": Outcome.SKIPPED,
        "c": Outcome.SKIPPED,
        "d": Outcome.MOVED,
    }
    assert run.reasons()["b"] == "It waits for a, which did not succeed."


def test_memory_that_a_failed_step_should_have_freed_stops_who_needs_it(tmp_path: Path) -> None:
    """a was to make room on h1 for b and stays, so b is skipped and its reason names the
    shortage."""
    plan = plan_of(("a", "h1", "h2"), ("b", "h3", "h1"), h1=150)
    run = Run(plan, tmp_path)
    run.migrations.end("a", Outcome.NOT_MOVED)
    assert run.outcomes() == {"a": Outcome.NOT_MOVED, "b": Outcome.SKIPPED}
    assert run.reasons()["b"] == "It cannot start: h1 lacks 50 MiB of room."


def test_a_vm_that_may_be_on_either_host_counts_on_both(tmp_path: Path) -> None:
    """After an unknown outcome the memory stays held at both ends."""
    work = read_work(plan_of(("a", "h1", "h2"), ("b", "h3", "h2"), limits={"per_host": 2}, h2=150))
    ledger = Ledger(work)
    ledger.take(work.steps[0])
    ledger.give_back(work.steps[0], moved=None)
    assert ledger.obstacle(work.steps[1]) == "h2 lacks 50 MiB of room"


def test_a_wish_to_stop_lets_running_migrations_end_and_starts_no_other(tmp_path: Path) -> None:
    """After the wish, b is skipped with the wish's own words, while a is left to end well."""
    stop: list[str] = []
    run = Run(plan_of(("a", "h1", "h2"), ("b", "h1", "h2")), tmp_path, stop)
    run.migrations.wait_started("a")
    stop.append("The operator asked to stop.")
    run.migrations.end("a")
    assert run.outcomes() == {"a": Outcome.MOVED, "b": Outcome.SKIPPED}
    assert run.reasons()["b"] == "The operator asked to stop."
    assert sum(event["event"] == "stopping" for event in run.events()) == 1


def test_an_error_of_our_own_in_a_migration_is_an_unknown_outcome(tmp_path: Path) -> None:
    """A migration that raises leaves nobody waiting, and nobody believes it failed cleanly."""

    def broken(step: Any, on_progress: Any) -> StepOutcome:
        raise RuntimeError("boom")

    journal = Journal(str(tmp_path / "journal.jsonl"), lambda: 1000.0)
    outcomes = Executor(read_work(plan_of(("a", "h1", "h2"))), broken, journal, lambda: "").run()
    assert outcomes[0].outcome == Outcome.UNKNOWN
    assert "boom" in outcomes[0].reason


def test_the_intent_is_in_the_journal_before_the_migration_begins(tmp_path: Path) -> None:
    """When a migration looks at the journal, its own start is there already."""
    path = tmp_path / "journal.jsonl"
    seen: list[str] = []

    def look(step: Any, on_progress: Any) -> StepOutcome:
        seen.extend(json.loads(line)["event"] for line in path.read_text().splitlines())
        return StepOutcome(step, Account(Outcome.MOVED))

    Executor(
        read_work(plan_of(("a", "h1", "h2"))), look, Journal(str(path), lambda: 1000.0), lambda: ""
    ).run()
    assert seen == ["migration_started"]


def test_an_execution_leaves_its_plan_its_journal_and_no_lock(tmp_path: Path) -> None:
    """The folder holds the plan and a journal from start to end, and the next execution may
    begin."""
    folder = tmp_path / "executions" / "one"
    settings = ExecutionSettings(str(folder), "tester", heartbeat_timeout_s=0, time_limit_s=0)
    for _run in range(2):
        outcomes = execute(
            plan_of(("a", "h1", "h2")),
            settings,
            lambda step, _p: StepOutcome(step, Account(Outcome.MOVED)),
            lambda: 5.0,
        )
        assert [outcome.outcome for outcome in outcomes] == [Outcome.MOVED]
    events = [
        json.loads(line)["event"] for line in (folder / "journal.jsonl").read_text().splitlines()
    ]
    assert events[:4] == [
        "execution_started",
        "migration_started",
        "migration_ended",
        "execution_ended",
    ]
    assert json.loads((folder / "plan.json").read_text())["digest"] == "d" * 64


@pytest.mark.parametrize(
    "limits",
    [{"duration_s": 15}, {"deadline": "2026-11-25T05:00:15+01:00"}],
    ids=["seconds", "moment"],
)
def test_nothing_starts_that_would_end_too_late(tmp_path: Path, limits: dict[str, Any]) -> None:
    """Migrations of ten seconds, one after the other, and fifteen seconds in all: the second one is left where
    it is, and the one that waits for it as well."""
    clock = [datetime.fromisoformat("2026-11-25T05:00:00+01:00").timestamp()]
    plan = plan_of(
        ("a", "h1", "h2"), ("b", "h1", "h2"), ("c", "h3", "h4"), limits={**limits, "cluster": 1}
    )
    plan["steps"][2]["after"] = ["b"]

    def run(step: Any, _record: Any) -> StepOutcome:
        clock[0] += 10
        return StepOutcome(step, Account(Outcome.MOVED))

    settings = ExecutionSettings(str(tmp_path / "e1"), "ann", 0, 0)
    outcomes = execute(plan, settings, run, lambda: clock[0])
    assert [outcome.outcome for outcome in outcomes] == [
        Outcome.MOVED,
        Outcome.SKIPPED,
        Outcome.SKIPPED,
    ]
    assert outcomes[1].reason.startswith("It would not end before 2026-11-2")


def test_a_vm_whose_window_closes_is_left_alone(tmp_path: Path) -> None:
    """The deadline of one VM stops that one, and no other."""
    plan = plan_of(("a", "h1", "h2"), ("b", "h3", "h4"))
    plan["steps"][0]["deadline"] = "1970-01-01T00:00:09+00:00"
    settings = ExecutionSettings(str(tmp_path / "e1"), "ann", 0, 0)
    outcomes = execute(
        plan, settings, lambda step, _r: StepOutcome(step, Account(Outcome.MOVED)), lambda: 0.0
    )
    assert [outcome.outcome for outcome in outcomes] == [Outcome.SKIPPED, Outcome.MOVED]


def test_a_second_executor_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    """The lock names its owner to the second, and is free after the first has ended."""
    path = str(tmp_path / "lock")
    with (
        ExecutionLock(path, {"owner": "ann@desk"}),
        pytest.raises(AlreadyRunning, match="ann@desk"),
        ExecutionLock(path, {"owner": "bob"}),
    ):
        pass
    with ExecutionLock(path, {"owner": "bob"}):
        pass


def test_an_execution_without_the_clusters_lock_does_not_start(tmp_path: Path) -> None:
    """Where the lock is required, nothing is migrated and nothing is written without it."""
    settings = ExecutionSettings(str(tmp_path / "e1"), "ann", 0, 0, "evacuate h1", locked=True)
    started: list[str] = []

    def run(step: Any, _record: Any) -> StepOutcome:
        started.append(step.id)
        return StepOutcome(step, Account(Outcome.MOVED))

    with pytest.raises(LockLost):
        execute(plan_of(("a", "h1", "h2")), settings, run, lambda: 5.0)
    assert not (tmp_path / "e1").exists()
    take_lock(str(tmp_path), ClusterLock("e1", "h3", "ann", "evacuate h1", 1.0), [])
    execute(plan_of(("a", "h1", "h2")), settings, run, lambda: 5.0)
    assert started == ["a"]


def test_a_silent_controller_is_a_reason_to_stop(tmp_path: Path) -> None:
    """A heartbeat older than the timeout stops; a fresh one and a timeout of 0 do not."""
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    written_at = heartbeat.stat().st_mtime
    assert Controls(str(tmp_path), 60, None, lambda: written_at + 59).reason_to_stop() == ""
    assert "61 s" in Controls(str(tmp_path), 60, None, lambda: written_at + 61).reason_to_stop()
    assert Controls(str(tmp_path), 0, None, lambda: written_at + 9999).reason_to_stop() == ""


def test_a_controller_that_never_gave_a_sign_is_a_reason_to_stop(tmp_path: Path) -> None:
    """Silence is counted from the start (a defect once: without a heartbeat it was not)."""
    now = [1000.0]
    controls = Controls(str(tmp_path), 60, None, lambda: now[0])
    assert controls.reason_to_stop() == ""
    now[0] += 61
    assert "61 s" in controls.reason_to_stop()


def test_the_stop_file_and_the_deadline_are_reasons_to_stop(tmp_path: Path) -> None:
    """Each gives a sentence of its own."""
    assert "time allowed" in Controls(str(tmp_path), 0, 100.0, lambda: 100.0).reason_to_stop()
    (tmp_path / "stop").touch()
    assert "operator" in Controls(str(tmp_path), 0, None, lambda: 0.0).reason_to_stop()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda plan: plan.pop("digest"), "digest"),
        (lambda plan: plan["steps"][0].pop("memory_mib"), "memory_mib"),
        (lambda plan: plan["steps"][0].update(destination="h9"), "unknown host h9"),
        (lambda plan: plan["steps"][0].update(after=["m9"]), "waits for m9"),
        (lambda plan: plan["hosts"][1].update(uri=None), "drover_peer_uri"),
        (lambda plan: plan["hosts"][1].update(uri="qemu+tls://a:hush@h2/system"), "a password"),
        (lambda plan: plan["hosts"][1].update(uri="qemu+tls://[::1/system"), "no valid address"),
        (lambda plan: plan["hosts"][1].update(uri="qemu+ssh://h2/system?command=/x"), "'command'"),
        (lambda plan: plan["hosts"][1].update(uri="qemu+ext:///system"), "names a program"),
        (lambda plan: plan["steps"].append(dict(plan["steps"][0])), "the same id"),
        (lambda plan: plan["steps"][0].update(after=["a"]), "wait for each other: a"),
        (lambda plan: plan["steps"][0].update(memory_mib=-100), "out of range"),
        (lambda plan: plan["steps"][0].update(start_s=float("inf")), "out of range"),
        (lambda plan: plan["steps"][0].update(finish_s=float("nan")), "out of range"),
        (lambda plan: plan["steps"][0].update(finish_s=-1.0), "out of range"),
        (lambda plan: plan["limits"].update(per_host=0), "out of range"),
        (lambda plan: plan["limits"].update(cluster=10**16), "out of range"),
        (lambda plan: plan["limits"].update(cluster=float("inf")), "missing or wrong"),
        (lambda plan: plan["hosts"][1].update(memory_limit_mib=-1), "out of range"),
        (lambda plan: plan.update(steps=7), "missing or wrong"),
        (lambda plan: plan.update(hosts=["h1"]), "missing or wrong"),
    ],
)
def test_a_broken_plan_is_refused_with_one_sentence(damage: Any, words: str) -> None:
    """What is missing or wrong is named, before anything starts."""
    plan = plan_of(("a", "h1", "h2"))
    damage(plan)
    with pytest.raises(PlanRejected, match=words):
        read_work(plan)


@pytest.mark.parametrize("name", ["journal.jsonl", "../lock", "."])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    """A file of somebody else was truncated through one."""
    directory, victim = tmp_path / "executions", tmp_path / "victim"
    folder = directory / "e1"
    directory.mkdir()
    if name == ".":
        victim.mkdir()
        folder.symlink_to(victim)
    else:
        folder.mkdir()
        victim.write_text("mine")
        (folder / name).resolve().unlink(missing_ok=True)
        (folder / name).symlink_to(victim)
    settings = ExecutionSettings(str(folder), "ann", 0.0, 0.0)
    with pytest.raises(StateUnusable, match="cannot use"):
        execute(plan_of(("a", "h1", "h2")), settings, lambda step, record: None, lambda: 1.0)  # type: ignore[arg-type, return-value]
    assert victim.is_dir() or victim.read_text() == "mine"
    assert not victim.is_dir() or list(victim.iterdir()) == []


def test_the_reason_of_a_step_says_what_can_be_done() -> None:
    """A paused VM stayed where it was, and nobody said how it gets away."""
    step = read_work(plan_of(("a", "h1", "h2"))).steps[0]
    ends = EndState(readable=True, state="paused")
    result = MigrationResult(
        Outcome.NOT_MOVED,
        "It is paused.",
        remedy="Resume it.",
        domain="a",
        source="h1",
        destination="h2",
        evidence=Evidence(ends, ends),
    )
    assert step_outcome(step, result).reason == "It is paused. Resume it."


def ended(
    source: str, destination: str = "absent", code: str = "", mode: str = "live"
) -> StepOutcome:
    """Return the outcome of a step whose VM was found so, and was not moved."""
    step = read_work(plan_of(("a", "h1", "h2"))).steps[0]
    evidence = Evidence(EndState(state=source), EndState(state=destination))
    ends = {"source": "h1", "destination": "h2"}
    result = MigrationResult(Outcome.NOT_MOVED, "Why.", code, domain="a", evidence=evidence, **ends)
    return step_outcome(step, result, mode)


def test_a_vm_that_is_gone_or_off_did_not_stay() -> None:
    """It was "not moved", and the evacuation of an empty host failed."""
    gone, off = ended("absent", code="domain_not_found"), ended("shutoff", code="stopped")
    assert (gone.outcome, gone.reason) == (
        Outcome.GONE,
        "Neither h1 nor h2 has it any more.",
    )
    assert (off.outcome, off.reason) == (Outcome.OFF, "It is off on h1.")
    assert ended("running").outcome is Outcome.NOT_MOVED
    assert ended("shutoff", "running").outcome is Outcome.NOT_MOVED
    assert ended("shutoff", mode="offline").outcome is Outcome.NOT_MOVED


def test_nothing_is_remembered_of_a_vm_that_never_moved() -> None:
    """It was said that when it moved is not on record."""

    def nobody(host: str) -> str:
        raise AssertionError(host)

    outcome = ended("absent", code="domain_not_found")
    assert remember(outcome, nobody, KeptConnections()) == outcome


def test_what_cannot_be_written_of_a_vm_that_stayed_is_not_called_a_move() -> None:
    found = remember(ended("running"), lambda host: "test+nothing:///x", KeptConnections())
    assert found.details["warnings"][0].startswith("That it stayed is not on record: ")


def test_what_waits_for_a_vm_that_is_gone_goes_on(tmp_path: Path) -> None:
    """It takes no room any more on either host."""
    plan = plan_of(("a", "h1", "h2"), ("b", "h1", "h2"), h2=100)
    plan["steps"][1]["after"] = ["a"]
    run = Run(plan, tmp_path)
    run.migrations.wait_started("a")
    run.migrations.end("a", Outcome.GONE)
    run.migrations.end("b")
    assert run.outcomes() == {"a": Outcome.GONE, "b": Outcome.MOVED}
