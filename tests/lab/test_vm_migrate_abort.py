# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a migration that somebody else began, on real libvirt and QEMU."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import abort
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

from tests.lab import faults
from tests.lab.ad_hoc import run_module
from tests.lab.lab import Lab
from tests.lab.moving import Moving, freeze_destination_at_handover, move, stays, wait_until
from tests.lab.playbook import command, environment, run_playbook

pytestmark = pytest.mark.lab


def _abort(lab: Lab, host: str = "kvm1", look_only: bool = False) -> MigrationResult:
    """Ask a host to end the migration of vm1."""
    wanted = MigrationRequest("vm1", lab.hosts[host].uri, "", source=host)
    return abort(wanted, look_only=look_only)


def _abort_by_module(lab: Lab) -> dict[str, Any]:
    module = run_module(lab, "kvm1", "vm_migrate", name="vm1", state="aborted")
    return module.results["kvm1"]


def test_ends_a_running_migration(lab: Lab) -> None:
    """The VM runs on the source, the one who began it is told, and it can be moved afterwards."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    moving = Moving(lab, "vm1", options={"bandwidth_mib_s": 4})
    moving.wait_copying()
    assert _abort(lab, look_only=True).actions == ("Would cancel the migration.",)
    assert _abort(lab, "kvm2").error_code == "arriving"
    ended = _abort_by_module(lab)
    assert (ended["changed"], ended["outcome"]) == (True, "not_moved"), ended
    begun = moving.result()
    assert (begun.outcome, begun.retriable) == ("not_moved", True), begun.reason
    assert [(p.host, p.state) for p in lab.where("vm1")] == [("kvm1", "running")]
    again = _abort(lab)
    assert (again.changed, again.error_code) == (False, "")
    assert move(lab, "vm1").outcome == "moved"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
    assert _abort(lab).error_code == "domain_not_found"


def test_refuses_in_post_copy(lab: Lab) -> None:
    """A VM whose memory is on both hosts is not touched, and arrives."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    faults.limit_bandwidth(lab.hosts["kvm2"], 40)
    moving = Moving(lab, "vm1", options={"post_copy": "on_stall"})
    moving.wait_copying()
    source = moving.domain("kvm1")
    source.migrateStartPostCopy()
    wait_until(lambda: source.state()[0] == libvirt.VIR_DOMAIN_PAUSED, 30.0)
    refused = _abort(lab)
    assert refused.error_code == "in_post_copy", refused
    assert "still fetches memory from" in refused.reason
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    assert moving.result().outcome == "moved"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_refuses_while_the_vm_changes_hands(lab: Lab) -> None:
    """What has been sent completely cannot be called back, and is moved."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    moving = Moving(lab, "vm1", options={"bandwidth_mib_s": 5})
    moving.wait_copying()
    freeze_destination_at_handover(lab, "vm1", "kvm1", "kvm2")
    refused = _abort(lab)
    faults.resume(lab.hosts["kvm2"].daemon("libvirtd"))
    assert refused.error_code == "changing_hands", refused
    assert moving.result().outcome == "moved"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_operator_ends_the_migration_of_a_running_playbook(lab: Lab) -> None:
    """The playbook reports the VM as not moved, with the reason; the VM never stopped."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    source = lab.hosts["kvm1"].connection().lookupByName("vm1")
    wanted = {
        "drover_vm": "vm1",
        "drover_destination": "kvm2",
        "drover_migration": {"bandwidth_mib_s": 2},
    }
    running = subprocess.Popen(
        command(lab, "drover.libvirt.migrate", "-e", json.dumps(wanted)),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: source.jobStats().get("memory_processed", 0) > 4 << 20, 90.0)
    aborted = run_playbook(lab, "drover.libvirt.abort", "-e", "drover_vm=vm1")
    assert (aborted.code, aborted.changed) == (0, 1), aborted.output
    output, _nothing = running.communicate(timeout=120)
    assert running.returncode != 0
    assert "vm1 is not on kvm2: it is running on kvm1." in output
    assert stays(lab, "vm1") == ("kvm1",)
    unknown = run_playbook(lab, "drover.libvirt.abort", "-e", "drover_vm=vm9")
    assert unknown.sentence == "No host that answers knows the VM vm9."
