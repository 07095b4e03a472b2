# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs beside its migrations: playbooks of the main job, and virsh in a loop over the same VMs.

Prints figures and judges nothing; run with ``make bench``.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.measure import Measurement, run
from tests.lab.controller import Executor
from tests.lab.lab import Lab
from tests.lab.playbook import command, environment
from tests.lab.processes import ProcessId

pytestmark = pytest.mark.lab

SOURCE = "kvm1"
LIMIT_S = 600.0
CALLBACKS = Path(__file__).with_name("callback")
FORKS = ("--forks", "16")
# What runs on the controller only, or says that other tasks come.
ON_CONTROLLER = ("ansible.builtin.", "drover.libvirt.closing")


@dataclass(frozen=True)
class Ran:
    """A playbook that ran.

    Attributes
    ----------
    taken
        Its time, and the CPU of the controller.
    began_s, ended_s
        When, in seconds since the epoch.
    tasks
        As ``callback/rounds.py`` writes them.
    """

    taken: Measurement
    began_s: float
    ended_s: float
    tasks: Sequence[dict[str, Any]]

    def rounds(self, hosts: int) -> list[str]:
        """Return the tasks that connected to every host."""
        return [
            task["name"]
            for task in self.tasks
            if len(set(task["hosts"])) == hosts and not task["action"].startswith(ON_CONTROLLER)
        ]

    def validations(self) -> int:
        """Return how often arguments of roles were validated, over all hosts."""
        return sum(
            len(task["hosts"])
            for task in self.tasks
            if task["action"].endswith("validate_argument_spec")
        )

    def began(self, name: str) -> float:
        """Return when the last task of this name began."""
        return max(task["began_s"] for task in self.tasks if task["name"].endswith(name))


@contextmanager
def lab_of(hosts: int) -> Iterator[Lab]:
    """Bring a lab up for a test."""
    owner = ProcessId.of(os.getpid())
    lab = Lab.up(f"cost-{owner.pid}", hosts, owner=owner)
    try:
        yield lab
    finally:
        lab.down()


def play(lab: Lab, folder: Path, playbook: str, *arguments: str) -> Ran:
    """Run a playbook of the collection and measure it."""
    file = folder / "rounds.jsonl"
    watched = {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "rounds",
        "ROUNDS_FILE": str(file),
    }
    began_s = time.time()
    taken = run(
        command(lab, f"drover.libvirt.{playbook}", *FORKS, *arguments),
        LIMIT_S,
        {**environment(), **watched},
    )
    ended_s = time.time()
    assert taken.code == 0, taken.output
    return Ran(taken, began_s, ended_s, [json.loads(line) for line in file.open(encoding="utf-8")])


def places(lab: Lab) -> dict[str, str]:
    """Return the host of each VM."""
    return {name: where[0].host for name, where in lab.guests().items()}


def virsh(lab: Lab, name: str, source: str, destination: str) -> float:
    """Migrate a VM as an operator would by hand; return how long that took in seconds."""
    began = time.monotonic()
    lab.hosts[source].run(
        [
            *("virsh", "migrate", "--live", "--p2p", "--persistent", "--undefinesource", name),
            f"qemu+ssh://root@{destination}/system",
            *("--migrateuri", f"tcp://{lab.hosts[destination].migration_address}"),
        ]
    )
    return time.monotonic() - began


def bring_back(lab: Lab) -> None:
    """Take all VMs back to where they were, and all marks away."""
    for name, host in places(lab).items():
        if host != SOURCE:
            virsh(lab, name, host, SOURCE)
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])


def by_hand(lab: Lab, moved: dict[str, str]) -> float:
    """Migrate the same VMs to the same hosts with virsh, one after the other; return the seconds."""
    return sum(virsh(lab, name, SOURCE, host) for name, host in moved.items())


def journal(lab: Lab) -> list[dict[str, Any]]:
    """Return the events of the only execution there is, of whichever host was its coordinator."""
    return next(events for host in lab.hosts.values() if (events := Executor(host).events()))


def spans(events: Sequence[dict[str, Any]], start: str, end: str) -> list[float]:
    """Return the seconds from one event of each migration to another one."""
    ends = {event["id"]: event["at"] for event in events if event["event"] == end}
    return [ends[event["id"]] - event["at"] for event in events if event["event"] == start]


