# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A state directory that cannot be written, before and while VMs move."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    ClusterLock,
    release_lock,
    take_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.execution import (
    ExecutionSettings,
    execute,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import (
    StepOutcome,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.journal import Journal
from ansible_collections.drover.libvirt.plugins.module_utils._execution.process import writer_of
from ansible_collections.drover.libvirt.plugins.module_utils._linux import state_directory
from ansible_collections.drover.libvirt.plugins.module_utils._linux.state_directory import (
    StateUnusable,
    require_space,
    using_state,
)

from .test_execution import plan_of


class Disk:
    """A disk that gets full: nothing can be written while the room set aside is not given up."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        self.is_full = False
        real = os.write

        def write(descriptor: int, data: bytes) -> int:
            if self.is_full and (code != errno.ENOSPC or any(folder.rglob("reserve"))):
                raise OSError(code, os.strerror(code))
            return real(descriptor, data)

        monkeypatch.setattr(os, "write", write)


def events(folder: Path) -> list[dict[str, Any]]:
    """Return what the journal holds."""
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def run(folder: Path, disk: Disk) -> list[StepOutcome]:
    """Run a plan of three steps, one after the other; the disk gets full during the first."""

    def run_step(step: Any, record: Any) -> StepOutcome:
        disk.is_full = True
        record("progress", False, {"percent": 5})
        return StepOutcome(step, Account(Outcome.MOVED))

    plan = plan_of(("a", "h1", "h2"), ("b", "h1", "h2"), ("c", "h1", "h2"))
    return execute(plan, ExecutionSettings(str(folder), "ann", 0.0, 0.0), run_step, lambda: 1.0)


def test_on_a_full_disk_what_runs_ends_and_nothing_more_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The executor died without a reason on record, and the next run failed in the same way."""
    folder = tmp_path / "e1"
    outcomes = run(folder, Disk(folder, monkeypatch, errno.ENOSPC))
    assert [outcome.outcome for outcome in outcomes] == ["moved", "skipped", "skipped"]
    assert "journal.jsonl cannot be written: No space left on device. Free" in outcomes[1].reason
    kinds = [event["event"] for event in events(folder)]
    assert kinds.count("migration_ended") == 3
    assert kinds[-1] == "execution_ended"
    assert not (folder / "reserve").exists()


def test_where_nothing_can_be_written_any_more_the_result_tells_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that has become read-only no reserve helps."""
    folder = tmp_path / "e1"
    outcomes = run(folder, Disk(folder, monkeypatch, errno.EROFS))
    assert [outcome.outcome for outcome in outcomes] == ["moved", "skipped", "skipped"]
    assert "Read-only file system. Find out why" in outcomes[2].reason


def test_the_last_words_of_an_executor_are_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "e1"
    disk = Disk(folder, monkeypatch, errno.ENOSPC)

    def lateness(_table: Any, _step: Any) -> str:
        disk.is_full = True
        raise RuntimeError("the clock is broken")

    monkeypatch.setattr(
        "ansible_collections.drover.libvirt.plugins.module_utils._execution.timetable.Timetable.lateness",
        lateness,
    )
    with pytest.raises(RuntimeError):
        run(folder, disk)
    last = events(folder)[-1]
    assert (last["event"], last["reason"]) == (
        "executor_failed",
        "RuntimeError('the clock is broken')",
    )


def test_a_line_that_does_not_fit_leaves_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line would spoil the next one, once there is room again."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(str(path), lambda: 1.0)
    real = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        return real(descriptor, data[:20])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(StateUnusable, match="Raise the quota"):
        journal.record("anything", reason="x" * 15)
    monkeypatch.undo()
    journal.record("more")
    assert [event["event"] for event in events(tmp_path)] == ["more"]


def test_room_is_made_sure_of_before_anything_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.statvfs(tmp_path)
    require_space(str(tmp_path))
    with pytest.raises(StateUnusable, match=r"has \d+ KiB and \d+ inodes left, and a run needs"):
        require_space(str(tmp_path), 2 * found.f_bavail * found.f_frsize)
    monkeypatch.setattr(state_directory, "_FILES", 2 * found.f_favail + 1)
    if found.f_files:
        with pytest.raises(StateUnusable, match="Nothing was begun"):
            require_space(str(tmp_path))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "cannot use /var/lib/drover/x on this host"),
        (errno.EMFILE, "ulimit"),
        (errno.EISDIR, "Look what stands there"),
    ],
)
def test_each_error_of_a_file_system_says_what_to_do(code: int, words: str) -> None:
    with pytest.raises(StateUnusable, match=words), using_state("/var/lib/drover/x"):
        raise OSError(code, os.strerror(code))


def test_an_executor_that_cannot_see_its_folder_starts_nothing_more(tmp_path: Path) -> None:
    """What runs comes to its end, and the reason is told."""
    folder = tmp_path / "e1"

    def run_step(step: Any, record: Any) -> StepOutcome:
        if folder.exists():
            folder.rename(tmp_path / "hidden")
            folder.mkdir()
        return StepOutcome(step, Account(Outcome.MOVED))

    plan = plan_of(("a", "h1", "h2"), ("b", "h1", "h2"))
    settings = ExecutionSettings(str(folder), "ann", 0.0, 0.0)
    outcomes = execute(plan, settings, run_step, lambda: 1.0)
    assert [outcome.outcome for outcome in outcomes] == ["moved", "skipped"]
    assert f"cannot see its own folder {folder} on " in outcomes[1].reason


def test_a_process_that_writes_a_file_is_found_by_its_path(tmp_path: Path) -> None:
    """Also when the file has no name any more; a reader does not count."""
    path = tmp_path / "journal.jsonl"
    path.write_text("")
    for mode, found in (("r", False), ("a", True)):
        code = f"f = open({str(path)!r}, {mode!r}); print(1, flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            assert (writer_of(str(path)) == process.pid) is found
            if found:
                path.unlink()
                assert writer_of(str(path)) == process.pid
            process.communicate(b"\n")
    assert writer_of(str(path)) is None


def test_a_lock_is_given_back_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster stayed locked, for the owner's name found no room in the local lock."""
    lock = ClusterLock("e1", "kvm1", "ann", "evacuate kvm2", 1.0)
    assert take_lock(str(tmp_path), lock, ())

    def full(*_arguments: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert release_lock(str(tmp_path), "e1")
    assert not (tmp_path / "cluster-lock.json").exists()
