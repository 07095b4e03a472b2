# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""libvirt's migration call and the calls that watch and steer it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t

from .._errors import LibvirtFailed
from .._facts.end_state import EndState
from .._request.request import MigrationRequest
from .connection import libvirt, translated
from .domain import find_domain


def migration_flags(
    request: MigrationRequest, before: EndState, disks: t.Sequence[str] = ()
) -> int:
    """Return libvirt's flags for a live migration of a VM that was in this state, with these disks.

    The definition goes with the VM: a persistent VM becomes persistent on the destination and is
    undefined on the source, a transient one stays transient.
    """
    options = request.options
    flags: int = (
        libvirt.VIR_MIGRATE_LIVE
        | libvirt.VIR_MIGRATE_PEER2PEER
        | libvirt.VIR_MIGRATE_ABORT_ON_ERROR
    )
    chosen = {
        libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE: before.persistent,
        libvirt.VIR_MIGRATE_PAUSED: options.resumes_destination and before.state != "paused",
        libvirt.VIR_MIGRATE_AUTO_CONVERGE: options.auto_converge,
        libvirt.VIR_MIGRATE_POSTCOPY: options.post_copy != "never",
        libvirt.VIR_MIGRATE_PARALLEL: options.parallel_connections is not None,
        # Without the names of disks libvirt would copy all of them, shared ones onto themselves.
        _COPY_FLAGS.get(options.copy_storage, 0): bool(disks),
        libvirt.VIR_MIGRATE_COMPRESSED: options.compression != "none",
        libvirt.VIR_MIGRATE_TLS: options.tls,
        libvirt.VIR_MIGRATE_UNSAFE: options.unsafe,
    }
    for flag, wanted in chosen.items():
        flags |= flag if wanted else 0
    return flags


def post_copy_resume_flags(request: MigrationRequest, persistent: bool) -> int:
    """Return libvirt's flags to resume the broken post-copy migration of a VM."""
    flags: int = (
        libvirt.VIR_MIGRATE_LIVE
        | libvirt.VIR_MIGRATE_PEER2PEER
        | libvirt.VIR_MIGRATE_POSTCOPY
        | libvirt.VIR_MIGRATE_POSTCOPY_RESUME
    )
    if persistent:
        flags |= libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
    return flags | (libvirt.VIR_MIGRATE_TLS if request.options.tls else 0)


def migration_parameters(
    request: MigrationRequest, disks: t.Sequence[str] = ()
) -> dict[str, t.Any]:
    """Return libvirt's typed parameters for a live migration that copies these disks, too."""
    options = request.options
    wanted = {
        libvirt.VIR_MIGRATE_PARAM_URI: migration_uri(request.migration_address),
        libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: options.bandwidth_mib_s,
        libvirt.VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS: options.parallel_connections,
        libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS: list(disks) or None,
        libvirt.VIR_MIGRATE_PARAM_COMPRESSION: None
        if options.compression == "none"
        else [options.compression],
    }
    return {name: value for name, value in wanted.items() if value is not None}


_COPY_FLAGS: dict[str, int] = {
    "all": getattr(libvirt, "VIR_MIGRATE_NON_SHARED_DISK", 64),
    "inc": getattr(libvirt, "VIR_MIGRATE_NON_SHARED_INC", 128),
}


def migration_uri(address: str | None) -> str | None:
    """Return the URI by which the source's QEMU reaches the destination's.

    libvirt chooses the port. An IPv6 address gets its brackets; what is a URI already stays as it
    is.
    """
    if not address or "://" in address:
        return address or None
    return "tcp://[{}]".format(address) if ":" in address else "tcp://{}".format(address)


# Not running, or gone.
_NOT_RUNNING = (
    getattr(libvirt, "VIR_ERR_OPERATION_INVALID", 55),
    getattr(libvirt, "VIR_ERR_NO_DOMAIN", 42),
)


