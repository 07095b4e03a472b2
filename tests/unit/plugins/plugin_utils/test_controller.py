# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a playbook that was started before still lives, with real processes."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution.process import mark_of
from ansible_collections.drover.libvirt.plugins.plugin_utils._controller import (
    lives,
    this_operator,
    this_playbook,
)

HERE = os.readlink("/proc/self/ns/pid")


def test_the_operator_is_a_user_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody has logged in, as in a container, it is root."""
    monkeypatch.setenv("USER", "ann")
    assert this_operator() == f"ann@{os.uname().nodename}"
    monkeypatch.delenv("USER")
    assert this_operator() == f"root@{os.uname().nodename}"


def test_it_is_the_parent_of_the_worker() -> None:
    """Actions run in workers, which end with their task."""
    assert this_playbook() == [mark_of(os.getppid()).as_text().strip(), HERE]
    assert lives(this_playbook()) is True


def test_one_that_was_killed_does_not_live() -> None:
    """Its process is gone, and no other one can pass for it."""
    with subprocess.Popen(["sleep", "60"]) as process:
        marks = [mark_of(process.pid).as_text(), HERE]
        assert lives(marks) is True
        process.kill()
    assert lives(marks) is False


def test_elsewhere_it_cannot_be_told() -> None:
    """Processes of another container or another boot are not to be seen, and some controllers tell nothing."""
    mine = mark_of(os.getpid())
    assert lives([mine.as_text(), "pid:[1]"]) is None
    assert lives([mine._replace(boot_id="other").as_text(), HERE]) is None
    assert lives([]) is None


def test_one_that_is_hidden_is_not_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where /proc does not show processes of other users, the kernel still says that there is one of that id."""

    def refuse(pid: int, signal: int) -> None:
        raise PermissionError(pid, signal)

    with subprocess.Popen(["true"]) as process:
        marks = [mark_of(process.pid).as_text(), HERE]
    assert lives(marks) is False
    monkeypatch.setattr(os, "kill", refuse)
    assert lives(marks) is None
