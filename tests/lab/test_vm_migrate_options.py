# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a migration and what they change, on real libvirt and QEMU."""

from __future__ import annotations

import json

import pytest

from tests.lab.lab import Lab
from tests.lab.moving import stays
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab


def _playbook(lab: Lab, **options: object) -> tuple[str, ...]:
    wanted = {"drover_vm": "vm1", "drover_destination": "kvm2", "drover_migration": options}
    return ("drover.libvirt.migrate", "-e", json.dumps(wanted))


def test_options_reach_a_migration_through_the_playbook(lab: Lab) -> None:
    """drover_migration limits the bandwidth of the copy that a playbook makes."""
    lab.start_guest("vm1", "kvm1", fill_mib=48)
    run = run_playbook(lab, *_playbook(lab, bandwidth_mib_s=8))
    assert run.code == 0, run.output
    ended = lab.hosts["kvm1"].run(
        ["sh", "-c", "grep -h migration_ended /var/lib/drover/executions/*/journal.jsonl"]
    )
    outcome = json.loads(ended.stdout.splitlines()[-1])
    assert outcome["outcome"] == "moved"
    assert outcome["memory_processed_mib"] / outcome["phases"]["transfer_s"] < 10
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_a_wrong_option_stops_the_playbook_before_anything(lab: Lab) -> None:
    """One sentence names it; no host was asked anything."""
    lab.start_guest("vm1", "kvm1")
    run = run_playbook(lab, *_playbook(lab, bandwith_mib_s=8))
    assert run.code != 0
    assert "no option bandwith_mib_s; did you mean bandwidth_mib_s?" in run.sentence
    assert "kvm1" not in run.output
    assert stays(lab, "vm1") == ("kvm1",)
