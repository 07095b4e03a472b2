# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrates a population of VMs around the lab, with faults at random: ``python -m tests.faults.soak``.

The matrix makes each fault to a new VM in a clean lab. Here the VMs and hosts stay: what a fault or a migration
leaves behind, in a VM or on a host, meets the next one. Ways and faults are drawn from a seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults import checker
from tests.faults.injections import nothing
from tests.faults.matrix import ROWS
from tests.faults.row import BY_CONTROLLER, MOVED, Moment, Row, Vm
from tests.faults.runner import LabKeeper, Seen, migrate_through
from tests.faults.scene import Scene, wait_until
from tests.lab.lab import Lab

_FAULT_SHARE = 0.3
_CHECK_EVERY = 20
_STANDING = Vm(options={"beats_s": 5})


WAYS = (
    Row("live", "none", Moment.BEFORE, nothing, MOVED),
    Row("live-by-controller", "none", Moment.BEFORE, nothing, MOVED, options=BY_CONTROLLER),
    Row("post-copy", "none", Moment.POST_COPY, nothing, MOVED, options={"post_copy": "on_stall"}),
    *(row for row in ROWS if row.name in ("quick-plain", "offline-plain")),
)
"""A migration of each kind, through which nothing goes wrong."""

# How often each is drawn: post-copy takes half a minute in the lab, for it goes over a slow link.
_OFTEN = {"live": 4, "live-by-controller": 2, "quick-plain": 2}
_WEIGHTS = [_OFTEN.get(row.name, 1) for row in WAYS]


def _suits(row: Row) -> bool:
    """Whether a row's fault can come to a VM and to hosts that are there already.

    Not those that are refused before anything moves, that need another VM or a host made ready, that
    stop the host itself, on which others run, or after which somebody wants the VM paused.
    """
    made = row.prepare or row.request or row.fenced or row.may_pause or row.driver != "source"
    known = row.moment is not Moment.BEFORE and row.vm == Vm(row.vm.kind)
    return known and not made and "power" not in row.name


FAULTS = tuple(row for row in ROWS if _suits(row))


@dataclass
class Record:
    """What became of a soak.

    Parameters
    ----------
    seed
        What its ways and faults were drawn from.
    vms
        How many VMs there were.
    started, completed
        Migrations that began, and those after which the VM was on another host.
    duration_s
        All of it.
    played
        How often each row was played.
    verdict_s
        The longest time until the verdict of each row.
    faults
        What was not as it must be, each with its step.
    """

    seed: int
    vms: int
    started: int = 0
    completed: int = 0
    duration_s: float = 0.0
    played: Counter[str] = field(default_factory=Counter)
    verdict_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    faults: list[str] = field(default_factory=list)


