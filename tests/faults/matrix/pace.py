# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which the copy cannot keep up with the VM, or the hosts with either."""

from __future__ import annotations

from tests.faults import obstacles
from tests.faults.injections import (
    both,
    hang_storage,
    limit_memory,
    nothing,
    storage_answers,
)
from tests.faults.row import MOVED, Expected, Moment, Row, Vm
from tests.faults.scene import Scene

# It rewrites twice what the link carries.
_BUSY = Vm("rewrites 40 MiB/s", options={"dirty_mib_s": 40, "working_set_mib": 48})
_LINK = {"bandwidth_mib_s": 20}


def _pause_3_s(scene: Scene) -> None:
    scene.let_pass(3.0)


ROWS = (
    Row(
        "non-converging-timeout",
        "the VM rewrites its memory at twice the link's rate; no help is allowed",
        Moment.BEFORE,
        nothing,
        Expected("not_moved|rolled_back", "timeout", "time budget of 8 s"),
        vm=_BUSY,
        options={
            **_LINK,
            "auto_converge": False,
            "timeout_min_s": 8.0,
            "timeout_s_per_gib": 1.0,
        },
        again_options={"max_downtime_ms": 10000},
        quick=True,
    ),
    Row(
        "non-converging-stalled",
        "the VM rewrites its memory at twice the link's rate; the copy does not get nearer",
        Moment.BEFORE,
        nothing,
        Expected("not_moved|rolled_back", "stalled", "has stalled"),
        vm=_BUSY,
        options={**_LINK, "auto_converge": False, "stall_window_s": 5.0},
        again_options={"max_downtime_ms": 10000},
    ),
    Row(
        "non-converging-auto-converge",
        "the VM rewrites its memory at twice the link's rate; QEMU may slow it down",
        Moment.BEFORE,
        nothing,
        MOVED,
        vm=_BUSY,
        options=_LINK,
    ),
    Row(
        "non-converging-downtime",
        "the VM rewrites its memory at twice the link's rate; it may be paused for longer",
        Moment.BEFORE,
        nothing,
        MOVED,
        vm=_BUSY,
        options={
            **_LINK,
            "auto_converge": False,
            "max_downtime_ms": 6000,
            "stall_window_s": 5.0,
        },
    ),
    Row(
        "non-converging-post-copy",
        "the VM rewrites its memory at twice the link's rate; post-copy is allowed",
        Moment.BEFORE,
        nothing,
        MOVED,
        vm=_BUSY,
        options={
            **_LINK,
            "auto_converge": False,
            "stall_window_s": 5.0,
            "post_copy": "on_stall",
        },
        again_options={"max_downtime_ms": 10000},
    ),
    Row(
        "storage-hangs",
        "the shared storage hangs for 3 s while the VM writes to it",
        Moment.COPYING,
        both(hang_storage, _pause_3_s, storage_answers),
        MOVED,
        vm=Vm("running, writes to its disk", options={"disk_writes_s": 10}),
        options=_LINK,
    ),
    Row(
        "storage-hangs-handover",
        "the shared storage hangs for 3 s while the source gives the disk up",
        Moment.HANDOVER,
        both(hang_storage, _pause_3_s, storage_answers),
        MOVED,
        vm=Vm("running, writes to its disk", options={"disk_writes_s": 10}),
    ),
    Row(
        "storage-full",
        "the VM's storage is full: QEMU has paused it with an I/O error",
        Moment.BEFORE,
        obstacles.wait_for_io_error,
        Expected("not_moved", "prerequisite_failed|disk_error", "I/O error", source="running"),
        prepare=obstacles.small_storage,
        vm=Vm(
            "writes to its disk", options={"disk_writes_s": 20}, amend=obstacles.on_small_storage
        ),
    ),
    Row(
        "destination-short-of-memory",
        "QEMU cannot have the VM's memory on the destination",
        Moment.BEFORE,
        obstacles.short_of_memory,
        Expected("not_moved", "memory_short|daemon_lost|qemu_died"),
        vm=Vm("running, 512 MiB", options={"memory_mib": 512}),
        note="libvirt 9.0 may write the end of its own SSH connection over the true error",
    ),
    Row(
        "destination-out-of-memory",
        "the kernel kills the destination's QEMU because memory ran out (cgroup)",
        Moment.ASKED,
        limit_memory,
        Expected("not_moved|rolled_back", "qemu_died|daemon_lost|connection_lost|migration_failed"),
        vm=Vm("running, fills 192 MiB", options={"memory_mib": 256, "fill_mib": 192}),
        options={"bandwidth_mib_s": 60},
    ),
)
