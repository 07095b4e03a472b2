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


def probe_domains(connection: t.Any, targets: dict[str, list[str]]) -> dict[str, DomainProbe]:
    """Ask the QEMU of every running domain for its memory, dirty rate and jobs.

    Never a measurement of dirty rates is started: only one that somebody made is read.

    Parameters
    ----------
    connection : libvirt.virConnect
        Connection to the host.
    targets : dict
        Targets of the disks that a block job could work on, by the UUID of the running domain.

    Returns
    -------
    dict
        What was told, by UUID; domains that are gone, or that libvirt is busy with, are missing.
    """
    wanted = libvirt.VIR_DOMAIN_STATS_BALLOON | getattr(libvirt, "VIR_DOMAIN_STATS_DIRTYRATE", 0)
    statistics = domain_statistics(connection, wanted)
    probes = {}
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        uuid = domain.UUIDString()
        with contextlib.suppress(libvirt.libvirtError):
            probes[uuid] = _probe(domain, statistics.get(uuid, {}), targets.get(uuid, []))
    return probes


def _probe(domain: t.Any, statistics: dict[str, t.Any], targets: list[str]) -> DomainProbe:
    job = domain.jobStats()
    running = job.pop("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
    return DomainProbe(statistics, job if running else {}, _block_jobs(domain, targets))


def _block_jobs(domain: t.Any, targets: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(target for target in targets if domain.blockJobInfo(target, 0))
