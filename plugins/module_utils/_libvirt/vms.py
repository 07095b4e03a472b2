# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VMs a host has, as the guards of its power ask it: active or not, in one look.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.power_guards import ListedVm
from .._facts.states import state_and_reason
from .connection import open_connection, translated


def read_vms(uri: str) -> list[ListedVm]:
    """Return all VMs of a host, by name.

    Raises
    ------
    ConnectionFailed, LibvirtFailed
        libvirt does not answer; then nobody knows what runs.
    """
    connection = open_connection(uri, read_only=True)
    try:
        with translated("list the VMs"):
            return sorted(_listed(domain) for domain in connection.listAllDomains(0))
    finally:
        connection.close()


def _listed(domain: t.Any) -> ListedVm:
    state, reason = domain.state()
    return ListedVm(
        domain.name(),
        domain.UUIDString(),
        bool(domain.isActive()),
        state_and_reason(state, reason)[0],
    )
