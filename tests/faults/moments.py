# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a migration to the moment of a row's fault, by what can be seen of it."""

from __future__ import annotations

import signal
from collections.abc import Callable

import libvirt

from tests.faults.injections import drop_replies, kill_daemon, lift_rules
from tests.faults.row import Moment
from tests.faults.scene import Scene, wait_until
from tests.lab import faults

_FAST_MIB_S = 1000
_COPIED_MIB = 4.0
_SLOW_MBIT = 24
_SAVED_BYTES = 1 << 20


def play(scene: Scene) -> None:
    """Begin the migration and let the fault come at its moment."""
    _PLAYS[scene.row.moment](scene)


def _before(scene: Scene) -> None:
    scene.row.inject(scene)
    scene.begin()


def _asked(scene: Scene) -> None:
    scene.begin()
    scene.migrator.wait_begun()
    scene.row.inject(scene)
    if not scene.migrator.has_ended:
        scene.migrator.write_line()


def _arriving(scene: Scene) -> None:
    scene.begin()
    wait_until(lambda: scene.has_qemu(scene.destination), 30, "a QEMU on the destination")
    scene.row.inject(scene)


def _copying(scene: Scene) -> None:
    scene.begin()
    scene.wait_copied(_COPIED_MIB)
    scene.row.inject(scene)


def _handover(scene: Scene) -> None:
    """The destination's daemon is frozen, so what comes after the pause waits for the thaw."""
    scene.begin()
    scene.wait_copied(_COPIED_MIB)
    daemon = scene.destination.daemon("libvirtd")
    faults.pause(daemon)
    _finish_copy(scene)
    scene.row.inject(scene)
    daemon.send(signal.SIGCONT)


def _finish_copy(scene: Scene) -> None:
    """Let the copy end; no connection to the source is left, for closing one may hang later."""
    domain = scene.domain(scene.source)
    domain.migrateSetMaxSpeed(_FAST_MIB_S)
    wait_until(
        lambda: domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED, 60, "the pause of the source"
    )


def _given_up(scene: Scene) -> None:
    """The source's daemon dies after all has arrived and before it hears of that: it leaves its VM paused."""
    scene.begin()
    scene.wait_copied(_COPIED_MIB)
    daemon = scene.destination.daemon("libvirtd")
    faults.pause(daemon)
    _finish_copy(scene)
    drop_replies(scene)
    daemon.send(signal.SIGCONT)
    arrived = scene.domain(scene.destination)
    by_user = [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER]
    wait_until(lambda: arrived.state() == by_user, 5, "the arrival")
    kill_daemon("source", restart=False)(scene)
    lift_rules(scene.destination)
    scene.source.start_daemon("libvirtd")
    scene.migrator.wait_held()
    scene.row.inject(scene)


def _handed_over(scene: Scene) -> None:
    """The migrating process is frozen while libvirt finishes; it wakes up after the fault.

    No connection to the source is left, for closing one to a host that is off would hang.
    """
    scene.begin()
    scene.wait_copied(_COPIED_MIB)
    domain = scene.domain(scene.source)
    scene.process.freeze()
    domain.migrateSetMaxSpeed(_FAST_MIB_S)
    del domain
    wait_until(lambda: not scene.has_qemu(scene.source), 60, "the end of the source's QEMU")
    scene.row.inject(scene)
    scene.process.thaw()


def _post_copy(scene: Scene) -> None:
    """A slow link keeps most of the memory on the source when the VM changes hands."""
    faults.limit_bandwidth(scene.destination, _SLOW_MBIT)
    scene.on_heal(lambda: faults.unlimit_bandwidth(scene.destination))
    scene.begin()
    scene.wait_copied(_COPIED_MIB)
    scene.domain(scene.source).migrateStartPostCopy()
    arriving = scene.domain(scene.destination)
    wait_until(lambda: arriving.state()[1] == libvirt.VIR_DOMAIN_RUNNING_POSTCOPY, 30, "post-copy")
    scene.row.inject(scene)


def _saving(scene: Scene) -> None:
    scene.begin()
    images = scene.lab.layout.backing
    wait_until(
        lambda: any(
            path.stat().st_size > _SAVED_BYTES for path in images.rglob(f"{scene.guest}.*.part")
        ),
        30,
        "a saved image",
    )
    scene.row.inject(scene)


def _held(scene: Scene) -> None:
    """The migrating process waits at the step; it goes on after the fault, if it still lives."""
    scene.begin()
    scene.migrator.wait_held()
    scene.row.inject(scene)
    if not scene.migrator.has_ended:
        scene.migrator.write_line()


_PLAYS: dict[Moment, Callable[[Scene], None]] = {
    Moment.BEFORE: _before,
    Moment.ASKED: _asked,
    Moment.ARRIVING: _arriving,
    Moment.COPYING: _copying,
    Moment.HANDOVER: _handover,
    Moment.HANDED_OVER: _handed_over,
    Moment.POST_COPY: _post_copy,
    Moment.SAVING: _saving,
    Moment.MARKED: _held,
    Moment.DECIDED: _given_up,
    Moment.ENDED: _given_up,
    Moment.ARRIVED: _held,
    Moment.LOOKED_AFTER: _held,
    Moment.QUICK_MARKED: _held,
    Moment.WRITTEN: _held,
    Moment.SAVED: _held,
    Moment.PREPARED: _held,
    Moment.CLAIMED: _held,
    Moment.RESTORED: _held,
    Moment.UNDEFINED: _held,
    Moment.USED: _held,
    Moment.RUNNING: _held,
    Moment.RESUMED: _held,
    Moment.TURNED_BACK: _held,
    Moment.DEFINED: _held,
}
