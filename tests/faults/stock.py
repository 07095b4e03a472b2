# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same fault while plain ``virsh migrate`` moves the VM, for comparison."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults import checker
from tests.faults.moments import play
from tests.faults.process import Process
from tests.faults.row import Row, state_on
from tests.faults.scene import Scene
from tests.lab.host import Host
from tests.lab.lab import Lab

_LIMIT_S = 60.0


class Virsh(Process):
    """``virsh migrate`` on the source, with the flags that its manual recommends."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.source, _command(scene.guest, scene.destination), "migrate")


def _command(guest: str, destination: Host) -> list[str]:
    flags = ["--live", "--p2p", "--persistent", "--undefinesource", "--abort-on-error"]
    ways = [f"qemu+ssh://root@{destination.name}/system"]
    ways += ["--migrateuri", f"tcp://{destination.migration_address}", "--bandwidth", "8"]
    return ["virsh", "migrate", *flags, guest, *ways]


@dataclass(frozen=True)
class Stock:
    """What became of the VM.

    Parameters
    ----------
    row
        The fault.
    said
        virsh's last word.
    source, destination
        State of the VM there when the fault was undone.
    twice
        How it ran twice; empty when it did not.
    """

    row: Row
    said: str
    source: str
    destination: str
    twice: list[str]


def run_stock(lab: Lab, row: Row) -> Stock:
    """Play a row with virsh in the place of Drover.

    Raises
    ------
    LabError
        When it cannot be played.
    """
    lab.reset()
    scene = Scene(lab, row, start=Virsh)
    try:
        scene.start_vm()
        play(scene)
        scene.process.wait_ended(_LIMIT_S)
        said = scene.process.last_words()
        scene.heal()
        # Where it runs twice, both copies tick within this time.
        scene.let_pass(2.0)
        return _stock(scene, said)
    finally:
        scene.heal()
        lab.reset()


def _stock(scene: Scene, said: str) -> Stock:
    places = scene.lab.where(scene.guest)
    return Stock(
        row=scene.row,
        said=said,
        source=state_on(places, scene.source.name),
        destination=state_on(places, scene.destination.name),
        twice=checker.ran_at_most_once(scene.lab, scene.guest),
    )
