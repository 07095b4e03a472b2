# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only a domain's QEMU, or a lock on the domain, can tell.

Any of these calls may wait for ever.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._facts.readings import DomainProbe
from .connection import libvirt
from .statistics import domain_statistics


def probe_domains(
    connection: t.Any, targets: dict[str, list[str]], found: dict[str, DomainProbe]
) -> bool:
    """Ask the QEMU of every running domain for its memory, dirty rate and jobs.

    Never a measurement of dirty rates is started: only one that somebody made is read.

    Parameters
    ----------
    connection : libvirt.virConnect
        Connection to the host.
    targets : dict
        Targets of the disks that a block job could work on, by the UUID of the running domain.
    found : dict
        Takes up what is told, by UUID, as it comes in: when a call does not return, what came before
        it is there. What libvirt is too busy for is missing.

    Returns
    -------
    bool
        That it came to the end.
    """
    wanted = libvirt.VIR_DOMAIN_STATS_BALLOON | getattr(libvirt, "VIR_DOMAIN_STATS_DIRTYRATE", 0)
    domains = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
    for domain in domains:
        found[domain.UUIDString()] = DomainProbe({}, _job(domain))
    for uuid, statistics in domain_statistics(connection, wanted).items():
        if uuid in found:
            found[uuid] = found[uuid]._replace(statistics=statistics)
    for domain in domains:
        uuid = domain.UUIDString()
        # A domain with a job has its lock taken, and cannot be migrated in any case.
        if not found[uuid].job:
            block_jobs = _block_jobs(domain, targets.get(uuid, []))
            found[uuid] = found[uuid]._replace(block_jobs=block_jobs)
    return True


def _job(domain: t.Any) -> dict[str, t.Any]:
    """Return the statistics of the running job, nothing when there is none or the domain is gone.

    Of an incoming migration only the source has statistics. libvirt refuses them here, which tells what is
    going on as well.
    """
    try:
        job = dict(domain.jobStats())
        running = job.pop("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
        return job if running else {}
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_UNSUPPORTED:
            return {"operation": libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN}
    return {}


def _block_jobs(domain: t.Any, targets: t.Iterable[str]) -> tuple[str, ...]:
    """Return the disks that a block job works on, nothing when the domain cannot tell now."""
    with contextlib.suppress(libvirt.libvirtError):
        return tuple(target for target in targets if domain.blockJobInfo(target, 0))
    return ()
