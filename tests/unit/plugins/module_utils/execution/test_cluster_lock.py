# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of the cluster on one host, with real files and the kernel's own lock."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution import controls
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    FILE_NAME,
    ClusterChanged,
    ClusterLock,
    ClusterLocked,
    LockLost,
    read_lock,
    refuse_newer,
    release_lock,
    require_lock,
    take_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.controls import (
    AlreadyRunning,
    ExecutionLock,
)

ANN = ClusterLock("e1", "kvm1", "ann@desk", "evacuate kvm2", 1000.0)
BOB = ClusterLock("e2", "kvm3", "bob@desk", "evacuate kvm4", 1010.0)


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a lock that a test holds for long."""
    monkeypatch.setattr(controls.ExecutionLock.__init__, "__defaults__", (0.2,))


def test_the_first_gets_it_and_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    """The refusal names owner, purpose and coordinator, and the first one's lock stays."""
    directory = str(tmp_path / "executions")
    assert take_lock(directory, ANN, [])
    with pytest.raises(ClusterLocked, match=r"ann@desk .*\(evacuate kvm2\) on kvm1"):
        take_lock(directory, BOB, [])
    assert read_lock(directory) == ANN


def test_taking_it_again_starts_its_time_again(tmp_path: Path) -> None:
    """A controller that is about to wait for long holds it for longer; nobody but it has it meanwhile."""
    assert take_lock(str(tmp_path), ANN, [])
    longer = replace(ANN, since_s=1060.0, holds_s=900.0)
    assert not take_lock(str(tmp_path), longer, [], check_mode=True)
    assert read_lock(str(tmp_path)) == ANN
    assert not take_lock(str(tmp_path), longer, [])
    assert read_lock(str(tmp_path)) == longer


@pytest.mark.parametrize("name", ["since_s", "holds_s"])
@pytest.mark.parametrize("value", ["1" + 400 * "0", "-1", "NaN", "Infinity"])
def test_a_lock_with_times_that_cannot_be_is_damaged(tmp_path: Path, name: str, value: str) -> None:
    """Its reader gets a sentence with the file, and the cluster stays locked."""
    take_lock(str(tmp_path), ANN, [])
    document = {**json.loads((tmp_path / FILE_NAME).read_text()), name: "VALUE"}
    (tmp_path / FILE_NAME).write_text(json.dumps(document).replace('"VALUE"', value))
    with pytest.raises(ClusterLocked, match="cannot be read: its times cannot be"):
        read_lock(str(tmp_path))


def test_a_lock_of_a_dead_execution_is_replaced(tmp_path: Path) -> None:
    """Only when it is named."""
    take_lock(str(tmp_path), ANN, [])
    assert take_lock(str(tmp_path), BOB, ["e1"])
    assert read_lock(str(tmp_path)) == BOB


def test_only_its_own_execution_gives_it_back(tmp_path: Path) -> None:
    """Somebody else's release leaves it alone."""
    take_lock(str(tmp_path), ANN, [])
    assert not release_lock(str(tmp_path), "e2")
    assert release_lock(str(tmp_path), "e1")
    assert read_lock(str(tmp_path)) is None


def test_nobody_takes_or_gives_it_back_while_an_executor_runs(tmp_path: Path) -> None:
    """The kernel's lock of the host stands before the file."""
    take_lock(str(tmp_path), ANN, [])
    with ExecutionLock.of(str(tmp_path), {"owner": "ann@desk"}):
        with pytest.raises(AlreadyRunning, match="ann@desk"):
            release_lock(str(tmp_path), "e1")
        with pytest.raises(AlreadyRunning):
            take_lock(str(tmp_path), BOB, ["e1"])
    assert read_lock(str(tmp_path)) == ANN


def test_an_execution_that_lost_the_lock_is_told_to_whom(tmp_path: Path) -> None:
    """It may not start, also when there is no lock at all."""
    with pytest.raises(LockLost, match="nobody"):
        require_lock(str(tmp_path), "e1")
    take_lock(str(tmp_path), BOB, [])
    with pytest.raises(LockLost, match="bob@desk"):
        require_lock(str(tmp_path), "e1")


def test_check_mode_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    """Not even the folder."""
    directory = tmp_path / "executions"
    assert take_lock(str(directory), ANN, [], check_mode=True)
    assert not directory.exists()
    take_lock(str(directory), ANN, [])
    with pytest.raises(ClusterLocked):
        take_lock(str(directory), BOB, [], check_mode=True)
    assert release_lock(str(directory), "e1", check_mode=True)
    assert read_lock(str(directory)) == ANN


def test_a_lock_that_cannot_be_read_keeps_everybody_out(tmp_path: Path) -> None:
    """Nobody knows whose it is, so the sentence names the file."""
    (tmp_path / FILE_NAME).write_text('{"execution": ')
    with pytest.raises(ClusterLocked, match=FILE_NAME):
        take_lock(str(tmp_path), ANN, [])


def test_an_execution_that_ran_meanwhile_makes_a_plan_old(tmp_path: Path) -> None:
    """Every execution on record must have been seen; a host without any has nothing to say."""
    refuse_newer(str(tmp_path / "none"), [])
    (tmp_path / "e1").mkdir()
    (tmp_path / "lock").touch()
    refuse_newer(str(tmp_path), ["e0", "e1"])
    with pytest.raises(ClusterChanged, match="Execution e1 has run"):
        refuse_newer(str(tmp_path), ["e0"])
