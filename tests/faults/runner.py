# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one row and judges it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import checker
from tests.faults.migrator import KEEPALIVE_INTERVAL_S
from tests.faults.moments import play
from tests.faults.row import Row, state_on
from tests.faults.run import RunRow, SeenRun, play_run
from tests.faults.scene import Scene
from tests.lab import faults
from tests.lab.hardware import Hardware
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.processes import ProcessId

_QEMU_CONF = Path("/etc/libvirt/qemu.conf")
_LIBVIRTD_CONF = Path("/etc/libvirt/libvirtd.conf")
_KEEPALIVE = f"keepalive_interval = {KEEPALIVE_INTERVAL_S}\nkeepalive_count = 5\n"


@dataclass
class Seen:
    """What was seen in a row.

    Parameters
    ----------
    row
        The row.
    outcome, code, reason, remedy
        What Drover said.
    source, destination
        State of the VM there afterwards.
    duration_s, migration_s
        Of the whole row, and of the migration until its verdict.
    faults
        What is not as it must be; empty when the row passes.
    """

    row: Row
    outcome: str = ""
    code: str = ""
    reason: str = ""
    remedy: str = ""
    source: str = ""
    destination: str = ""
    duration_s: float = 0.0
    migration_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        """Whether all is as it must be."""
        return not self.faults

    @property
    def told(self) -> str:
        """What to print of it."""
        return f"(verdict {self.migration_s:.1f} s) {self.outcome} {self.code}"


class LabKeeper:
    """Keeps a lab for rows, and makes a new one after a row that could not be played.

    Parameters
    ----------
    name
        Of the lab.
    keep
        Whether it stays up at the end.
    """

    def __init__(self, name: str, *, keep: bool = False) -> None:
        self._name = name
        self._owner = None if keep else ProcessId.of(os.getpid())
        self._lab: Lab | None = None

    def __enter__(self) -> LabKeeper:
        Lab.sweep()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._owner is not None:
            self._take_down()

    @property
    def lab(self) -> Lab:
        """The lab."""
        if self._lab is None:
            self._lab = make_lab(self._name, self._owner)
        return self._lab

    def _take_down(self) -> None:
        if self._lab is not None:
            self._lab.down()
            self._lab = None

    def play(self, row: Row | RunRow) -> Seen | SeenRun:
        """Play a row; that it cannot be played is a fault like others."""
        began_s = time.monotonic()
        try:
            return play_run(self.lab, row) if isinstance(row, RunRow) else run_row(self.lab, row)
        except Exception as error:  # one row, whatever is wrong with it, must not end the run
            # Whatever is wrong with the lab now must not make the next row fail.
            self._take_down()
            told = f"the row could not be played: {type(error).__name__}: {str(error)[:900]}"
            took_s = time.monotonic() - began_s
            if isinstance(row, RunRow):
                return SeenRun(row, duration_s=took_s, faults=[told])
            return Seen(row, duration_s=took_s, faults=[told])


def make_lab(name: str, owner: ProcessId | None = None) -> Lab:
    """Make a lab of three hosts whose daemons notice a dead peer within 6 s instead of 30 s."""
    lab = Lab.up(name, (Hardware(4, 8192),) * 3, owner=owner)
    for host in lab.hosts.values():
        _shorten_keepalive(host)
    return lab


def _shorten_keepalive(host: Host) -> None:
    for path in (_QEMU_CONF, _LIBVIRTD_CONF):
        config = host.path(path)
        if _KEEPALIVE not in config.read_text():
            config.write_text(config.read_text() + _KEEPALIVE)
    faults.kill(host.daemon("libvirtd"))
    host.start_daemon("libvirtd")
    host.wait_ready()


def run_row(lab: Lab, row: Row) -> Seen:
    """Play a row from a clean lab to the second migration, and judge it.

    Raises
    ------
    LabError
        When the row cannot be played. What Drover does wrong is in the result.
    """
    began_s = time.monotonic()
    seen = Seen(row)
    lab.reset()
    scene = Scene(lab, row)
    try:
        _play(scene, seen)
    finally:
        scene.heal()
        lab.reset()
        scene.clean_up()
    seen.duration_s = time.monotonic() - began_s
    return seen


def _play(scene: Scene, seen: Seen) -> None:
    if scene.row.prepare is not None:
        scene.row.prepare(scene)
    scene.start_vm()
    migrate_through(scene, seen)


