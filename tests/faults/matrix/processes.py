# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which a process dies or freezes: QEMU, libvirtd, the migrating process."""

from __future__ import annotations

from typing import Any

from tests.faults.injections import (
    both,
    freeze_daemon,
    freeze_qemu,
    kill_daemon,
    kill_migrator,
    kill_qemu,
    thaw_daemon,
    until_source_ends,
)
from tests.faults.row import BY_CONTROLLER, EITHER, MOVED, Expected, Moment, Row, Vm
from tests.faults.scene import Scene

_STAYS = Expected("not_moved|rolled_back", "qemu_died|daemon_lost|connection_lost")
_KILLED = Expected("killed", source="absent", destination="running")
_STAYED = Expected("killed")
_LOST = Expected("lost", "lost", "runs on neither host", source="shutoff")


def _start_source(scene: Scene) -> None:
    scene.source.start_daemon("libvirtd")


def _pause_3_s(scene: Scene) -> None:
    scene.let_pass(3.0)


def _killed(moment: Moment, expected: Expected = _KILLED, name: str = "", **more: Any) -> Row:
    """Return a row in which the migrating process dies between two of its deeds."""
    name = name or moment.name.lower().replace("_", "-")
    fault = "kill -9 of the migrating process"
    return Row(
        f"kill-migrator-{name}", fault, moment, kill_migrator, expected, settles=True, **more
    )


