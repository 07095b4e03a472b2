# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy that is broken in a running cluster, repaired by the playbook."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab


def test_separates_two_vms_and_moves_nothing_else(lab: Lab, tmp_path: Path) -> None:
    """Of two VMs that must be apart one moves, a third stays; then there is nothing left to repair."""
    for guest in ("db1", "db2", "web"):
        lab.start_guest(guest, "kvm2")
    rule = {"type": "anti_affinity", "name": "databases apart", "domains": ["db1", "db2"]}
    policy = tmp_path / "policy.yml"
    policy.write_text(yaml.safe_dump({"rules": [rule]}))
    arguments = ("drover.libvirt.repair", "-e", f"drover_policy={policy}")
    run = run_playbook(lab, *arguments)
    assert run.code == 0, run.output
    hosts = {name: [place.host for place in places] for name, places in lab.guests().items()}
    assert hosts["web"] == ["kvm2"]
    assert hosts["db1"] != hosts["db2"]
    assert ["kvm2"] in (hosts["db1"], hosts["db2"])
    again = run_playbook(lab, *arguments)
    assert (again.code, again.changed) == (0, 0), again.output
    assert "Nothing to do: no policy is broken" in again.output
