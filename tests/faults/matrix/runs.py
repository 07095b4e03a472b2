# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which the world changes around a whole run."""

from __future__ import annotations

from tests.faults.changes import (
    daemon_restarted,
    empty,
    has,
    moved_by_hand,
    owner,
    removed,
    state_full,
    state_hidden,
)
from tests.faults.run import RunRow, RunScene

_EVACUATE = ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
_RESTORE = ("drover.libvirt.restore", "-e", "drover_hosts=kvm2")
_MIGRATE = ("drover.libvirt.migrate", "-e", "drover_vm=vm1", "-e", "drover_destination=kvm3")
_THREE = {"kvm2": ("vm1", "vm2", "vm3")}


def _place(scene: RunScene, name: str) -> str:
    """Return the host on which a VM runs."""
    return next(place.host for place in scene.lab.where(name) if place.state == "running")


RUNS = (
    RunRow(
        "evacuate-started",
        "the owner starts a VM that was off on the host",
        _EVACUATE,
        {"kvm2": ("vm1", "vm2", "off1")},
        owner("create", "off1", "kvm2"),
        empty("kvm2"),
        words=("kvm2 is not empty: off1 (running, not there when this was planned).",),
    ),
    RunRow(
        "evacuate-arrived",
        "somebody moves another VM onto the host",
        _EVACUATE,
        {"kvm2": ("vm1", "vm2"), "kvm3": ("vm3",)},
        moved_by_hand("vm3", "kvm3", "kvm2"),
        empty("kvm2"),
        words=("kvm2 is not empty: vm3 (running, not there when this was planned).",),
    ),
    RunRow(
        "evacuate-removed",
        "the owner stops and removes a VM that waits for its turn",
        _EVACUATE,
        _THREE,
        removed("vm3", "kvm2"),
        empty("kvm2"),
        quick=True,
    ),
    RunRow(
        "evacuate-shut-down",
        "the owner shuts a VM down that waits for its turn",
        _EVACUATE,
        _THREE,
        owner("destroy", "vm3", "kvm2"),
        empty("kvm2"),
    ),
    RunRow(
        "evacuate-suspended",
        "the owner suspends a VM that waits for its turn",
        _EVACUATE,
        _THREE,
        owner("suspend", "vm3", "kvm2"),
        empty("kvm2"),
    ),
    RunRow(
        "evacuate-moved-by-hand",
        "somebody moves a VM away that waits for its turn",
        _EVACUATE,
        _THREE,
        moved_by_hand("vm3", "kvm2", "kvm3"),
        empty("kvm2"),
    ),
    RunRow(
        "restore-removed",
        "the owner stops and removes a VM that is to come back",
        _RESTORE,
        {"kvm2": ("vm1", "vm2")},
        lambda scene: removed("vm2", _place(scene, "vm2"))(scene),
        has("kvm2", "vm1"),
        first=_EVACUATE,
    ),
    RunRow(
        "restore-shut-down",
        "the owner shuts a VM down that is to come back",
        _RESTORE,
        {"kvm2": ("vm1", "vm2")},
        lambda scene: owner("destroy", "vm2", _place(scene, "vm2"))(scene),
        has("kvm2", "vm1"),
        first=_EVACUATE,
    ),
    RunRow(
        "migrate-shut-down",
        "the owner shuts the VM down in the middle of its migration",
        _MIGRATE,
        {"kvm2": ("vm1",)},
        owner("destroy", "vm1", "kvm2"),
        empty("kvm3"),
        code=2,
        words=("vm1 is not on kvm3: it is shutoff on kvm2.",),
        again=False,
    ),
    RunRow(
        "full-coordinator",
        "the state directory of the coordinator is full",
        _EVACUATE,
        _THREE,
        state_full("kvm1"),
        has("kvm2", "vm1", "vm2", "vm3"),
        early=True,
        code=2,
        words=("kvm1: /var/lib/drover/executions", "Free some space"),
    ),
    RunRow(
        "full-source",
        "the state directory of the host to be emptied is full",
        _EVACUATE,
        _THREE,
        state_full("kvm2"),
        has("kvm2", "vm1", "vm2", "vm3"),
        early=True,
        code=2,
        words=("kvm2: /var/lib/drover/executions", "Free some space"),
    ),
    RunRow(
        "full-destination",
        "the state directory of a destination is full",
        _EVACUATE,
        _THREE,
        state_full("kvm3"),
        has("kvm2", "vm1", "vm2", "vm3"),
        early=True,
        code=2,
        words=("kvm3: /var/lib/drover/executions", "Free some space"),
    ),
    RunRow(
        "full-source-meanwhile",
        "the state directory of the host to be emptied is hidden by a full one",
        _EVACUATE,
        _THREE,
        state_full("kvm2"),
        empty("kvm2"),
    ),
    RunRow(
        "full-destination-meanwhile",
        "the state directory of a destination is hidden by a full one",
        _EVACUATE,
        _THREE,
        state_full("kvm3"),
        empty("kvm2"),
    ),
    RunRow(
        "hidden-coordinator",
        "something is mounted over the state directory of the coordinator",
        _EVACUATE,
        _THREE,
        state_hidden("kvm1"),
        lambda scene: "" if len(scene.running_on("kvm2")) == 2 else "it did not stop",
        code=2,
        words=("cannot see its own folder /var/lib/drover/executions/",),
    ),
    RunRow(
        "daemon-restarted",
        "libvirtd of a host that takes no part is restarted",
        _MIGRATE,
        {"kvm2": ("vm1",)},
        daemon_restarted("kvm1"),
        has("kvm3", "vm1"),
    ),
)