ROWS = (
    # -- QEMU
    Row(
        "kill-destination-qemu-arriving",
        "kill -9 of the destination's QEMU",
        Moment.ARRIVING,
        kill_qemu("destination"),
        _STAYS,
    ),
    Row(
        "kill-destination-qemu-copying",
        "kill -9 of the destination's QEMU",
        Moment.COPYING,
        kill_qemu("destination"),
        _STAYS,
        quick=True,
    ),
    Row(
        "kill-destination-qemu-handover",
        "kill -9 of the destination's QEMU",
        Moment.HANDOVER,
        kill_qemu("destination"),
        Expected("not_moved|rolled_back", "qemu_died|daemon_lost|migration_failed"),
    ),
    Row(
        "kill-source-qemu-copying",
        "kill -9 of the source's QEMU",
        Moment.COPYING,
        kill_qemu("source"),
        _LOST,
        starts_again=True,
        quick=True,
    ),
    Row(
        "kill-source-qemu-handover",
        "kill -9 of the source's QEMU",
        Moment.HANDOVER,
        kill_qemu("source"),
        Expected("moved|lost", "|lost", source="absent|shutoff", destination="running|absent"),
        starts_again=True,
        note="all of it had been sent: whether it is moved or lost is the destination's word",
    ),
    Row(
        "kill-destination-qemu-handed-over",
        "kill -9 of the destination's QEMU, before it was resumed",
        Moment.HANDED_OVER,
        kill_qemu("destination"),
        Expected("lost", "lost", "runs on neither host", source="absent", destination="shutoff"),
        options=BY_CONTROLLER,
        starts_again=True,
        note="like a crash of the VM: the definition is kept on the destination",
    ),
    Row(
        "freeze-destination-qemu",
        "the destination's QEMU hangs (SIGSTOP)",
        Moment.COPYING,
        freeze_qemu("destination"),
        Expected("not_moved|rolled_back", "no_progress", "Not one byte was copied"),
        options={"no_progress_timeout_s": 4.0},
        quick=True,
        note="4 s without a byte (60 s by default), 30 s for the cancelled call to return, and 15 s "
        "until libvirt kills a QEMU that does not end",
    ),
    Row(
        "freeze-source-qemu",
        "the source's QEMU hangs (SIGSTOP) and goes on after the verdict",
        Moment.COPYING,
        freeze_qemu("source"),
        Expected("rolled_back", "source_hangs", "whether it runs is not known"),
        options={
            "no_progress_timeout_s": 4.0,
            "abort_timeout_s": 5.0,
            "settle_timeout_s": 3.0,
            "timeout_min_s": 10.0,
            "timeout_s_per_gib": 1.0,
        },
        leaves="handover mark",
        limit_s=240.0,
        note="it never ran on the destination, so it is on the source; libvirt waits 30 s for each "
        "answer of a QEMU that hangs",
    ),
    # -- libvirtd
    Row(
        "kill-destination-daemon-asked",
        "kill -9 of the destination's libvirtd, started again",
        Moment.ASKED,
        kill_daemon("destination"),
        MOVED,
        note="the connections are opened again",
    ),
    Row(
        "kill-destination-daemon-copying",
        "kill -9 of the destination's libvirtd, started again",
        Moment.COPYING,
        kill_daemon("destination"),
        Expected("not_moved", "daemon_lost"),
        quick=True,
    ),
    Row(
        "kill-destination-daemon-handover",
        "kill -9 of the destination's libvirtd, started again",
        Moment.HANDOVER,
        kill_daemon("destination"),
        Expected("not_moved|rolled_back", "daemon_lost"),
    ),
    Row(
        "kill-source-daemon-asked",
        "kill -9 of the source's libvirtd, started again",
        Moment.ASKED,
        kill_daemon("source"),
        MOVED,
        note="the connections are opened again",
    ),
    Row(
        "kill-source-daemon-copying",
        "kill -9 of the source's libvirtd, started again",
        Moment.COPYING,
        kill_daemon("source"),
        Expected("not_moved", "daemon_lost"),
        quick=True,
    ),
    Row(
        "kill-source-daemon-copying-third",
        "kill -9 of the source's libvirtd, started again, while a third host migrates over SSH",
        Moment.COPYING,
        kill_daemon("source"),
        Expected("not_moved", "daemon_lost"),
        driver="third",
        note="libvirt says: Cannot recv data: Connection reset by peer",
    ),
    Row(
        "kill-source-daemon-handover",
        "kill -9 of the source's libvirtd with the Finish already sent",
        Moment.HANDOVER,
        both(kill_daemon("source", restart=False), thaw_daemon("destination"), _start_source),
        EITHER,
        note="libvirt leaves it paused on the source and arrived on the destination",
    ),
    Row(
        "freeze-source-daemon-short",
        "the source's libvirtd hangs for 3 s",
        Moment.COPYING,
        both(freeze_daemon("source"), _pause_3_s, thaw_daemon("source")),
        MOVED,
    ),
    # -- the migrating process
    Row(
        "kill-migrator-asked",
        "kill -9 of the migrating process",
        Moment.ASKED,
        kill_migrator,
        Expected("killed"),
    ),
    Row(
        "kill-migrator-copying",
        "kill -9 of the migrating process; libvirt finishes without it",
        Moment.COPYING,
        both(kill_migrator, until_source_ends),
        Expected("killed", source="absent", destination="running"),
        settles=True,
        quick=True,
    ),
    Row(
        "kill-migrator-of-a-paused-vm",
        "kill -9 of the migrating process; libvirt finishes without it",
        Moment.COPYING,
        both(kill_migrator, until_source_ends),
        Expected("killed", source="absent", destination="paused"),
        vm=Vm("paused", paused=True),
        settles=True,
        may_pause=True,
        note="it had autostart, and has it again when the second run has looked after it",
    ),
    Row(
        "kill-migrator-handover",
        "kill -9 of the migrating process",
        Moment.HANDOVER,
        both(kill_migrator, thaw_daemon("destination"), until_source_ends),
        Expected("killed", source="absent", destination="running"),
        settles=True,
    ),
    Row(
        "kill-migrator-handed-over",
        "kill -9 of the migrating process",
        Moment.HANDED_OVER,
        kill_migrator,
        Expected("killed", source="absent", destination="running"),
        options=BY_CONTROLLER,
        settles=True,
    ),
    _killed(Moment.MARKED, _STAYED, settler="settle"),
    _killed(Moment.DECIDED, options=BY_CONTROLLER, settler="settle"),
    _killed(Moment.ENDED, options=BY_CONTROLLER, settler="settle", quick=True),
    _killed(
        Moment.ENDED,
        name="ended-again",
        options=BY_CONTROLLER,
        note="a second migration settles it",
    ),
    _killed(Moment.ARRIVED, settler="settle"),
    _killed(Moment.ARRIVED, name="arrived-again", note="a second migration settles it"),
    _killed(Moment.LOOKED_AFTER, settler="settle"),
    _killed(
        Moment.POST_COPY,
        options={"post_copy": "on_stall"},
        settler="settle",
        note="libvirt finishes without it",
    ),
    Row(
        "freeze-migrator",
        "the migrating process hangs until the source's QEMU is gone",
        Moment.HANDED_OVER,
        lambda _scene: None,
        MOVED,
        options=BY_CONTROLLER,
    ),
)