class Soak:
    """A population of VMs on three hosts, one migration after the other.

    Parameters
    ----------
    lab
        Three hosts; their guests are removed.
    seed
        What ways and faults are drawn from.
    vms
        How many VMs.
    """

    def __init__(self, lab: Lab, seed: int, vms: int) -> None:
        self.record = Record(seed, vms)
        self._lab = lab
        self._random = Random(seed)
        self._vms = [f"vm{number}" for number in range(1, vms + 1)]
        self._host_of: dict[str, str] = {}
        self._populate()

    def _populate(self) -> None:
        """Start all VMs in a clean lab, spread over the hosts."""
        self._lab.reset()
        hosts = list(self._lab.hosts)
        for number, name in enumerate(self._vms):
            self._host_of[name] = hosts[number % len(hosts)]
            self._lab.start(_STANDING.guest(name), self._host_of[name], autostart=True)
        for name in self._vms:
            self._wait_alive(name)

    def _wait_alive(self, name: str) -> None:
        host = self._host_of[name]
        wait_until(lambda: bool(self._lab.heartbeats(name)[host]), 60, f"a heartbeat of {name}")

    def run(self, migrations: int) -> None:
        """Migrate until this many migrations have begun; each step is at least two of them."""
        began_s = time.monotonic()
        steps = 0
        while self.record.started < migrations:
            steps += 1
            faults = self._step()
            if steps % _CHECK_EVERY == 0:
                faults += self._look_at_all()
            self.record.duration_s = time.monotonic() - began_s
            self.record.faults += [f"step {steps}: {fault}" for fault in faults]
            for fault in faults:
                print(f"       - {fault}", flush=True)
            if faults:
                self._populate()
        self.record.faults += [f"at the end: {fault}" for fault in self._look_at_all()]

    def _step(self) -> list[str]:
        """Take a VM through one row and on to a further host; return what is not as it must be."""
        faulty = self._random.random() < _FAULT_SHARE
        [row] = self._random.choices(FAULTS) if faulty else self._random.choices(WAYS, _WEIGHTS)
        name = self._random.choice(self._vms)
        here = self._host_of[name]
        there, third = self._random.sample([host for host in self._lab.hosts if host != here], 2)
        seen = self._play(row, name, (here, there, third))
        self._count(row, seen)
        print(
            f"{self.record.started:5} {'ok  ' if seen.passes else 'FAIL'} {name} {here} to {there}: {row.name}"
            f" {seen.told}",
            flush=True,
        )
        return [f"{name}, {row.name}: {fault}" for fault in (*seen.faults, *self._follow(name))]

    def _play(self, row: Row, name: str, hosts: tuple[str, str, str]) -> Seen:
        scene = Scene(self._lab, row, guest=name, hosts=hosts, onward=hosts[2])
        seen = Seen(row)
        try:
            if row.vm.off:
                scene.domain(scene.source).destroy()
            migrate_through(scene, seen)
        except Exception as error:  # one step, whatever is wrong with it, must not end the run
            seen.faults.append(f"could not be played: {type(error).__name__}: {str(error)[:900]}")
        finally:
            scene.heal()
            scene.clean_up()
        return seen

    def _count(self, row: Row, seen: Seen) -> None:
        record = self.record
        record.started += 2
        record.completed += (seen.source == "absent") + seen.passes
        record.played[row.name] += 1
        record.verdict_s[row.name] = max(record.verdict_s[row.name], seen.migration_s)

    def _follow(self, name: str) -> list[str]:
        """Note where a VM is; say what is wrong with it, and which others are not where they were."""
        faults = []
        for other, places in self._lab.guests().items():
            found = [place.host for place in places if place.state == "running"]
            if len(places) != 1 or len(found) != 1:
                told = ", ".join(f"{place.state} on {place.host}" for place in places)
                faults.append(f"{other} is {told or 'nowhere'}")
            elif other == name:
                self._host_of[name] = found[0]
            elif found != [self._host_of[other]]:
                faults.append(f"{other} went to {found[0]} by itself")
        return faults

    def _look_at_all(self) -> list[str]:
        """Say which VMs ran twice, or run no more."""
        faults = []
        for name, host in self._host_of.items():
            faults += checker.ran_at_most_once(self._lab, name)
            faults += checker.is_alive(self._lab, name, host)
        return faults


_HEAD = """\
<!--
Copyright: (c) 2026, The Drover authors
SPDX-License-Identifier: GPL-3.0-or-later
Written by `make soak`; do not edit.
-->
# A population of VMs, migrated around with faults at random

The [fault matrix](faults.md) makes each fault to a new VM in a clean lab. Here the same VMs are migrated on
and on over three hosts of real libvirt and QEMU, in every mode, with the matrix's faults at random; what one
leaves behind meets the next. After every step these were checked without Drover: each VM is on one host and
runs there, it ran at most once at every moment (heartbeats), nothing is left behind.

"""


def report(record: Record) -> str:
    """Return the record in Markdown."""
    words = "None was lost, ran twice or was left paused."
    lines = [
        f"**{record.started} migrations** of {record.vms} VMs in {record.duration_s / 60:.0f} minutes"
        f" (seed {record.seed}), {record.completed} of which brought the VM to another host. "
        f"{words if not record.faults else f'{len(record.faults)} faults, see below.'}\n",
        "| way or fault | times | longest until the verdict |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {times} | {record.verdict_s[name]:.1f} s |"
            for name, times in sorted(record.played.items(), key=lambda item: (-item[1], item[0]))
        ),
    ]
    if record.faults:
        lines += ["\n## What is not as it must be\n", *(f"- {fault}" for fault in record.faults)]
    return _HEAD + "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate; return 1 when anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--migrations", type=int, default=1000, help="how many to begin")
    parser.add_argument("--vms", type=int, default=6, help="how many VMs there are")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other faults")
    parser.add_argument("--report", type=Path, help="write what was seen to this file")
    parser.add_argument("--name", default="soak", help="name of the lab")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    told = parser.parse_args(arguments)
    with LabKeeper(told.name, keep=told.keep) as keeper:
        soak = Soak(keeper.lab, told.seed, told.vms)
        try:
            soak.run(told.migrations)
        finally:
            if told.report:
                told.report.write_text(report(soak.record))
    print(f"{soak.record.started} migrations, {len(soak.record.faults)} faults.")
    return int(bool(soak.record.faults))


if __name__ == "__main__":
    sys.exit(main())
