# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has around its VMs: networks, bridges and volumes, as far as libvirt can tell.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import enum
import posixpath
import typing as t

from .connection import libvirt


class Presence(enum.Enum):
    """Whether something exists on a host."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ABSENT = "absent"
    UNTOLD = "untold"
    """libvirt has no driver there that could tell, or nothing that covers it."""


def network_presence(connection: t.Any, name: str) -> Presence:
    """Say whether a libvirt network exists and is active."""
    return _presence(lambda: connection.networkLookupByName(name), libvirt.VIR_ERR_NO_NETWORK)


def interface_presence(connection: t.Any, name: str) -> Presence:
    """Say whether an interface or a bridge exists, and has a carrier.

    libvirt calls a bridge active when the kernel's C(operstate) is C(up), which it is not while no
    port of the bridge has a carrier. The VM itself would be the first one.
    """
    return _presence(lambda: connection.interfaceLookupByName(name), libvirt.VIR_ERR_NO_INTERFACE)


_SECRET_TYPES = {"volume": "VOLUME", "ceph": "CEPH", "iscsi": "ISCSI", "tls": "TLS", "vtpm": "VTPM"}


def secret_presence(connection: t.Any, uuid: str | None, kind: str | None, usage: str) -> Presence:
    """Say whether a secret is defined, looked up by its UUID or else by its type and usage."""
    number = getattr(libvirt, "VIR_SECRET_USAGE_TYPE_" + _SECRET_TYPES.get(kind or "", "NONE"), 0)
    try:
        if uuid:
            connection.secretLookupByUUIDString(uuid)
        else:
            connection.secretLookupByUsage(number, usage)
    except libvirt.libvirtError as error:
        absent = error.get_error_code() == libvirt.VIR_ERR_NO_SECRET
        return Presence.ABSENT if absent else Presence.UNTOLD
    return Presence.ACTIVE


def _presence(look_up: t.Callable[[], t.Any], absent: int) -> Presence:
    try:
        return Presence.ACTIVE if look_up().isActive() else Presence.INACTIVE
    except libvirt.libvirtError as error:
        return Presence.ABSENT if error.get_error_code() == absent else Presence.UNTOLD


def volume_presence(connection: t.Any, path: str) -> Presence:
    """Say whether a path is a volume of a storage pool; where it is not, the pool looks again.

    Side Effects
    ------------
    Refreshes that storage pool's list of volumes.
    """
    try:
        connection.storageVolLookupByPath(path)
    except libvirt.libvirtError:
        return _volume_after_refresh(connection, path)
    return Presence.ACTIVE


def _volume_after_refresh(connection: t.Any, path: str) -> Presence:
    try:
        pool = connection.storagePoolLookupByTargetPath(posixpath.dirname(path))
        pool.refresh()
    except libvirt.libvirtError:
        return Presence.UNTOLD
    try:
        connection.storageVolLookupByPath(path)
    except libvirt.libvirtError as error:
        return (
            Presence.ABSENT
            if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL
            else Presence.UNTOLD
        )
    return Presence.ACTIVE
