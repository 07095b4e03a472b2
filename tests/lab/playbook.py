# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection's playbooks on a lab, as an operator would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK_COMMAND = Path(sys.executable).with_name("ansible-playbook")


@dataclass(frozen=True)
class PlaybookRun:
    """What a playbook left behind.

    Parameters
    ----------
    code
        Exit code of ansible-playbook.
    output
        Standard output and error together.
    """

    code: int
    output: str

    @property
    def changed(self) -> int:
        """How many changes the recap counts, over all hosts."""
        return sum(int(number) for number in re.findall(r"changed=(\d+)", self.output))

    @property
    def sentence(self) -> str:
        """The message of the last task that failed."""
        found = re.findall(r'"msg": ("(?:[^"\\]|\\.)*")', self.output)
        return str(json.loads(found[-1])) if found else ""


def command(lab: Lab, playbook: str, *arguments: str) -> list[str]:
    """Return the command line that runs a playbook of the collection on a lab."""
    return [str(PLAYBOOK_COMMAND), "-i", str(lab.inventory_path), playbook, *arguments]


def environment() -> dict[str, str]:
    """Return an environment in which Ansible finds this tree as the collection drover.libvirt."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        # Ansible shows on no terminal only what fills Python's buffer, and tests watch while a playbook runs.
        "PYTHONUNBUFFERED": "1",
    }


def run_playbook(lab: Lab, playbook: str, *arguments: str, timeout_s: float = 600.0) -> PlaybookRun:
    """Run a playbook to its end and return what it said."""
    done = subprocess.run(
        command(lab, playbook, *arguments),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return PlaybookRun(done.returncode, done.stdout)
