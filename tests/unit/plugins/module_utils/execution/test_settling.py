# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of an execution say of it, and how a dead one is brought to its end."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import AwayEnd, End
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    ClusterLock,
    read_lock,
    take_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.controls import (
    AlreadyRunning,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.process import (
    mark_of,
    this_process,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    StartedMigration,
    prune_executions,
    read_events,
    read_execution,
    read_executions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settled import (
    SettledMigration,
    unsolved,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settling import (
    SettlingSettings,
    settle_execution,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

SETTINGS = SettlingSettings("kvm1", "qemu:///system", 60.0)
STARTED = {"event": "execution_started", "owner": "ann@desk", "purpose": "evacuate h1", "steps": 3}
ENDED = {"event": "execution_ended"}
PROGRESS = {
    "event": "progress",
    "percent": 42.0,
    "total_mib": 2048,
    "bandwidth_mib_s": 110,
    "iteration": 1,
    "silent_s": 0.5,
}


def migration(name: str, *, begun: bool = True, **ended: Any) -> list[dict[str, Any]]:
    """Return the events of one migration of VM C(name)."""
    events: list[dict[str, Any]] = [
        {
            "event": "migration_started",
            "id": name,
            "domain": name,
            "uuid": "",
            "source": "h1",
            "destination": "h2",
        }
    ]
    if begun:
        known = {"autostart": True}
        events.append({"event": "migration_begun", "id": name, "uuid": f"u-{name}", "mark": known})
        events.append({**PROGRESS, "id": name, "domain": name})
    if ended:
        events.append({**events[0], "event": "migration_ended", "reason": "", **ended})
    return events


def write(folder: Path, *events: dict[str, Any], alive: bool = False, at: float = 1.0) -> Path:
    """Write the files of an execution."""
    folder.mkdir()
    lines = [json.dumps({**event, "at": at}) + "\n" for event in events]
    (folder / "journal.jsonl").write_text("".join(lines))
    mark = this_process()
    (folder / "process").write_text((mark if alive else mark._replace(started=1)).as_text())
    return folder


def moved(item: StartedMigration) -> SettledMigration:
    return SettledMigration(item, Account(Outcome.MOVED, "moved"))


def test_a_running_execution_shows_its_progress(tmp_path: Path) -> None:
    """Done, under way with the percentage, and nothing to be settled."""
    events = [STARTED, *migration("a", outcome="moved"), *migration("b")]
    document = read_execution(str(write(tmp_path / "e1", *events, alive=True))).document(61.0)
    assert document["state"] == "running"
    assert (document["moved"], document["steps"], document["age_s"]) == (1, 3, 60.0)
    assert [(item["domain"], item["percent"]) for item in document["under_way"]] == [("b", 42.0)]
    assert document["unsettled"] == []


def test_an_execution_whose_process_is_gone_is_unfinished(tmp_path: Path) -> None:
    """What it had started and not seen end is unsettled, with the UUID that it had found."""
    record = read_execution(str(write(tmp_path / "e1", STARTED, *migration("a"))))
    assert record.state == "unfinished"
    assert [(item.domain, item.uuid) for item in record.unsettled] == [("a", "u-a")]


def test_a_journal_tells_how_a_vm_was_migrated(tmp_path: Path) -> None:
    """A quick move is finished from its image, and a broken post-copy is resumed with what it began with."""
    options = MigrationOptions(migrate_disks=("vda",), copy_storage="all")
    started, begun, *_more = migration("a")
    begun["options"] = json.loads(json.dumps(dataclasses.asdict(options)))
    folder = write(tmp_path / "e1", STARTED, started, begun)
    [found] = read_execution(str(folder)).migrations
    assert found.options == options
    assert found.mark == HandoverMark(autostart=True)


def test_a_vm_in_an_unknown_place_keeps_an_ended_execution_unfinished(tmp_path: Path) -> None:
    """A host did not answer then; whoever comes next looks again."""
    events = [STARTED, *migration("a", outcome="unknown"), ENDED]
    record = read_execution(str(write(tmp_path / "e1", *events)))
    assert record.state == "ended"
    assert not record.is_finished


def test_a_vm_that_is_known_to_be_lost_is_settled(tmp_path: Path) -> None:
    """A person has to see to it; looking again would find nothing else."""
    events = [STARTED, *migration("a", outcome="lost"), ENDED]
    assert read_execution(str(write(tmp_path / "e1", *events))).is_finished


def test_settling_ends_a_dead_execution_and_its_lock(tmp_path: Path) -> None:
    """Only what had begun is looked at; afterwards nothing is left, and again does nothing."""
    events = [
        STARTED,
        *migration("a", outcome="moved"),
        *migration("b"),
        *migration("c", begun=False),
    ]
    folder = write(tmp_path / "e1", *events)
    take_lock(str(tmp_path), ClusterLock("e1", "kvm1", "ann@desk", "evacuate h1", 0.0), [])
    asked: list[str] = []

    def settle(item: StartedMigration) -> SettledMigration:
        asked.append(item.domain)
        return moved(item)

    settled = settle_execution(str(folder), SETTINGS, lambda: 9.0, settle)
    assert asked == ["b"]
    assert {item.migration.domain: item.account.outcome for item in settled} == {
        "b": "moved",
        "c": "not_moved",
    }
    assert read_execution(str(folder)).is_finished
    assert read_lock(str(tmp_path)) is None
    assert settle_execution(str(folder), SETTINGS, lambda: 9.0, settle) == []


def test_a_vm_whose_place_cannot_be_told_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """The execution has ended and its lock is gone; the VM stays on record, and is looked at again."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    take_lock(str(tmp_path), ClusterLock("e1", "kvm1", "ann@desk", "evacuate h1", 0.0), [])
    settled = settle_execution(
        str(folder),
        SETTINGS,
        lambda: 9.0,
        lambda item: SettledMigration(item, Account(Outcome.UNKNOWN, "h2 does not answer.")),
    )
    assert unsolved(settled) == ["a (h1 → h2): h2 does not answer."]
    record = read_execution(str(folder))
    assert (record.state, record.is_finished) == ("ended", False)
    [left] = record.document(9.0)["unsettled"]
    assert (left["domain"], left["unknown"], left["reason"]) == ("a", True, "h2 does not answer.")
    assert read_lock(str(tmp_path)) is None
    before = (folder / "journal.jsonl").read_text()
    settle_execution(
        str(folder),
        SETTINGS,
        lambda: 9.0,
        lambda item: SettledMigration(item, Account(Outcome.UNKNOWN)),
    )
    assert (folder / "journal.jsonl").read_text() == before
    settle_execution(str(folder), SETTINGS, lambda: 9.0, moved)
    assert read_execution(str(folder)).is_finished


def test_what_a_silent_host_may_keep_is_remembered(tmp_path: Path) -> None:
    """The VM stayed, so nobody has to wait; its copy is removed when the host is back."""
    event = migration("a", outcome="not_moved", uncleaned="h2")
    record = read_execution(str(write(tmp_path / "e1", STARTED, *event, ENDED)))
    [left] = record.document(9.0)["unsettled"]
    assert (left["unknown"], left["uncleaned"]) == (False, "h2")


def test_the_operators_word_is_recorded(tmp_path: Path) -> None:
    """With the hosts, who gave it, and when."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    settings = dataclasses.replace(SETTINGS, fenced=("h2",), by="bob@desk")
    settle_execution(str(folder), settings, lambda: 9.0, moved)
    [word] = [event for event in read_events(str(folder)) if event["event"] == "hosts_fenced"]
    assert (word["hosts"], word["by"], word["at"]) == (["h2"], "bob@desk", 9.0)


def test_a_host_that_answers_is_not_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its BMC or the operator may have spoken of it before it was switched on again."""
    monkeypatch.setattr(End, "answers", lambda _end, _limit_s: True)
    settings = dataclasses.replace(SETTINGS, fenced=("h2",), silent=("h2",))
    assert not isinstance(settings.end("h2", "somewhere"), AwayEnd)


def test_hosts_that_are_off_or_silent_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead host has no VM; of a silent one nothing is known."""
    monkeypatch.setattr(End, "answers", lambda _end, _limit_s: False)
    settings = dataclasses.replace(SETTINGS, fenced=("h2",), silent=("h2", "h3"))
    dead, silent = settings.end("h2", "nowhere"), settings.end("h3", "nowhere")
    assert str(dead.state("u")) == "shutoff (fenced)"
    assert dead.domain("u") is None
    assert not silent.state("u").readable
    with pytest.raises(NoAnswer, match="h3 does not answer"):
        silent.domain("u")


def test_an_execution_whose_folder_is_hidden_is_alive_while_it_writes(tmp_path: Path) -> None:
    """Nothing was found where it should be, and its lock on the other hosts was given to the next one."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    code = f"f = open({str(folder / 'journal.jsonl')!r}, 'a'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert read_execution(str(folder)).state == "running"
        shutil.rmtree(folder)
        with pytest.raises(AlreadyRunning, match="cannot be seen"):
            settle_execution(str(folder), SETTINGS, lambda: 1.0)
        process.communicate(b"\n")
    assert settle_execution(str(folder), SETTINGS, lambda: 1.0) == []


def test_an_execution_that_is_alive_is_not_settled(tmp_path: Path) -> None:
    """Its process exists."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"), alive=True)
    with pytest.raises(AlreadyRunning, match="ann@desk"):
        settle_execution(str(folder), SETTINGS, lambda: 9.0, moved)


def test_an_execution_whose_process_is_hidden_is_not_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be told whether another user's process is the same one, so it is not taken for dead."""

    def refuse(pid: int, signal: int) -> None:
        raise PermissionError(pid, signal)

    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    with subprocess.Popen(["true"]) as process:
        (folder / "process").write_text(mark_of(process.pid).as_text())
    assert read_execution(str(folder)).state == "unfinished"
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(AlreadyRunning, match="ann@desk"):
        settle_execution(str(folder), SETTINGS, lambda: 9.0, moved)


def test_an_execution_that_never_started_loses_its_lock(tmp_path: Path) -> None:
    """There is nothing but the lock; without it the execution cannot start any more."""
    take_lock(str(tmp_path), ClusterLock("e1", "kvm1", "ann@desk", "evacuate h1", 0.0), [])
    assert settle_execution(str(tmp_path / "e1"), SETTINGS, lambda: 9.0, moved) == []
    assert read_lock(str(tmp_path)) is None


def test_check_mode_settles_nothing(tmp_path: Path) -> None:
    """The journal stays as it is."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    before = (folder / "journal.jsonl").read_text()
    settings = SettlingSettings("kvm1", "qemu:///system", 60.0, check_mode=True)
    assert settle_execution(str(folder), settings, lambda: 9.0, moved) == []
    assert (folder / "journal.jsonl").read_text() == before


def test_a_torn_last_line_is_left_out_and_does_not_swallow_the_next(tmp_path: Path) -> None:
    """The power failed while the journal was written; settling appends whole lines after it."""
    folder = write(tmp_path / "e1", STARTED, *migration("a"))
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event": "migration_end')
    settle_execution(str(folder), SETTINGS, lambda: 9.0, moved)
    record = read_execution(str(folder))
    assert record.is_finished
    assert record.outcomes == {"a": "moved"}


def test_pruning_keeps_the_newest_and_every_unfinished_one(tmp_path: Path) -> None:
    """The oldest finished ones go; an unfinished one stays however old it is."""
    write(tmp_path / "e0", STARTED, *migration("a"), at=1.0)
    for number in range(1, 6):
        write(tmp_path / f"e{number}", STARTED, ENDED, at=10.0 + number)
    assert prune_executions(str(tmp_path), 2) == ["e1", "e2", "e3"]
    assert [record.execution for record in read_executions(str(tmp_path))] == ["e0", "e4", "e5"]
    assert prune_executions(str(tmp_path), 0) == []


def test_a_host_without_executions_has_none(tmp_path: Path) -> None:
    """Nothing is made for the question."""
    assert read_executions(str(tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()
