# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM on one host: look it up, read its state, change it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import DomainNotFound
from .._facts.end_state import EndState
from .._facts.states import job_kind, state_and_reason
from .connection import libvirt, translated
from .handover_mark import read_mark


def find_domain(connection: t.Any, uuid: str | None, name: str | None = None) -> t.Any | None:
    """Return the VM with that UUID (or that name where the UUID is not given), or None.

    Raises
    ------
    LibvirtFailed
        The host does not answer.
    """
    with translated("look up the VM {}".format(name or uuid)):
        try:
            return connection.lookupByUUIDString(uuid) if uuid else connection.lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise


def read_end_state(connection: t.Any, uuid: str, with_job: bool = False) -> EndState:
    """Return what this host says about the VM.

    Parameters
    ----------
    connection : libvirt.virConnect
        The host.
    uuid : str
        The VM.
    with_job : bool
        Whether to ask if libvirt is working on it. The answer may take 30 s, and when it does not
        come the VM counts as busy.

    Raises
    ------
    LibvirtFailed
        The host does not answer.
    """
    with translated("read the state of the VM {}".format(uuid)):
        for _attempt in range(2):
            try:
                return _end_state(connection.lookupByUUIDString(uuid), with_job)
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                    raise
            # Not there, or gone between the look-up and the reading: look again to be sure.
    return EndState()


def _end_state(domain: t.Any, with_job: bool = False) -> EndState:
    state, reason = state_and_reason(*domain.state())
    persistent = bool(domain.isPersistent())
    return EndState(
        state=state,
        reason=reason,
        persistent=persistent,
        autostart=bool(domain.autostart()) if persistent else False,
        busy=with_job and state in ("running", "paused") and _is_busy(domain),
        mark=read_mark(domain) if domain.isActive() else None,
    )


def _is_busy(domain: t.Any) -> bool:
    try:
        return bool(domain.jobInfo()[0] != libvirt.VIR_DOMAIN_JOB_NONE)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            raise
        return True


@dataclass(frozen=True)
class DomainFacts:
    """What must be remembered of a VM before it is moved.

    Parameters
    ----------
    name, uuid : str
        Its names.
    state : EndState
        What its host says.
    memory_mib : int
        Memory of the VM.
    live_xml : str
        Definition of the running VM with everything that libvirt filled in, secrets left out.
    job : str or None
        What libvirt is busy with (C(migration_out), C(save), C(backup)...).
    snapshots : int
        Number of snapshots whose metadata libvirt keeps.
    managed_save : bool
        Whether its memory is saved in a file of its host, to be restored at the next start.
    """

    name: str
    uuid: str
    state: EndState
    memory_mib: int
    live_xml: str
    job: str | None
    snapshots: int
    managed_save: bool = False


def read_facts(connection: t.Any, name: str, uuid: str | None, host: str) -> DomainFacts:
    """Return the facts of a VM.

    Raises
    ------
    DomainNotFound
        There is no such VM.
    LibvirtFailed
        The host does not answer.
    """
    domain = find_domain(connection, uuid, name)
    if domain is None:
        raise DomainNotFound(
            "There is no VM {} on {}.".format(name or uuid, host),
            "Gather the facts again; it may have moved or been removed.",
        )
    with translated("read the VM {}".format(name)):
        return DomainFacts(
            name=domain.name(),
            uuid=domain.UUIDString(),
            state=_end_state(domain),
            memory_mib=domain.maxMemory() // 1024,
            live_xml=domain.XMLDesc(0),
            job=_job(domain),
            snapshots=domain.snapshotNum(),
            managed_save=bool(domain.hasManagedSaveImage()),
        )


def _job(domain: t.Any) -> str | None:
    if not domain.isActive():
        return None
    statistics = domain.jobStats()
    if statistics.get("type", libvirt.VIR_DOMAIN_JOB_NONE) == libvirt.VIR_DOMAIN_JOB_NONE:
        return None
    return job_kind(statistics.get("operation", 0))


def resume(domain: t.Any) -> None:
    """Let the VM's vCPUs run."""
    with translated("resume the VM {}".format(domain.name())):
        domain.resume()


def suspend(domain: t.Any) -> None:
    """Stop the VM's vCPUs."""
    with translated("suspend the VM {}".format(domain.name())):
        domain.suspend()


def destroy(domain: t.Any) -> None:
    """End the VM's QEMU; what is no longer running is left as it is."""
    with translated("stop the VM {}".format(domain.name())):
        try:
            domain.destroy()
        except libvirt.libvirtError as error:
            if error.get_error_code() not in (
                libvirt.VIR_ERR_OPERATION_INVALID,
                libvirt.VIR_ERR_NO_DOMAIN,
            ):
                raise


def undefine(domain: t.Any) -> None:
    """Remove the definition of a VM but none of its disks, firmware variables or TPM state.

    They belong to the VM and may be shared with the host that runs it now.
    """
    with translated("undefine the VM {}".format(domain.name())):
        try:
            domain.undefineFlags(_keep_flags())
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise


def _keep_flags() -> int:
    flags: int = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    return flags | getattr(libvirt, "VIR_DOMAIN_UNDEFINE_KEEP_TPM", 0)


def set_autostart(domain: t.Any, wanted: bool) -> None:
    """Say whether the VM is started together with its host."""
    with translated("set autostart of the VM {}".format(domain.name())):
        domain.setAutostart(int(wanted))


def refuse_dead(domain: t.Any) -> None:
    """Ask the VM's QEMU something that only QEMU knows: libvirt sees the death of one only later.

    Raises
    ------
    LibvirtFailed
        It does not answer.
    """
    with translated("speak with the QEMU of the VM {}".format(domain.name())):
        # The binding returns None where libvirt fails, and raises nothing.
        if domain.migrateGetMaxDowntime() is None:
            raise libvirt.libvirtError("virDomainMigrateGetMaxDowntime() failed")


def is_running(domain: t.Any) -> bool:
    """Whether the VM's vCPUs run."""
    with translated("read the state of the VM {}".format(domain.name())):
        return bool(domain.state()[0] in (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_BLOCKED))
