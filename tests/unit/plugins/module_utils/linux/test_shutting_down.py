# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way down of a host: begun by a command, and told by its signs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux import shutting_down
from ansible_collections.drover.libvirt.plugins.module_utils._linux.shutting_down import (
    NotShutDown,
    begin_shutdown,
    is_shutting_down,
)


def script(path: Path, text: str) -> Path:
    """Write a command."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_command_runs_a_moment_later_with_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is back before it does, so that its answer still gets out."""
    monkeypatch.setattr(shutting_down, "_DELAY_S", "0.2")
    told = tmp_path / "told"
    command = script(tmp_path / "halt", f'echo "$@" > {told}.new && mv {told}.new {told}')
    begin_shutdown([str(command), "-P", "now please"])
    assert not told.exists()
    give_up_at_s = time.monotonic() + 30.0
    while not told.exists() and time.monotonic() < give_up_at_s:
        time.sleep(0.05)
    assert told.read_text() == "-P now please\n"


def test_a_command_that_is_missing_is_refused_at_once() -> None:
    """The host stays on, and the operator is told which option to set."""
    with pytest.raises(NotShutDown, match="no-such-halt is missing") as refused:
        begin_shutdown(["no-such-halt"])
    assert "drover_shutdown_command" in refused.value.remedy


@pytest.mark.parametrize(
    ("sign", "state", "is_down"),
    [
        (True, "running", True),
        (False, "stopping", True),
        (False, "running", False),
        (False, "degraded", False),
        (False, "", False),
    ],
)
def test_a_host_is_on_its_way_down_by_a_sign_or_by_systemds_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: bool, state: str, is_down: bool
) -> None:
    """Where there is no systemd, only the sign counts."""
    scheduled = tmp_path / "scheduled"
    if sign:
        scheduled.write_text("")
    script(tmp_path / "systemctl", f"echo {state}; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(shutting_down, "_SIGNS", (str(scheduled),))
    assert is_shutting_down() is is_down
