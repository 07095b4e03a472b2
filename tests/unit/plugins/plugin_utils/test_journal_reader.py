# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following an executor through its journal, with a real shell and real files."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution.process import (
    ProcessMark,
    this_process,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.boot import read_boot_id
from ansible_collections.drover.libvirt.plugins.plugin_utils._journal_reader import JournalReader


def shell(command: str) -> tuple[int, str]:
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


STEP = {"id": "m1", "domain": "web1", "source": "kvm1", "destination": "kvm2"}


def line(event: str, **fields: Any) -> str:
    """Return an event as the executor writes it."""
    return json.dumps({"event": event, "at": 1000.0, **fields}) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "process").write_text(this_process().as_text())
    (tmp_path / "journal.jsonl").write_text(
        line("execution_started", steps=1) + line("migration_started", **STEP)
    )
    return tmp_path


def test_each_event_is_read_once(folder: Path) -> None:
    """The second look returns only what was written after the first."""
    follower = JournalReader(str(folder), shell)
    assert [event["event"] for event in follower.look().events] == [
        "execution_started",
        "migration_started",
    ]
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write(line("migration_ended", **STEP, outcome="moved", reason=""))
    assert [event["event"] for event in follower.look().events] == ["migration_ended"]
    assert follower.look().events == []


def test_bytes_that_are_no_text_do_not_end_the_follower(folder: Path) -> None:
    """What they cut through is left out, and what comes after them is read once."""

    def escaping(command: str) -> tuple[int, str]:
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
        return done.returncode, done.stdout.decode(errors="surrogateescape")

    follower = JournalReader(str(folder), escaping)
    with (folder / "journal.jsonl").open("ab") as journal:
        journal.write(b"\xff\xfe\x80 \xc3\n" + line("stopping", reason="x", running=[]).encode())
    kinds = [event["event"] for event in follower.look().events]
    assert kinds == ["execution_started", "migration_started", "stopping"]
    assert follower.look().events == []


@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_look_is_a_sign_of_life_unless_somebody_only_watches(
    folder: Path, keep_alive: bool
) -> None:
    """Both read the journal."""
    assert len(JournalReader(str(folder), shell, keep_alive).look().events) == 2
    assert (folder / "heartbeat").exists() is keep_alive


def test_a_half_written_line_waits_for_its_end(folder: Path) -> None:
    """A line is only read when it is whole."""
    follower = JournalReader(str(folder), shell)
    follower.look()
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event": "execu')
    assert follower.look().events == []
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('tion_ended", "at": 1}\n')
    assert follower.look().ended


def test_a_connection_with_a_terminal_changes_nothing(folder: Path) -> None:
    """Lines that come with CR LF are read at the same offsets (a defect once: the second look began
    too late)."""

    def terminal(command: str) -> tuple[int, str]:
        code, output = shell(command)
        return code, output.replace("\n", "\r\n")

    follower = JournalReader(str(folder), terminal)
    assert len(follower.look().events) == 2
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write(line("migration_ended", **STEP, outcome="moved", reason=""))
    assert [event["event"] for event in follower.look().events] == ["migration_ended"]


def test_looking_is_a_sign_of_life(folder: Path) -> None:
    """Every look touches the heartbeat."""
    JournalReader(str(folder), shell).look()
    assert (folder / "heartbeat").exists()


def test_an_executor_is_absent_then_alive_then_gone(tmp_path: Path) -> None:
    """Before it has a folder it is absent; while its process lives, alive; afterwards, gone, and
    its journal is still read."""
    folder = tmp_path / "it's one"
    follower = JournalReader(str(folder), shell)
    assert follower.look().executor == "absent"
    folder.mkdir()
    (folder / "journal.jsonl").write_text(line("execution_started", steps=1))
    process = subprocess.Popen(["sleep", "60"])
    (folder / "process").write_text(mark_of(process.pid).as_text())
    assert follower.look().executor == "alive"
    process.kill()
    process.wait()
    assert follower.look().executor == "gone"


def mark_of(pid: int) -> ProcessMark:
    started = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return ProcessMark(pid, started, read_boot_id())


@pytest.mark.parametrize(
    "mark",
    [
        this_process()._replace(started=this_process().started - 1),
        this_process()._replace(boot_id="11111111-2222-3333-4444-555555555555"),
    ],
)
def test_another_process_with_the_same_number_is_not_the_executor(
    folder: Path, mark: ProcessMark
) -> None:
    """A number that was given again, in this boot or after a reboot, means that it is gone."""
    (folder / "process").write_text(mark.as_text())
    assert JournalReader(str(folder), shell).look().executor == "gone"


def test_a_process_that_ended_and_was_not_waited_for_is_gone(folder: Path) -> None:
    """A zombie does nothing any more."""
    process = subprocess.Popen(["true"])
    mark = mark_of(process.pid)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    (folder / "process").write_text(mark.as_text())
    assert JournalReader(str(folder), shell).look().executor == "gone"
    process.wait()


def test_a_line_that_a_crash_cut_short_is_left_out(folder: Path) -> None:
    """What was written after it is read."""
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event": "progr\n' + line("execution_ended"))
    assert [event["event"] for event in JournalReader(str(folder), shell).look().events] == [
        "execution_started",
        "migration_started",
        "execution_ended",
    ]


def test_a_command_that_fails_is_a_connection_error(folder: Path) -> None:
    """The caller decides how long to put up with it."""
    with pytest.raises(ConnectionError, match="255"):
        JournalReader(str(folder), lambda _command: (255, "no route")).look()


def test_the_wish_to_stop_is_a_file(folder: Path) -> None:
    """The executor looks for it."""
    JournalReader(str(folder), shell).ask_to_stop()
    assert (folder / "stop").exists()


def test_a_living_executor_whose_folder_is_hidden_is_alive(folder: Path) -> None:
    """With another file system mounted over it, a living executor was taken for one that had not begun."""
    follower = JournalReader(str(folder / "e"), shell)
    (folder / "e").mkdir()
    (folder / "e" / "process").write_text(this_process().as_text())
    assert follower.look().executor == "alive"
    (folder / "e").rename(folder / "hidden")
    assert follower.look().executor == "alive"
    assert JournalReader(str(folder / "e"), shell).look().executor == "absent"


def test_a_dead_executor_whose_folder_is_hidden_is_gone(folder: Path) -> None:
    (folder / "process").write_text(ProcessMark(1, 1, read_boot_id()).as_text())
    follower = JournalReader(str(folder), shell)
    assert follower.look().executor == "gone"
    (folder / "process").unlink()
    assert follower.look().executor == "gone"


def test_a_look_waits_for_what_comes(folder: Path) -> None:
    """What happens is shown when it happens: the look ends long before its patience."""
    follower = JournalReader(str(folder), shell, patience_s=60.0)
    follower.look()
    ended = line("migration_ended", **STEP, outcome="moved", reason="")

    def write() -> None:
        with (folder / "journal.jsonl").open("a") as journal:
            journal.write(ended)

    writer = threading.Timer(0.3, write)
    writer.start()
    assert [event["event"] for event in follower.look().events] == ["migration_ended"]
    writer.join()


def test_a_look_does_not_wait_for_ever(folder: Path) -> None:
    """Each look is the controller's sign of life, and the executor may be gone."""
    follower = JournalReader(str(folder), shell, patience_s=0.1)
    follower.look()
    assert follower.look().events == []
