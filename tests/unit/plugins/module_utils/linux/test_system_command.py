# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the host: found, run, and not waited for longer than is said."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.system_command import (
    answer_of,
    answer_to,
    answered,
    path_of,
)


def test_a_command_is_found_beside_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's accounts often lack the directories of the administrator."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert path_of("sh") in ("/usr/bin/sh", "/bin/sh")
    assert path_of("no-such-command-of-drover") is None


def test_a_command_answers_with_what_it_printed_and_its_code() -> None:
    """It gets no input, so that it cannot wait for any."""
    done = answered(["/bin/sh", "-c", "cat; echo said; echo loud >&2; exit 3"], 10.0)
    assert (done.stdout, done.stderr, done.returncode) == ("said\n", "loud\n", 3)


def test_what_is_not_text_does_not_break_the_reader() -> None:
    """An interface may be called anything."""
    assert (
        answered(["/bin/sh", "-c", "printf 'a\\377b'"], 10.0).stdout
        == "a\N{REPLACEMENT CHARACTER}b"
    )


def test_a_command_that_hangs_is_ended() -> None:
    """For those that want to know, with an error; for the others it said nothing."""
    began_s = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        answered(["/bin/sleep", "60"], 0.1)
    assert answer_of(["/bin/sleep", "60"], 0.1) == ""
    assert time.monotonic() - began_s < 30.0


@pytest.mark.parametrize("command", [None, ["/nowhere/command"], ["/"]])
def test_a_command_that_cannot_run_says_nothing(command: list[str] | None) -> None:
    """As one that does not answer."""
    assert answer_of(command, 1.0) == ""


def test_an_answer_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the blanks around it; a command that is missing says nothing."""
    script = tmp_path / "told"
    script.write_text('#!/bin/sh\necho " $1 "\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert answer_to("told", "running", limit_s=10.0) == "running"
    assert answer_to("no-such-command-of-drover", limit_s=1.0) == ""
