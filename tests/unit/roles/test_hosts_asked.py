# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that need hosts to be named say so, before any host is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("playbook", ["evacuate", "restore", "power", "power_test", "wake"])
def test_hosts_that_are_not_named_are_asked_for(tmp_path: Path, playbook: str) -> None:
    """In one sentence that names the hosts there are."""
    (tmp_path / "inventory.ini").write_text("[kvm]\nkvm1\n")
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.ini"),
            f"drover.libvirt.{playbook}",
        ],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "Name the hosts" in run.stdout, run.stdout
    assert "Hosts of the cluster: kvm1." in run.stdout
    assert "is undefined" not in run.stdout + run.stderr