def gaps(events: Sequence[dict[str, Any]]) -> list[float]:
    """Return the seconds between each end of a migration and the next one's start."""
    steps = [
        event for event in events if event["event"] in ("migration_started", "migration_ended")
    ]
    return [
        later["at"] - earlier["at"]
        for earlier, later in pairwise(steps)
        if (earlier["event"], later["event"]) == ("migration_ended", "migration_started")
    ]


def show(title: str, lab: Lab, ran: Ran) -> float:
    """Print what a run took, phase by phase; return the seconds of its migrations."""
    events = journal(lab)
    first_s = min(event["at"] for event in events if event["event"] == "migration_started")
    last_s = max(event["at"] for event in events if event["event"] == "migration_ended")
    asked_s = ran.began("Migrate the VMs")
    hosts = len(lab.hosts)
    rounds = ran.rounds(hosts)
    whole_s = median(spans(events, "migration_started", "migration_ended"))
    checks_s = median(spans(events, "migration_started", "migration_begun"))
    cpu_s = ran.taken.cpu_s
    print(f"\n{title}: {ran.taken.wall_s:.1f} s, of it migrations {last_s - first_s:.1f} s")
    print(f"  until it migrates          {asked_s - ran.began_s:7.2f} s")
    print(f"  until the first one starts {first_s - asked_s:7.2f} s")
    print(f"  a migration (medians)      {whole_s:7.2f} s, of it checks {checks_s:.2f} s")
    print(f"  between two (median)       {median(gaps(events)):7.2f} s")
    print(f"  after the last one         {ran.ended_s - last_s:7.2f} s")
    print(f"  CPU of the controller      {cpu_s:7.2f} s, {cpu_s / hosts:.2f} s a host")
    print(f"  rounds over all hosts      {len(rounds):4}: {'; '.join(rounds)}")
    print(f"  arguments validated        {ran.validations():4} times")
    return float(last_s - first_s)


def median(seconds: Sequence[float]) -> float:
    """Return the median, 0 of nothing."""
    return statistics.median(seconds) if seconds else 0.0


def test_nine_vms_leave_one_of_four_hosts(tmp_path: Path) -> None:
    """The same VMs go to the same hosts by playbook, one, two and four at a time a host, and by virsh."""
    with lab_of(4) as lab:
        for number in range(1, 10):
            lab.start_guest(f"vm{number}", SOURCE)
        for per_host in (1, 2, 4):
            policy = json.dumps({"drover_policy": {"limits": {"per_host": per_host}}})
            ran = play(lab, tmp_path, "evacuate", "-e", f"drover_hosts={SOURCE}", "-e", policy)
            moved = places(lab)
            migrations_s = show(f"4 hosts, 9 VMs, evacuate, per_host {per_host}", lab, ran)
            bring_back(lab)
            loop_s = by_hand(lab, moved)
            print(f"  virsh in a loop            {loop_s:7.2f} s, {loop_s / len(moved):.2f} s a VM")
            print(f"  times what virsh takes     {ran.taken.wall_s / loop_s:7.2f},", end="")
            print(f" the migrations {migrations_s / loop_s:.2f}")
            bring_back(lab)


def test_sixteen_hosts(tmp_path: Path) -> None:
    """Two VMs leave a host; and the preflight of the whole cluster, and of what concerns one host."""
    with lab_of(16) as lab:
        for number in range(1, 3):
            lab.start_guest(f"vm{number}", SOURCE)
        ran = play(lab, tmp_path, "evacuate", "-e", f"drover_hosts={SOURCE}")
        show("16 hosts, 2 VMs, evacuate", lab, ran)
        bring_back(lab)
        for title, arguments in (("", ()), (" of one host", ("-e", "drover_hosts=kvm2"))):
            ran = play(lab, tmp_path, "preflight", *arguments)
            print(
                f"\n16 hosts, preflight{title}: {ran.taken.wall_s:.1f} s, "
                f"CPU of the controller {ran.taken.cpu_s:.1f} s, rounds {len(ran.rounds(16))}"
            )
