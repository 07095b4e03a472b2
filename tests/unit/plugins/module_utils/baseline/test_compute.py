# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CPU that all hosts can run: asked of each of them until one names it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.compute import (
    ConnectedHost,
    Machine,
    NoBaseline,
    baseline,
    host_cpus,
    machine_of,
)
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed

Failing = Callable[[str], Exception]
RECORDED = Path(__file__).parents[1] / "facts" / "recorded"
MACHINE = Machine("/usr/bin/qemu-system-x86_64", "x86_64", "qemu")
EPYC = "<cpu><model>EPYC</model></cpu>"


@pytest.fixture
def failing() -> Failing:
    """Return what makes an error of libvirt with one of its codes."""
    libvirt = pytest.importorskip("libvirt")

    def make(code: str) -> Exception:
        error: Exception = libvirt.libvirtError(code)
        error.err = (getattr(libvirt, code), 0, code, 2, None, None, None, -1, -1)  # type: ignore[attr-defined]
        return error

    return make


class Host:
    """A host that answers as it is scripted; an error is raised."""

    def __init__(self, capabilities: str = "", found: Any = EPYC, compared: Any = 2) -> None:
        self._capabilities, self._found, self._compared = capabilities, found, compared

    def getCapabilities(self) -> str:  # noqa: N802 as libvirt calls it
        """Return what the host is."""
        return self._capabilities

    def getDomainCapabilities(self, *_asked: Any) -> str:  # noqa: N802 as libvirt calls it
        """Return what its QEMU offers."""
        return self._capabilities

    def baselineHypervisorCPU(self, *_asked: Any) -> Any:  # noqa: N802 as libvirt calls it
        """Return the CPU that all have in common."""
        return _said(self._found)

    def compareHypervisorCPU(self, *_asked: Any) -> Any:  # noqa: N802 as libvirt calls it
        """Tell whether it can run a CPU."""
        return _said(self._compared)


def _said(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def recorded(name: str) -> str:
    """Return a document as libvirt gave it."""
    return (RECORDED / name).read_text()


def test_a_vm_is_for_the_hosts_own_architecture_where_it_is_not_said() -> None:
    """The recorded host cannot do KVM, so plain QEMU it is."""
    pytest.importorskip("libvirt")
    capabilities = ET.fromstring(recorded("capabilities.xml"))
    kinds = {
        domain.get("type") for domain in capabilities.findall("guest/arch[@name='x86_64']/domain")
    }
    machine = machine_of(Host(recorded("capabilities.xml")), None, None)
    assert (machine.arch, machine.domain_type) == ("x86_64", "kvm" if "kvm" in kinds else "qemu")
    assert machine.emulator == "/usr/bin/qemu-system-x86_64"


def test_a_host_without_such_an_emulator_is_refused() -> None:
    """With what it would take."""
    pytest.importorskip("libvirt")
    with pytest.raises(NoBaseline, match="no emulator for VMs of type kvm on sparc64"):
        machine_of(Host(recorded("capabilities.xml")), "sparc64", "kvm")


def test_each_host_offers_its_host_model() -> None:
    """As XML, by the name of the host."""
    pytest.importorskip("libvirt")
    hosts = [ConnectedHost("kvm1", Host(recorded("domain-capabilities-qemu.xml")))]
    found = host_cpus(hosts, MACHINE)
    assert ET.fromstring(found["kvm1"]).findtext("model") == "EPYC"


def test_a_host_without_a_model_is_named() -> None:
    """libvirt knows none on some architectures."""
    pytest.importorskip("libvirt")
    hosts = [ConnectedHost("kvm9", Host("<domainCapabilities><cpu/></domainCapabilities>"))]
    with pytest.raises(NoBaseline, match="libvirt on kvm9 names no CPU model"):
        host_cpus(hosts, MACHINE)


def test_the_first_cpu_that_passes_everywhere_is_taken(failing: Failing) -> None:
    """A host that cannot tell is passed over, and so is a CPU that another host refuses."""
    hosts = [
        ConnectedHost("kvm1", Host(found=failing("VIR_ERR_OPERATION_FAILED"))),
        ConnectedHost("kvm2", Host(found=EPYC)),
    ]
    assert baseline(hosts, MACHINE, {"kvm1": EPYC, "kvm2": EPYC}) == EPYC


def test_without_a_common_cpu_all_hosts_words_are_told(failing: Failing) -> None:
    """Each once: which host could not tell, and which one refused what."""
    hosts = [
        ConnectedHost("kvm1", Host(found=failing("VIR_ERR_OPERATION_FAILED"))),
        ConnectedHost("kvm2", Host(compared=failing("VIR_ERR_CPU_INCOMPATIBLE"))),
        ConnectedHost("kvm3", Host()),
    ]
    with pytest.raises(NoBaseline) as refused:
        baseline(hosts, MACHINE, {host.name: EPYC for host in hosts})
    told = refused.value.message
    assert "kvm1 says:" in told
    assert told.count("kvm2 cannot run EPYC: VIR_ERR_CPU_INCOMPATIBLE.") == 1


def test_a_host_that_cannot_compare_is_an_error(failing: Failing) -> None:
    """Whether the CPU runs there is not known."""
    hosts = [ConnectedHost("kvm1", Host(compared=failing("VIR_ERR_NO_SUPPORT")))]
    with pytest.raises(LibvirtFailed, match="compare the CPU on kvm1"):
        baseline(hosts, MACHINE, {"kvm1": EPYC})
