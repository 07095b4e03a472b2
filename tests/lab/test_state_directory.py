# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A state directory that is full, before a run and in the middle of one, or that something was mounted over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import faults
from tests.lab.controller import Controller, Executor, until, until_copying
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.playbook import PlaybookRun, run_playbook

pytestmark = pytest.mark.lab

EVACUATE = ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
STATE = "/var/lib/drover"
BIG: dict[str, Any] = {"memory_mib": 128, "fill_mib": 64}
SLOW_MBIT = 100.0
# So slow that the journal outgrows the page that it has begun when its file system gets full.
SLOWEST_MBIT = 25.0


@pytest.fixture
def lab(blank_cluster: Lab) -> Iterator[Lab]:
    """The cluster, with two VMs on kvm2; what was mounted on hosts is taken away again."""
    for name in ("vm1", "vm2"):
        blank_cluster.start_guest(name, "kvm2", **BIG)
    yield blank_cluster
    for host in blank_cluster.hosts.values():
        while not host.run(["umount", STATE], check=False).returncode:
            pass


def mount(host: Host) -> None:
    """Put a file system of 1 MiB over the state directory of a host."""
    host.run(["mkdir", "-p", STATE])
    host.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", STATE])


def fill(host: Host) -> None:
    """Leave no room there."""
    host.run(["dd", "if=/dev/zero", f"of={STATE}/much", "bs=4k"], check=False)


def make_room(host: Host) -> None:
    host.run(["rm", f"{STATE}/much"])


def under_way(lab: Lab, rate_mbit: float = SLOW_MBIT) -> Controller:
    """Evacuate kvm2, slowly, and wait until memory is being copied."""
    faults.limit_bandwidth(lab.hosts["kvm2"], rate_mbit)
    controller = Controller(lab, *EVACUATE)
    until_copying(controller, Executor(lab.hosts["kvm1"]))
    return controller


def assert_empties(lab: Lab) -> PlaybookRun:
    """The same playbook again finishes the job, and no lock or unfinished execution is left."""
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    again = run_playbook(lab, *EVACUATE)
    assert again.code == 0, again.output
    assert lab.hosts["kvm2"].connection().listDomainsID() == []
    locks = [host.run(["ls", f"{STATE}/executions"], check=False) for host in lab.hosts.values()]
    assert not [found for found in locks if "cluster-lock.json" in found.stdout]
    for name in ("vm1", "vm2"):
        lab.check_ran_once(name)
    return again


@pytest.mark.parametrize("name", ["kvm1", "kvm2", "kvm3"])
def test_a_full_disk_is_told_of_before_anything_moves(lab: Lab, name: str) -> None:
    """On the coordinator, the source and a destination. It had been "[Errno 28]" without host, path and remedy."""
    host = lab.hosts[name]
    mount(host)
    fill(host)
    refused = run_playbook(lab, *EVACUATE)
    assert refused.code == 2, refused.output
    for words in (f"{name}: {STATE}/executions", "Free some space or inodes there (df -h"):
        assert words in refused.output, refused.output
    assert "Traceback" not in refused.output
    assert len(lab.hosts["kvm2"].connection().listDomainsID()) == 2
    make_room(host)
    assert_empties(lab)


def test_a_disk_that_gets_full_lets_what_runs_end_and_says_so(lab: Lab) -> None:
    """The executor had died without a reason, and the next run had failed with "[Errno 28]"."""
    host = lab.hosts["kvm1"]
    mount(host)
    controller = under_way(lab, SLOWEST_MBIT)
    fill(host)
    done = controller.wait()
    assert done.code == 2, done.output
    for words in ("kvm2 is not empty: vm", "journal.jsonl cannot be written: No space left on"):
        assert words in done.sentence, done.output
    assert len(lab.hosts["kvm2"].connection().listDomainsID()) == 1
    make_room(host)
    assert_empties(lab)


def test_an_executor_that_cannot_see_its_folder_is_not_taken_for_dead(lab: Lab) -> None:
    """Somebody had settled beside it and given its lock back, while it went on moving VMs."""
    host = lab.hosts["kvm1"]
    controller = under_way(lab)
    mount(host)
    other = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm3")
    assert other.code == 2, other.output
    until(lambda: controller.process.poll() is not None)
    done = controller.wait()
    assert done.code == 2, done.output
    assert "cannot see its own folder /var/lib/drover/executions/" in done.sentence, done.output
    assert len(lab.hosts["kvm2"].connection().listDomainsID()) == 1
    host.run(["umount", STATE])
    assert_empties(lab)
