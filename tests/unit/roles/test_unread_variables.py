# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook with a variable that nothing reads stops at its first task, with real playbooks and no host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def evacuate(tmp_path: Path, *arguments: str, **variables: str) -> str:
    """Run the playbook with these variables for kvm2; return what it prints. No host is reached."""
    hosts = {"kvm1": {}, "kvm2": variables}
    nowhere = {"ansible_connection": "drover.nowhere"}
    inventory = {"kvm": {"hosts": hosts, "vars": nowhere}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory))
    playbook = ["drover.libvirt.evacuate", "-i", "inventory.yml", "-e", "drover_hosts=kvm9"]
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), *playbook, *arguments],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    return " ".join((run.stdout + run.stderr).split())


def test_extra_variables_and_those_of_hosts_are_named_at_once(tmp_path: Path) -> None:
    """What was asked for is looked at after that."""
    output = evacuate(tmp_path, "-e", "drover_dry_run=true", drover_lables="rack1")
    assert "no variable drover_dry_run. To see what would be done, use --check --diff." in output
    assert "no variable drover_lables (set for kvm2). Did you mean drover_labels?" in output
    assert "Asked for: kvm9" not in output


def test_the_operators_own_go_through(tmp_path: Path) -> None:
    """The playbook goes on to the next thing that is wrong."""
    output = evacuate(tmp_path, "-e", "drover_own_variables=drover_rack*", drover_rack="1")
    assert "Asked for: kvm9" in output