def migrate_through(scene: Scene, seen: Seen) -> None:
    """Migrate the scene's VM, which is there already, through the row's fault, and judge what comes of it."""
    before = checker.look_around(scene.lab)
    play(scene)
    result = scene.migrator.result(scene.row.limit_s)
    _take_down(seen, scene.row, result)
    seen.remarks = scene.remarks
    if scene.row.fenced:
        _settle(scene, seen, fenced=True)
    scene.heal()
    _judge(scene, seen, before)


def _take_down(seen: Seen, row: Row, result: dict[str, Any] | None) -> None:
    expected = row.expected
    if result is None:
        seen.outcome = "killed"
        if expected.outcome != "killed":
            seen.faults.append("the migrating process ended without a result")
        return
    seen.outcome, seen.code = result["outcome"], result["error_code"]
    seen.reason, seen.remedy = result["reason"], result["remedy"]
    seen.migration_s = result["duration_s"]
    seen.faults += checker.told_clearly(expected, result)
    left = [each for each in result["leftovers"] if not (row.leaves and row.leaves in each)]
    seen.faults += [f"it left: {leftover}" for leftover in left]


def _judge(scene: Scene, seen: Seen, before: checker.Surroundings) -> None:
    lab, guest = scene.lab, scene.guest
    if scene.row.settles:
        _settle(scene, seen)
    _compare_places(scene, seen)
    seen.faults += checker.ran_at_most_once(lab, guest)
    _start_again(scene, seen)
    here, there = scene.source, scene.destination
    if state_on(lab.where(guest), here.name) == "absent":
        here, there = there, scene.onward
    _migrate_again(scene, seen, here, there)
    seen.faults += checker.is_alive(lab, guest, there.name)
    seen.faults += checker.nothing_left(lab, guest, there.name, before)
    seen.faults += _definition(scene, there)
    seen.faults += checker.ran_at_most_once(lab, guest)


def _compare_places(scene: Scene, seen: Seen) -> None:
    places = scene.lab.where(scene.guest)
    seen.source = state_on(places, scene.source.name)
    seen.destination = state_on(places, scene.destination.name)
    for end in ("source", "destination"):
        wanted, found = getattr(scene.row.expected, end), getattr(seen, end)
        if found not in wanted.split("|"):
            seen.faults.append(f"on the {end} it is {found} instead of {wanted}")


def _start_again(scene: Scene, seen: Seen) -> None:
    """Let the VM run, where the fault or the row has stopped it."""
    for host in (scene.source, scene.destination):
        state = state_on(scene.lab.where(scene.guest), host.name)
        if state == "paused" and scene.row.may_pause:
            scene.domain(host).resume()
        if state in ("shutoff", "crashed"):
            if not scene.row.starts_again:
                seen.faults.append(f"the VM is off on {host.name}, and it could live")
            scene.domain(host).create()


def _settle(scene: Scene, seen: Seen, fenced: bool = False) -> None:
    """Let a second run settle what the first one left, also without a host that is vouched for as off."""
    if scene.row.settler == "migrate":
        _migrate_again(scene, seen, scene.source, scene.destination, same_mode=True)
        return
    settled = scene.settle(fenced).result(90)
    assert settled is not None
    if settled["outcome"] in ("unknown", "quarantined") or settled["leftovers"]:
        seen.faults.append(f"settling: {settled['outcome']}: {settled['reason']}")


def _migrate_again(
    scene: Scene, seen: Seen, here: Host, there: Host, same_mode: bool = False
) -> None:
    again = scene.migrate(there, source=here, plain=True, same_mode=same_mode).result(90)
    assert again is not None
    if again["outcome"] not in ("moved", "already_there"):
        seen.faults.append(f"a second migration: {again['outcome']}: {again['reason']}")


def _definition(scene: Scene, host: Host) -> list[str]:
    """Say what of the VM's definition has not travelled."""
    vm = scene.row.vm
    places = [place for place in scene.lab.where(scene.guest) if place.host == host.name]
    if not places:
        return [f"{scene.guest} is not on {host.name}"]
    faults = []
    if places[0].persistent is vm.transient:
        faults.append("it is persistent" if vm.transient else "it has no definition")
    if not vm.transient and places[0].autostart is not vm.autostart:
        faults.append(f"autostart is {'on' if places[0].autostart else 'off'}")
    return faults
