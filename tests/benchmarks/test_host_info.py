# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long host_info takes, without the time between its two samples.

Prints figures and judges nothing; run with ``make bench``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._inspection.inspect import (
    InspectionRequest,
    inspect,
)

from tests.lab.ad_hoc import run_module
from tests.lab.guests import TinyGuest
from tests.lab.hardware import Hardware
from tests.lab.lab import Lab
from tests.lab.processes import ProcessId

pytestmark = pytest.mark.lab

REPEATS = 5


@pytest.fixture
def lab() -> Iterator[Lab]:
    """One host."""
    owner = ProcessId.of(os.getpid())
    lab = Lab.up(f"bench-{owner.pid}", (Hardware(32, 262144),), owner=owner)
    yield lab
    lab.down()


def fastest(lab: Lab) -> float:
    """Return the shortest of several readings in seconds: the machine has other work, too."""
    times = []
    for _repeat in range(REPEATS):
        started = time.perf_counter()
        inspect(InspectionRequest(lab.hosts["kvm1"].uri, "kvm1"), sleep=lambda _seconds: None)
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.parametrize(("defined", "running"), [(0, 0), (200, 0), (0, 20), (180, 20)])
def test_reading_a_host(lab: Lab, defined: int, running: int) -> None:
    """Reading grows with the number of VMs, and little more with those that run."""
    host = lab.hosts["kvm1"]
    connection = host.connection()
    for number in range(running):
        lab.start_guest(f"run{number}", "kvm1", memory_mib=32)
    for number in range(defined):
        connection.defineXML(TinyGuest(f"off{number}", memory_mib=32).xml())
    seconds = fastest(lab)
    started = time.perf_counter()
    run_module(lab, "kvm1", "host_info", sample_s=0)
    over_ssh = time.perf_counter() - started
    print(
        f"\nhost_info, {running} VMs running and {defined} defined: "
        f"{seconds:.2f} s; as an Ansible command {over_ssh:.2f} s"
    )
