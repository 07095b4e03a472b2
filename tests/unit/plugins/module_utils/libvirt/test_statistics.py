# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters of a host and its VMs, as libvirt gives them, and where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.statistics import (
    domain_statistics,
    resident_mib,
    sample_load,
    vcpu_time_s,
)

Failing = Callable[[str], Exception]


class Vm:
    """A VM with a UUID, a number, and CPU time; an error is raised."""

    def __init__(self, uuid: str, number: int, spent_ns: Any = 9) -> None:
        self._uuid, self._number, self._spent_ns = uuid, number, spent_ns

    def UUIDString(self) -> str:  # noqa: N802 as libvirt calls it
        """Return the UUID."""
        return self._uuid

    def ID(self) -> int:  # noqa: N802 as libvirt calls it
        """Return the number of this start."""
        return self._number

    def info(self) -> list[Any]:
        """Return state, memory, memory, vCPUs and CPU time."""
        return [1, 65536, 65536, 1, _said(self._spent_ns)]


class Host:
    """A host with two VMs, and counters that are scripted; an error is raised."""

    def __init__(self, cpu: Any = None, found: Any = None) -> None:
        self._cpu, self._found = cpu, found
        self.vms = [Vm("u1", 7), Vm("u2", -1)]
        self.asked: list[int] = []

    def getCPUStats(self, *_asked: Any) -> Any:  # noqa: N802 as libvirt calls it
        """Return the host's CPU time."""
        return _said(self._cpu)

    def getAllDomainStats(self, wanted: int, _flags: int) -> Any:  # noqa: N802 as libvirt calls it
        """Return the counters of all VMs."""
        self.asked.append(wanted)
        return [(vm, dict(_said(self._found))) for vm in self.vms]

    def lookupByUUIDString(self, uuid: str) -> Vm:  # noqa: N802 as libvirt calls it
        """Return a VM."""
        return Vm(uuid, 1)

    def domainListGetStats(self, domains: list[Vm], *_asked: Any) -> Any:  # noqa: N802
        """Return the counters of some VMs."""
        return [(domain, _said(self._found)) for domain in domains]


def _said(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_a_sample_has_host_and_vms_at_one_moment() -> None:
    """With the number of each VM's start: a new start begins to count again."""
    sample = sample_load(Host({"idle": 5, "user": 3}, {"state.state": 1}), lambda: 12.5)
    assert (sample.at_s, sample.host) == (12.5, {"idle": 5, "user": 3})
    assert sample.domains == {
        "u1": {"state.state": 1, "id": 7, "cpu.time": 9},
        "u2": {"state.state": 1, "id": -1},
    }


def test_no_qemu_is_asked_for_a_sample() -> None:
    """libvirt 9 asks each QEMU for VIR_DOMAIN_STATS_CPU_TOTAL, and a frozen one had held up the reading for ever."""
    host = Host({}, {"state.state": 1})
    sample_load(host, lambda: 0.0)
    assert host.asked == [libvirt.VIR_DOMAIN_STATS_STATE]


def test_a_vm_that_goes_meanwhile_has_no_time(failing: Failing) -> None:
    """The others have theirs."""
    host = Host({}, {"state.state": 1})
    host.vms = [Vm("u1", 7, failing("VIR_ERR_NO_DOMAIN")), Vm("u2", 8)]
    assert [found.get("cpu.time") for found in sample_load(host, lambda: 0.0).domains.values()] == [
        None,
        9,
    ]


def test_a_driver_that_does_not_tell_the_hosts_time_tells_that_of_its_vms(failing: Failing) -> None:
    """What is missing is missing."""
    sample = sample_load(Host(failing("VIR_ERR_NO_SUPPORT"), {}), lambda: 0.0)
    assert (sample.host, len(sample.domains)) == ({}, 2)


def test_a_host_that_tells_nothing_of_its_vms_is_an_error(failing: Failing) -> None:
    """A sample without VMs would look like an empty host."""
    with pytest.raises(LibvirtFailed, match="read the load of the host"):
        sample_load(Host({}, failing("VIR_ERR_RPC")), lambda: 0.0)


def test_statistics_are_told_by_uuid() -> None:
    """Names may change."""
    assert domain_statistics(Host({}, {"state.state": 1}), 1) == {
        "u1": {"state.state": 1},
        "u2": {"state.state": 1},
    }


def test_the_time_of_all_vcpus_is_added_up() -> None:
    """Other counters of vCPUs are left out."""
    found = {"vcpu.current": 2, "vcpu.0.time": 1_500_000_000, "vcpu.1.time": 500_000_000}
    assert vcpu_time_s(Host({}, found), "u1") == 2.0


def test_a_vm_whose_time_is_not_told_is_an_error(failing: Failing) -> None:
    """Whether it runs cannot be told by it then."""
    with pytest.raises(LibvirtFailed, match="CPU time of the VM u1"):
        vcpu_time_s(Host({}, failing("VIR_ERR_NO_DOMAIN")), "u1")


def test_resident_memory_is_told_in_mib_where_it_is_known(failing: Failing) -> None:
    """A VM that is busy, or off, tells none, and is not waited for."""
    assert resident_mib(Host({}, {"balloon.rss": 2049}), "u1") == 3
    assert resident_mib(Host({}, {}), "u1") is None
    assert resident_mib(Host({}, failing("VIR_ERR_OPERATION_INVALID")), "u1") is None
