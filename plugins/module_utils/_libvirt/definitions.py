# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All domains of a host with their definitions, in as few calls as libvirt allows.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.readings import DomainReading
from .connection import libvirt, translated


def read_domains(connection: t.Any) -> list[DomainReading]:
    """Return all domains, running or not, by name.

    What is known of many domains at once is asked once: a filtered list per property instead of a
    call per domain. A domain that disappears meanwhile is left out.

    Raises
    ------
    LibvirtFailed
        libvirt refused.
    """
    with translated("list the domains"):
        domains = connection.listAllDomains(0)
        having = {
            "active": _having(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE),
            "persistent": _having(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
            "autostart": _having(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART),
            "managed_save": _having(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE),
        }
        with_snapshots = _having(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT)
    readings = (
        _read_domain(
            domain,
            {key: domain.UUIDString() in uuids for key, uuids in having.items()},
            with_snapshots,
        )
        for domain in domains
    )
    return sorted((reading for reading in readings if reading), key=lambda reading: reading.name)


def _having(connection: t.Any, flag: int) -> frozenset[str]:
    """Return the UUIDs of the domains with some property."""
    return frozenset(domain.UUIDString() for domain in connection.listAllDomains(flag))


def _read_domain(
    domain: t.Any, properties: dict[str, t.Any], with_snapshots: t.Container[str]
) -> DomainReading | None:
    """Return one domain, None when it is gone."""
    uuid, name = domain.UUIDString(), domain.name()
    try:
        snapshots = domain.snapshotNum() if uuid in with_snapshots else 0
        return DomainReading(name, uuid, domain.XMLDesc(0), snapshots=snapshots, **properties)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        return DomainReading(name, uuid, None, problem=error.get_error_message(), **properties)
