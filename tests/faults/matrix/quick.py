# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of quick moves, through a saved image, and of offline moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults import obstacles
from tests.faults.injections import (
    BOTH_NETWORKS,
    both,
    cut,
    hang_storage,
    kill_daemon,
    kill_migrator,
    kill_qemu,
    nothing,
    power_cycle,
    storage_answers,
    until_source_runs_again,
    user,
)
from tests.faults.row import MOVED, Expected, Inject, Moment, Row, Vm
from tests.lab.guests import IMAGES

_QUICK: dict[str, Any] = {"mode": "quick", "save_directory": str(IMAGES)}
_IMPATIENT = {**_QUICK, "settle_timeout_s": 3.0}
_SMALL = {**_QUICK, "save_directory": str(IMAGES.with_name(obstacles.SMALL))}
_OFF = Vm("shut off", off=True)
_OFFLINE = {"mode": "offline"}
_TRANSIENT = Vm("transient", transient=True, autostart=False)
_KILLED = Expected("killed", source="absent", destination="running")
_BACK = Expected("rolled_back", "qemu_died|daemon_lost|no_answer|connection_failed|libvirt_failed")
_UNKNOWN = Expected("unknown", "unknown", source="absent", destination="running")


def _quick(
    name: str,
    fault: str,
    moment: Moment,
    inject: Inject,
    expected: Expected,
    options: Mapping[str, Any] | None = None,
    again_options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Row:
    """Return a row whose first, second and settling moves are quick ones, if they are not told otherwise."""
    return Row(
        f"quick-{name}",
        fault,
        moment,
        inject,
        expected,
        options=_QUICK if options is None else options,
        again_options=_QUICK if again_options is None else again_options,
        **more,
    )


def _killed(moment: Moment, expected: Expected = _KILLED, **more: Any) -> Row:
    name = moment.name.lower().replace("quick_", "").replace("_", "-")
    fault = "kill -9 of the migrating process"
    return _quick(
        f"kill-migrator-{name}", fault, moment, kill_migrator, expected, settles=True, **more
    )


ROWS = (
    _quick("plain", "none", Moment.BEFORE, nothing, MOVED),
    _quick("transient-vm", "none", Moment.BEFORE, nothing, MOVED, vm=_TRANSIENT),
    _quick(
        "paused-vm",
        "none",
        Moment.BEFORE,
        nothing,
        Expected("moved", source="absent", destination="paused"),
        vm=Vm("paused", paused=True),
        may_pause=True,
    ),
    # -- the migrating process
    _quick(
        "kill-migrator-saving",
        "kill -9 of the migrating process while the storage hangs; libvirt saves without it",
        Moment.SAVING,
        both(hang_storage, kill_migrator, storage_answers),
        _KILLED,
        settles=True,
    ),
    _killed(Moment.QUICK_MARKED, settler="settle", expected=Expected("killed")),
    _killed(Moment.WRITTEN),
    _killed(Moment.SAVED, settler="settle"),
    _killed(Moment.PREPARED, settler="settle"),
    _killed(Moment.CLAIMED, quick=True),
    _killed(Moment.RESTORED, settler="settle"),
    _killed(Moment.UNDEFINED),
    _killed(Moment.USED, quick=True, settler="settle"),
    _killed(Moment.RUNNING),
    _killed(Moment.RESUMED, settler="settle"),
    _killed(
        Moment.TURNED_BACK,
        prepare=obstacles.short_of_memory,
        vm=Vm("running, 512 MiB", options={"memory_mib": 512}),
        note="the destination could not restore the VM; the fault is undone before the second run",
    ),
    _quick(
        "kill-migrator-saved-transient",
        "kill -9 of the migrating process: no host knows the VM any more",
        Moment.SAVED,
        kill_migrator,
        _KILLED,
        vm=_TRANSIENT,
        settles=True,
    ),
    # -- QEMU and libvirtd
    _quick(
        "kill-source-qemu-saving",
        "kill -9 of the source's QEMU",
        Moment.SAVING,
        kill_qemu("source"),
        Expected("lost", "lost", source="shutoff"),
        starts_again=True,
    ),
    _quick(
        "kill-source-daemon-saving",
        "kill -9 of the source's libvirtd, started again",
        Moment.SAVING,
        kill_daemon("source"),
        Expected("not_moved", "libvirt_failed|daemon_lost|connection_lost"),
    ),
    _quick(
        "kill-destination-qemu-restored",
        "kill -9 of the destination's QEMU",
        Moment.RESTORED,
        kill_qemu("destination"),
        _BACK,
    ),
    _quick(
        "kill-destination-daemon-claimed",
        "kill -9 of the destination's libvirtd, started again",
        Moment.CLAIMED,
        kill_daemon("destination"),
        MOVED,
        note="the connections are opened again",
    ),
    _quick(
        "short-of-memory",
        "QEMU cannot have the VM's memory on the destination",
        Moment.SAVED,
        obstacles.short_of_memory,
        _BACK,
        vm=Vm("running, 512 MiB", options={"memory_mib": 512}),
    ),
    # -- power, links, storage
    _quick(
        "destination-power-cycle-restored",
        "the destination loses its power and boots again",
        Moment.RESTORED,
        power_cycle("destination"),
        _BACK,
    ),
    _quick(
        "source-power-cycle-claimed",
        "the source, and with it the migrating process, loses its power and boots again",
        Moment.CLAIMED,
        power_cycle("source"),
        _KILLED,
        vm=Vm("running, no autostart", autostart=False),
        settles=True,
    ),
    _quick(
        "source-power-cycle-restored-autostart",
        "the source loses its power, boots again and restarts the VM, while a third host moves it",
        Moment.RESTORED,
        both(power_cycle("source"), until_source_runs_again),
        Expected("rolled_back", "started_anew"),
        vm=Vm("running, diskless", options={"disk": False}),
        driver="third",
        note="its saved memory is void then; without a disk, for QEMU's lock would refuse the start",
    ),
    _quick(
        "management-cut-saved",
        "the destination's management link is cut; healed after the verdict",
        Moment.SAVED,
        cut("destination", *BOTH_NETWORKS),
        _BACK,
        options=_IMPATIENT,
        limit_s=200.0,
    ),
    _quick(
        "management-cut-claimed",
        "the destination's management link is cut; healed after the verdict",
        Moment.CLAIMED,
        cut("destination", *BOTH_NETWORKS),
        _UNKNOWN,
        options=_IMPATIENT,
        settles=True,
        leaves="The saved image is at",
        limit_s=200.0,
    ),
    _quick(
        "storage-hangs",
        "the shared storage hangs for 3 s",
        Moment.SAVING,
        both(hang_storage, lambda scene: scene.let_pass(3.0), storage_answers),
        MOVED,
    ),
    _quick(
        "storage-full",
        "the storage is full before the memory is saved",
        Moment.BEFORE,
        nothing,
        Expected("not_moved", "libvirt_failed", "No space left"),
        prepare=obstacles.small_storage,
        vm=Vm("running", amend=obstacles.on_small_storage),
        options=_SMALL,
        again_options={},
        quick=True,
    ),
    # -- users
    _quick(
        "user-restarts-it",
        "kill -9 of the migrating process; a user restarts the VM on the source",
        Moment.SAVED,
        both(kill_migrator, user("source", "create")),
        _KILLED,
        settles=True,
        note="its saved memory is void then",
    ),
    # -- offline
    Row(
        "offline-plain",
        "none",
        Moment.BEFORE,
        nothing,
        Expected("moved", source="absent", destination="shutoff"),
        vm=_OFF,
        options=_OFFLINE,
        starts_again=True,
    ),
    Row(
        "offline-running",
        "the VM runs",
        Moment.BEFORE,
        nothing,
        Expected("not_moved", "prerequisite_failed", "only its definition would move"),
        options=_OFFLINE,
    ),
    Row(
        "offline-kill-destination-daemon",
        "kill -9 of the destination's libvirtd; started again after the verdict",
        Moment.ASKED,
        kill_daemon("destination", restart=False),
        Expected("not_moved", "connection_failed|libvirt_failed", source="shutoff"),
        vm=_OFF,
        options=_OFFLINE,
        starts_again=True,
        leaves="It is not known whether",
    ),
    Row(
        "offline-kill-migrator-defined",
        "kill -9 of the migrating process",
        Moment.DEFINED,
        kill_migrator,
        Expected("killed", source="absent", destination="shutoff"),
        vm=_OFF,
        options=_OFFLINE,
        settles=True,
        starts_again=True,
    ),
)
