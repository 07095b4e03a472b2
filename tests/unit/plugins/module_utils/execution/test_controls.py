# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an executor hears of its controller's wishes, and who may work from a coordinator."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution.controls import (
    AlreadyRunning,
    Controls,
    ExecutionLock,
)


class Clock:
    """Seconds since the epoch, set by the test."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def controls(
    folder: Path, clock: Clock, silence_s: float = 60.0, deadline_s: float | None = None
) -> Controls:
    """Return the controls of an execution."""
    folder.mkdir(exist_ok=True)
    return Controls(str(folder), silence_s, deadline_s, clock)


def beat(folder: Path, at_s: float) -> None:
    """Let the controller show that it lives."""
    (folder / "heartbeat").touch()
    os.utime(folder / "heartbeat", (at_s, at_s))


def test_an_executor_goes_on_while_its_controller_is_heard_of(tmp_path: Path) -> None:
    """From its last sign of life, however old the execution is."""
    clock = Clock(1000.0)
    found = controls(tmp_path, clock)
    clock.now_s = 5000.0
    beat(tmp_path, 4950.0)
    assert found.reason_to_stop() == ""
    clock.now_s = 5011.0
    assert found.reason_to_stop() == "The controller has not been heard of for 61 s."


def test_a_controller_that_never_looked_is_waited_for_as_long(tmp_path: Path) -> None:
    """From the beginning; with 0 for ever."""
    clock = Clock(1000.0)
    patient, endless = controls(tmp_path, clock), controls(tmp_path, clock, silence_s=0.0)
    clock.now_s = 1060.0
    assert patient.reason_to_stop() == ""
    clock.now_s = 9000.0
    assert "has not been heard of" in patient.reason_to_stop()
    assert endless.reason_to_stop() == ""


def test_the_operators_word_comes_before_the_clocks(tmp_path: Path) -> None:
    """A file is enough, so that it can be written by anything."""
    clock = Clock(1000.0)
    found = controls(tmp_path, clock, deadline_s=1010.0)
    clock.now_s = 1010.0
    assert found.reason_to_stop() == "The time allowed for this execution is over."
    (tmp_path / "stop").touch()
    assert found.reason_to_stop() == "The operator asked to stop."


@pytest.mark.parametrize("another", [False, True])
def test_a_folder_that_is_gone_or_another_one_ends_it(tmp_path: Path, another: bool) -> None:
    """What was mounted over it hides the operator's wish."""
    folder = tmp_path / "e1"
    found = controls(folder, Clock(1000.0))
    folder.rename(tmp_path / "moved")
    if another:
        folder.mkdir()
    assert f"cannot see its own folder {folder}" in found.reason_to_stop()


def test_a_folder_that_was_never_there_ends_it(tmp_path: Path) -> None:
    """Nothing could be written there."""
    found = Controls(str(tmp_path / "none"), 60.0, None, Clock(0.0))
    assert "cannot see its own folder" in found.reason_to_stop()


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "{}", "7"])
def test_an_owner_that_cannot_be_read_is_unknown(tmp_path: Path, content: str) -> None:
    """The lock holds all the same."""
    lock = ExecutionLock.of(str(tmp_path), {"owner": "ann"})
    with lock:
        (tmp_path / "lock").write_text(content)
        with (
            pytest.raises(AlreadyRunning, match="its owner is unknown"),
            ExecutionLock(str(tmp_path / "lock"), {}, patience_s=0.0),
        ):
            pass


def test_a_lock_is_waited_for_a_moment(tmp_path: Path) -> None:
    """An executor that is just ending need not refuse the next."""
    path = str(tmp_path / "lock")
    first = ExecutionLock(path, {"owner": "ann"})
    first.__enter__()
    first.__exit__()
    first.__exit__()
    with ExecutionLock(path, {"owner": "bob", "doing": "planning"}, patience_s=0.0):
        assert "bob" in Path(path).read_text()
    assert Path(path).read_text() == ""
