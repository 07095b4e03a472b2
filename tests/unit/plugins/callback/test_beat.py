# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign of life, in a real playbook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[4]
HERE = f"ansible_python_interpreter={sys.executable}"


def run(tmp_path: Path, seconds: float) -> str:
    """Return what a playbook shows that waits, with a line after each second of silence."""
    task = {"name": "Wait for the host", "ansible.builtin.command": f"sleep {seconds}"}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
    playbook = tmp_path / "wait.yml"
    playbook.write_text(yaml.safe_dump([play]))
    command = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [str(command), "-i", "localhost,", "-c", "local", "-e", HERE, str(playbook)],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_CALLBACKS_ENABLED": "drover.libvirt.beat",
            "DROVER_BEAT_INTERVAL": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_long_task_is_named_again_and_again(tmp_path: Path) -> None:
    """With how long it has been running."""
    output = run(tmp_path, 4)
    assert re.search(r"Still running after [1-4](.0)? s: Wait for the host", output), output
    assert output.count("Still running") >= 2


def test_a_task_that_ends_soon_needs_no_line(tmp_path: Path) -> None:
    """Nothing is told of what is not slow."""
    assert "Still running" not in run(tmp_path, 0)
