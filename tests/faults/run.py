# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which a whole playbook runs, and the world changes before it or in the middle of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import libvirt

from tests.faults import checker
from tests.lab import faults
from tests.lab.controller import Controller, Executor, until_copying
from tests.lab.lab import Lab
from tests.lab.playbook import PlaybookRun, run_playbook

_BIG: dict[str, Any] = {"memory_mib": 128, "fill_mib": 64}
# So slow that a migration of such a guest takes some five seconds.
_SLOW_MBIT = 100.0


class RunScene:
    """One run being played.

    Parameters
    ----------
    lab
        Three hosts.
    row
        What is played.
    """

    def __init__(self, lab: Lab, row: RunRow) -> None:
        self.lab = lab
        self.row = row
        self._undo = ExitStack()

    def domain(self, name: str, host: str) -> libvirt.virDomain:
        """Return a VM of a host, as its owner has it."""
        return self.lab.hosts[host].connection().lookupByName(name)

    def running_on(self, host: str) -> list[str]:
        """Return the names of the VMs that are active on a host."""
        return sorted(each.name() for each in self.lab.hosts[host].connection().listAllDomains(1))

    def on_heal(self, undo: Callable[[], object]) -> None:
        """Undo something before the command is run again."""
        self._undo.callback(undo)

    def heal(self) -> None:
        """Undo what the row did."""
        self._undo.close()


Act = Callable[[RunScene], None]
Holds = Callable[[RunScene], str]


@dataclass(frozen=True)
class RunRow:
    """One change of the world around a run.

    Parameters
    ----------
    name
        Short and unique.
    fault
        What happens, in words.
    command
        Playbook and arguments.
    vms
        The VMs of each host; those whose names begin with "off" are off.
    act
        Makes it happen.
    holds
        Says what is not as it must be afterwards; nothing where all is.
    early
        Whether it happens before the run and not in the middle of a copy.
    first
        Run before, such as the evacuation before a restoration.
    code
        Exit code of the playbook.
    words
        What it must say.
    again
        Whether the same command succeeds when the fault is undone.
    quick
        Whether `make test` runs the row, too.
    """

    name: str
    fault: str
    command: Sequence[str]
    vms: Mapping[str, Sequence[str]]
    act: Act
    holds: Holds
    early: bool = False
    first: Sequence[str] = ()
    code: int = 0
    words: Sequence[str] = ()
    again: bool = True
    quick: bool = False

    @property
    def guests(self) -> list[str]:
        """The names of the VMs."""
        return [name for names in self.vms.values() for name in names]


@dataclass
class SeenRun:
    """What was seen in a run.

    Parameters
    ----------
    row
        The row.
    code, sentence
        Exit code of the playbook, and the message of its last failure.
    duration_s
        Of the whole row.
    faults
        What is not as it must be; empty when the row passes.
    """

    row: RunRow
    code: int = -1
    sentence: str = ""
    duration_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        """Whether all is as it must be."""
        return not self.faults

    @property
    def told(self) -> str:
        """What to print of it."""
        return f"exit code {self.code} {self.sentence[:120]}"


def play_run(lab: Lab, row: RunRow) -> SeenRun:
    """Play a row from a clean lab, run the command again, and judge it."""
    began_s = time.monotonic()
    seen = SeenRun(row)
    lab.reset()
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])
    scene = RunScene(lab, row)
    try:
        _play(scene, seen)
    finally:
        scene.heal()
        lab.reset()
    seen.duration_s = time.monotonic() - began_s
    return seen


def _play(scene: RunScene, seen: SeenRun) -> None:
    row = scene.row
    _start(scene)
    if row.first:
        _expect(run_playbook(scene.lab, *row.first), 0, seen, "what comes first")
    if row.early:
        row.act(scene)
        done = run_playbook(scene.lab, *row.command)
    else:
        done = _under_way(scene)
    seen.code, seen.sentence = done.code, done.sentence
    _expect(done, row.code, seen, "the run")
    said = " ".join(done.output.split())
    seen.faults += [f"it does not say {words!r}" for words in row.words if words not in said]
    seen.faults += filter(None, [row.holds(scene)])
    scene.heal()
    if row.again:
        _expect(run_playbook(scene.lab, *row.command), 0, seen, "the same command again")
    for name in row.guests:
        seen.faults += checker.ran_at_most_once(scene.lab, name)


def _start(scene: RunScene) -> None:
    for host, names in scene.row.vms.items():
        for name in names:
            scene.lab.start_guest(name, host, **_BIG)
            if name.startswith("off"):
                scene.domain(name, host).destroy()


def _under_way(scene: RunScene) -> PlaybookRun:
    hosts = scene.lab.hosts.values()
    for host in hosts:
        faults.limit_bandwidth(host, _SLOW_MBIT)
    controller = Controller(scene.lab, *scene.row.command)
    try:
        until_copying(controller, Executor(scene.lab.hosts["kvm1"]))
        scene.row.act(scene)
        return controller.wait()
    finally:
        if controller.process.poll() is None:
            controller.kill()
        for host in hosts:
            faults.unlimit_bandwidth(host)


def _expect(done: PlaybookRun, code: int, seen: SeenRun, what: str) -> None:
    if done.code != code:
        last = done.sentence or done.output[-400:]
        seen.faults.append(f"{what} ended with exit code {done.code} instead of {code}: {last}")
