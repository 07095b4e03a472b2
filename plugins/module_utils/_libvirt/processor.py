# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's QEMU offers: machine types and CPUs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .connection import libvirt, translated


def offers_machine(
    connection: t.Any, emulator: str, arch: str, machine: str, domain_type: str
) -> None:
    """Say nothing if the host's QEMU offers the machine.

    Raises
    ------
    LibvirtFailed
        It does not, or there is no such QEMU.
    """
    with translated("offer the machine type {}".format(machine)):
        domain_capabilities(connection, emulator, arch, machine, domain_type)


def domain_capabilities(
    connection: t.Any, emulator: str, arch: str, machine: str | None, domain_type: str
) -> str:
    """Return what the host's QEMU offers a VM on this machine type, as libvirt describes it.

    Raises
    ------
    libvirt.libvirtError
        There is no such QEMU or machine type.
    """
    return str(
        connection.getDomainCapabilities(emulator or None, arch or None, machine, domain_type)
    )


def compare_cpu(
    connection: t.Any, emulator: str, arch: str, machine: str | None, domain_type: str, cpu_xml: str
) -> str | None:
    """Return None if the host can run a VM with this live CPU, else libvirt's explanation.

    The comparison is with what the host's QEMU can offer under the VM's kind of acceleration, not
    with the physical CPU: these differ, most of all without KVM.

    Raises
    ------
    libvirt.libvirtError
        The CPU cannot be compared there, for instance on another architecture.
    """
    flags = libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE
    try:
        connection.compareHypervisorCPU(
            emulator or None, arch, machine, domain_type, cpu_xml, flags
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_CPU_INCOMPATIBLE:
            raise
        return str(error.get_error_message())
    return None


def baseline_cpu(
    connection: t.Any, emulator: str, arch: str, domain_type: str, cpus: t.Sequence[str]
) -> str:
    """Return the CPU that has what all CPUs have in common, as this host's QEMU knows models.

    Features that would keep a VM from being migrated are left out.

    Raises
    ------
    LibvirtFailed
        They have nothing in common, or libvirt cannot tell.
    """
    flags = libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE
    with translated("find a CPU that all hosts can run"):
        return str(
            connection.baselineHypervisorCPU(
                emulator or None, arch, None, domain_type, list(cpus), flags
            )
        )
