# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's QEMU offers, and what libvirt says where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.processor import (
    baseline_cpu,
    compare_cpu,
    domain_capabilities,
    offers_machine,
)

Failing = Callable[[str], Exception]


class Host:
    """A connection that gives one answer, or raises it, and remembers the question."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.asked: tuple[Any, ...] = ()

    def _answered(self, *asked: Any) -> Any:
        self.asked = asked
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    getDomainCapabilities = compareHypervisorCPU = baselineHypervisorCPU = _answered  # noqa: N815


def test_a_machine_that_is_offered_is_no_news() -> None:
    """The question names the very QEMU of the VM."""
    host = Host("<domainCapabilities/>")
    offers_machine(host, "/usr/bin/qemu", "x86_64", "pc-q35-7.2", "kvm")
    assert host.asked == ("/usr/bin/qemu", "x86_64", "pc-q35-7.2", "kvm")


def test_a_machine_that_is_not_offered_is_named(failing: Failing) -> None:
    """With libvirt's words."""
    host = Host(failing("VIR_ERR_INVALID_ARG"))
    with pytest.raises(LibvirtFailed, match=r"machine type pc-q35-9\.0"):
        offers_machine(host, "/usr/bin/qemu", "x86_64", "pc-q35-9.0", "kvm")


def test_what_is_not_said_is_left_to_libvirt() -> None:
    """An empty emulator and architecture are the host's own."""
    host = Host("<domainCapabilities/>")
    assert domain_capabilities(host, "", "", None, "qemu") == "<domainCapabilities/>"
    assert host.asked == (None, None, None, "qemu")


def test_a_cpu_that_can_run_is_no_news() -> None:
    """libvirt returns a number then."""
    assert compare_cpu(Host(2), "", "x86_64", None, "kvm", "<cpu/>") is None


def test_a_cpu_that_cannot_run_is_explained(failing: Failing) -> None:
    """In libvirt's words, which name the features."""
    host = Host(failing("VIR_ERR_CPU_INCOMPATIBLE"))
    assert compare_cpu(host, "", "x86_64", None, "kvm", "<cpu/>") == "VIR_ERR_CPU_INCOMPATIBLE"


def test_a_cpu_that_cannot_be_compared_is_neither(failing: Failing) -> None:
    """Nothing is known of it then, which is for the caller to say."""
    host = Host(failing("VIR_ERR_NO_SUPPORT"))
    with pytest.raises(type(failing("VIR_ERR_NO_SUPPORT"))):
        compare_cpu(host, "", "aarch64", None, "kvm", "<cpu/>")


def test_a_baseline_leaves_out_what_cannot_migrate() -> None:
    """All CPUs go into one question."""
    libvirt = pytest.importorskip("libvirt")
    host = Host("<cpu/>")
    assert baseline_cpu(host, "", "x86_64", "kvm", ("<a/>", "<b/>")) == "<cpu/>"
    migratable = libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE
    assert host.asked == (None, "x86_64", None, "kvm", ["<a/>", "<b/>"], migratable)


def test_cpus_without_anything_in_common_have_no_baseline(failing: Failing) -> None:
    """libvirt says so."""
    host = Host(failing("VIR_ERR_OPERATION_FAILED"))
    with pytest.raises(LibvirtFailed, match="find a CPU that all hosts can run"):
        baseline_cpu(host, "", "x86_64", "kvm", ("<a/>",))
