# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the libvirt of a host knows of the guests."""

from __future__ import annotations

from dataclasses import dataclass

import libvirt

from tests.lab.guests import ADDRESS
from tests.lab.host import Host

_STATES = {
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_BLOCKED: "blocked",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_SHUTDOWN: "shutdown",
    libvirt.VIR_DOMAIN_SHUTOFF: "shutoff",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "pmsuspended",
}
_WITH_ALL_STATE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
)


@dataclass(frozen=True)
class Place:
    """A host that knows a domain, and how."""

    host: str
    state: str
    persistent: bool
    autostart: bool


def place_of(host: Host, name: str) -> Place | None:
    connection = host.connection()
    try:
        domain = connection.lookupByName(name)
        persistent = bool(domain.isPersistent())
        return Place(
            host=host.name,
            state=_STATES.get(domain.state()[0], "unknown"),
            persistent=persistent,
            autostart=persistent and bool(domain.autostart()),
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    finally:
        connection.close()


def linux_addresses(host: Host) -> dict[str, str]:
    connection = host.connection()
    try:
        definitions = {each.name(): each.XMLDesc() for each in connection.listAllDomains()}
    finally:
        connection.close()
    found = {name: ADDRESS.search(xml) for name, xml in definitions.items()}
    return {name: match.group(1) for name, match in found.items() if match}


def remove_domains(host: Host) -> None:
    if not host.is_on:
        return
    connection = host.connection()
    for domain in connection.listAllDomains():
        persistent = domain.isPersistent()
        if domain.isActive():
            domain.destroy()
        if persistent:
            domain.undefineFlags(_WITH_ALL_STATE)
    connection.close()