class MigrationJob:
    """A migration call under way in a thread of its own.

    Parameters
    ----------
    domain : libvirt.virDomain
        The VM on its source. The connection it came from carries the call and the ones that watch
        it; libvirt serves five requests of one connection at a time, we never have more than three.
    peer_uri : str
        How the source's daemon reaches the destination's.
    parameters : dict
        libvirt's typed parameters.
    flags : int
        libvirt's flags.
    """

    def __init__(
        self, domain: t.Any, peer_uri: str, parameters: dict[str, t.Any], flags: int
    ) -> None:
        self._domain = domain
        self._call = (peer_uri, parameters, flags)
        self._returned = threading.Event()
        self._error: LibvirtFailed | None = None

    def start(self) -> None:
        """Begin to migrate."""
        threading.Thread(
            target=self._run, name="migrate-" + self._domain.name(), daemon=True
        ).start()

    def _run(self) -> None:
        try:
            with translated("migrate the VM {}".format(self._domain.name())):
                self._domain.migrateToURI3(*self._call)
        except LibvirtFailed as error:
            self._error = error
        finally:
            self._returned.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the call to return; true when it has."""
        return self._returned.wait(seconds)

    @property
    def error(self) -> LibvirtFailed | None:
        """libvirt's complaint once the call has returned; it does not tell where the VM runs."""
        return self._error

    def statistics(self) -> dict[str, t.Any] | None:
        """Return libvirt's statistics of the copy, or None when there is no job to be read."""
        statistics = job_statistics(self._domain)
        active = statistics.get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
        return statistics if active and "memory_total" in statistics else None

    def set_max_downtime(self, downtime_ms: int) -> None:
        """Tell QEMU how long the VM may be paused at the end of the copy."""
        with translated("set the maximum downtime of {}".format(self._domain.name())):
            self._domain.migrateSetMaxDowntime(downtime_ms)

    def start_post_copy(self) -> None:
        """Let the VM go on at the destination and fetch the rest of its memory from there."""
        with translated("switch {} to post-copy".format(self._domain.name())):
            self._domain.migrateStartPostCopy()

    def abort(self) -> None:
        """Cancel the migration; the call returns soon after."""
        cancel_job(self._domain)


def job_statistics(domain: t.Any) -> dict[str, t.Any]:
    """Return libvirt's statistics of what it is busy with.

    Raises
    ------
    LibvirtFailed
        The host does not answer, or receives the VM.
    """
    with translated("read the progress of the migration of {}".format(domain.name())):
        statistics: dict[str, t.Any] = domain.jobStats()
    return statistics


def completed_statistics(domain: t.Any) -> dict[str, t.Any]:
    """Return libvirt's figures of the last migration to this host; empty where it keeps none."""
    with contextlib.suppress(libvirt.libvirtError):
        statistics: dict[str, t.Any] = domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
        return statistics
    return {}


def cancel_job(domain: t.Any) -> None:
    """Cancel the job that libvirt is busy with; the migration call fails then, no matter who made it.

    Raises
    ------
    LibvirtFailed
        There is no job any more, or it cannot be cancelled.
    """
    with translated("cancel the migration of {}".format(domain.name())):
        domain.abortJob()


def pause_post_copy(domain: t.Any) -> None:
    """Have QEMU give the connection of a post-copy migration up, so that it can be resumed.

    Raises
    ------
    LibvirtFailed
        There is none, or it has been given up already.
    """
    with translated("pause the post-copy migration of {}".format(domain.name())):
        domain.abortJobFlags(libvirt.VIR_DOMAIN_ABORT_JOB_POSTCOPY)


def is_receiving(connection: t.Any, name: str) -> bool:
    """Whether the VM of that name is being received by this host, which tells nothing of the job.

    Raises
    ------
    LibvirtFailed
        The host does not answer.
    """
    domain = find_domain(connection, None, name)
    if domain is None:
        return False
    with translated("look at the VM {}".format(name)):
        try:
            domain.jobInfo()
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_OPERATION_UNSUPPORTED:
                return True
            if error.get_error_code() not in _NOT_RUNNING:
                raise
    return False
