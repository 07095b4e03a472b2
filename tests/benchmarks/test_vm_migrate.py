# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pause and the duration of a live migration: ours with either handover, and plain virsh.

All are measured in the same run, in turn, by the same clock: the events of both hosts as this
process receives them. Prints medians and judges nothing; run with ``make bench``.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.events import (
    EventLog,
    start_event_loop,
    subscribed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._live.timeline import (
    destination_ran,
    downtime_ms,
)

from tests.lab.host import REPOSITORY, Host
from tests.lab.lab import Lab
from tests.lab.processes import ProcessId

pytestmark = pytest.mark.lab

ROUNDS = 7

_DRIVER = """
import json, sys
from ansible_collections.drover.libvirt.plugins.module_utils._migration import migrate
from ansible_collections.drover.libvirt.plugins.module_utils._request import options, request
given = json.loads(sys.argv[1])
given["options"] = options.MigrationOptions(**given["options"])
print(migrate.migrate(request.MigrationRequest(**given)).duration_s)
"""


@dataclass(frozen=True)
class Measured:
    """One migration: how long the VM stood still, and how long the caller waited."""

    downtime_ms: float
    duration_s: float


Mover = Callable[[str, Host, Host], float]


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Two hosts."""
    owner = ProcessId.of(os.getpid())
    lab = Lab.up(f"bench-{owner.pid}", 2, owner=owner)
    yield lab
    lab.down()


def _virsh(guest: str, source: Host, destination: Host) -> float:
    began = time.monotonic()
    source.run(
        [
            *("virsh", "migrate", "--live", "--p2p", "--persistent", "--undefinesource", guest),
            f"qemu+ssh://root@{destination.name}/system",
            *("--migrateuri", f"tcp://{destination.migration_address}"),
        ]
    )
    return time.monotonic() - began


def _ours(from_host: str, handover: str) -> Mover:
    """Return a mover that runs on the source itself, or on its counterpart over SSH."""

    def move(guest: str, source: Host, destination: Host) -> float:
        remote = "qemu+ssh://root@{}/system"
        there = remote.format(destination.name)
        given = {
            "domain": guest,
            "source_uri": "qemu:///system" if from_host == "source" else remote.format(source.name),
            "destination_uri": there if from_host == "source" else "qemu:///system",
            "peer_uri": there,
            "migration_address": destination.migration_address,
            "options": {"handover": handover},
        }
        runner = source if from_host == "source" else destination
        path = f"PYTHONPATH={REPOSITORY / '.collections'}"
        command = ["env", path, "/usr/bin/python3", "-c", _DRIVER, json.dumps(given)]
        return float(runner.run(command).stdout)

    return move


MOVERS: dict[str, Mover] = {
    "virsh migrate --live --p2p": _virsh,
    "drover on the source": _ours("source", "auto"),
    "drover on another host": _ours("destination", "auto"),
    "drover on the source, handover controller": _ours("source", "controller"),
    "drover on another host, handover controller": _ours("destination", "controller"),
}


def _measure(guest: str, mover: Mover, source: Host, destination: Host) -> Measured:
    log = EventLog()
    here, there = source.connection(), destination.connection()
    uuid = here.lookupByName(guest).UUIDString()
    with subscribed(here, uuid, "source", log), subscribed(there, uuid, "destination", log):
        duration_s = mover(guest, source, destination)
        log.wait_for(destination_ran, 5.0)
        pause_ms = downtime_ms(log.events)
    assert pause_ms is not None, log.events
    return Measured(pause_ms, duration_s)


def _there_and_back(guest: str, mover: Mover, one: Host, other: Host) -> Measured:
    """Return the mean of both ways: on one machine they may differ by more than the movers do."""
    both = [_measure(guest, mover, one, other), _measure(guest, mover, other, one)]
    return Measured(
        statistics.mean(each.downtime_ms for each in both),
        statistics.mean(each.duration_s for each in both),
    )


def _compare(lab: Lab, guest: str) -> None:
    measured: dict[str, list[Measured]] = {name: [] for name in MOVERS}
    for _round in range(ROUNDS):
        for name, mover in MOVERS.items():
            measured[name].append(
                _there_and_back(guest, mover, lab.hosts["kvm1"], lab.hosts["kvm2"])
            )
    print(f"\n{guest}: medians of {ROUNDS} moves there and back, the pause beside that of virsh")
    virsh_ms = _median_pause_ms(measured["virsh migrate --live --p2p"])
    for name, runs in measured.items():
        pause_ms = _median_pause_ms(runs)
        duration_s = statistics.median(run.duration_s for run in runs)
        beside = pause_ms / virsh_ms
        print(f"  {name:44} paused {pause_ms:6.1f} ms ({beside:4.2f})  took {duration_s:5.2f} s")


def _median_pause_ms(runs: list[Measured]) -> float:
    return statistics.median(run.downtime_ms for run in runs)


def test_idle_guests(lab: Lab) -> None:
    """Compare the movers on an idle tiny guest and on an idle Linux guest."""
    start_event_loop()
    lab.start_guest("tiny", "kvm1", memory_mib=64)
    _compare(lab, "tiny")
    lab.start_linux_guest("linux", "kvm1")
    _compare(lab, "linux")
