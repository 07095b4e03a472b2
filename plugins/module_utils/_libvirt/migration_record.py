# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes into a VM's definition when it moved, so that the next plan leaves it in peace.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.last_migration import NAMESPACE, PREFIX, migration_element
from .connection import libvirt, translated
from .kept import KeptConnections


def record_migration(kept: KeptConnections, uri: str, name: str, at: str, failed: bool) -> None:
    """Write down that a VM moved to a host, or failed to move away from it.

    Parameters
    ----------
    kept : KeptConnections
        Where a connection is taken from, and left to.
    uri : str
        How the libvirt of the host that has the VM now is reached.
    at : str
        When, with the distance from UTC.

    Raises
    ------
    ConnectionFailed, LibvirtFailed
        It cannot be written.
    """
    doing = "write into the definition of the VM {} when it moved".format(name)
    with kept.lent(uri) as connection, translated(doing):
        domain = connection.lookupByName(name)
        domain.setMetadata(
            libvirt.VIR_DOMAIN_METADATA_ELEMENT,
            migration_element(at, failed),
            PREFIX,
            NAMESPACE,
            _definitions_of(domain),
        )


def _definitions_of(domain: t.Any) -> int:
    """Return which of its definitions a VM has: that of its QEMU, that on the disk, or both."""
    flags: int = 0
    if domain.isActive():
        flags |= libvirt.VIR_DOMAIN_AFFECT_LIVE
    if domain.isPersistent():
        flags |= libvirt.VIR_DOMAIN_AFFECT_CONFIG
    return flags
