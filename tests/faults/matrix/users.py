# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which somebody does something to the VM, and the kinds of VM there are."""

from __future__ import annotations

from tests.faults.injections import arrive_paused, both, kill_qemu, nothing, user
from tests.faults.row import MOVED, Expected, Moment, Row, Vm

_PAUSED_THERE = Expected("moved", source="absent", destination="paused")


ROWS = (
    Row(
        "user-suspends",
        "a user suspends the VM",
        Moment.COPYING,
        user("source", "suspend"),
        _PAUSED_THERE,
        options={"bandwidth_mib_s": 20},
        may_pause=True,
        quick=True,
    ),
    Row(
        "user-suspends-and-resumes",
        "a user suspends the VM and resumes it",
        Moment.COPYING,
        both(user("source", "suspend"), user("source", "resume")),
        _PAUSED_THERE,
        options={"bandwidth_mib_s": 20},
        may_pause=True,
        note="libvirt resumes no VM while it migrates: the user's call waits, and fails",
    ),
    Row(
        "user-resumes",
        "a user resumes a VM that was paused",
        Moment.COPYING,
        user("source", "resume"),
        _PAUSED_THERE,
        vm=Vm("paused", paused=True),
        options={"bandwidth_mib_s": 20},
        may_pause=True,
        note="libvirt resumes no VM while it migrates: the user's call waits, and fails",
    ),
    Row(
        "user-destroys-source",
        "a user destroys the VM on the source",
        Moment.COPYING,
        user("source", "destroy"),
        Expected("not_moved", "stopped", "was stopped on the source", source="shutoff"),
        starts_again=True,
    ),
    Row(
        "user-destroys-destination",
        "a user destroys what arrives on the destination",
        Moment.COPYING,
        user("destination", "destroy"),
        Expected("not_moved", "daemon_lost|qemu_died"),
    ),
    Row(
        "user-cancels",
        "a user cancels libvirt's job (virsh domjobabort)",
        Moment.COPYING,
        user("source", "abortJob"),
        Expected("not_moved", "cancelled|daemon_lost"),
        note="libvirt 9.0 may write the end of its own SSH connection over the true error",
    ),
    Row(
        "user-undefines",
        "a user removes the VM's definition from the source",
        Moment.COPYING,
        user("source", "undefine"),
        MOVED,
        options={"bandwidth_mib_s": 20},
        note="it had been persistent when it was asked for, and is on the destination",
    ),
    Row(
        "paused-vm",
        "none",
        Moment.BEFORE,
        nothing,
        _PAUSED_THERE,
        vm=Vm("paused", paused=True),
        may_pause=True,
    ),
    Row(
        "paused-vm-moved-on",
        "a paused VM that came by migration and has not run since is to move on",
        Moment.BEFORE,
        arrive_paused,
        Expected("not_moved", "prerequisite_failed", "has not run on kvm2", source="paused"),
        vm=Vm("paused", paused=True),
        may_pause=True,
        note="QEMU before 10.0 crashes when such a VM is migrated; stock libvirt loses it",
    ),
    Row(
        "transient-vm",
        "none",
        Moment.BEFORE,
        nothing,
        MOVED,
        vm=Vm("transient", transient=True, autostart=False),
    ),
    Row(
        "transient-vm-cut",
        "kill -9 of the destination's QEMU",
        Moment.COPYING,
        kill_qemu("destination"),
        Expected("not_moved", "qemu_died|daemon_lost"),
        vm=Vm("transient", transient=True, autostart=False),
    ),
    Row(
        "no-autostart",
        "none",
        Moment.BEFORE,
        nothing,
        MOVED,
        vm=Vm("running, no autostart", autostart=False),
    ),
)
