# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two hosts: that they are two, and that the destination's software is not older.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import weakref
import xml.etree.ElementTree as ET

from .._facts.quantities import version
from .context import Pair
from .finding import Finding, blocks, holds, warns

_UUIDS: weakref.WeakKeyDictionary[t.Any, str] = weakref.WeakKeyDictionary()


def two_hosts(context: Pair) -> t.Iterator[Finding]:
    """The source and the destination are different hosts with different UUIDs."""
    uuids = [host_uuid(connection) for connection in (context.source, context.destination)]
    if uuids[0] != uuids[1]:
        yield holds("two_hosts", "The hosts have different UUIDs.")
    elif context.source.getHostname() == context.destination.getHostname():
        yield blocks(
            "two_hosts",
            "The destination {} is the host that runs the VM.".format(context.there),
            "Choose another destination.",
        )
    else:
        yield blocks(
            "two_hosts",
            "{} and {} have the same host UUID {}; libvirt takes them for one host.".format(
                context.request.source_name, context.there, uuids[0]
            ),
            "Set a host_uuid of its own in libvirtd.conf on cloned hosts and restart the daemon.",
        )


def versions(context: Pair) -> t.Iterator[Finding]:
    """Neither libvirt nor QEMU is older on the destination; only that direction is supported."""
    for name, ask in (("libvirt", "getLibVersion"), ("QEMU", "getVersion")):
        here, there = (getattr(end, ask)() for end in (context.source, context.destination))
        evidence = "{} is {} on the source and {} on the destination.".format(
            name, version(here), version(there)
        )
        if there >= here:
            yield holds("versions", evidence)
        else:
            yield warns("versions", evidence, "Migrate to hosts with the same or a newer version.")


def migration_address(context: Pair) -> t.Iterator[Finding]:
    """The way of the memory is named, and not left to the resolution of a host name."""
    address = context.request.migration_address
    if address:
        yield holds("migration_address", "Memory is copied to {}.".format(address))
    else:
        yield warns(
            "migration_address",
            "No migration address is given; memory goes where the source finds the name {}.".format(
                context.destination.getHostname()
            ),
            "Give the destination's address on the migration network.",
        )


def host_uuid(connection: t.Any) -> str:
    """Return the UUID of a host.

    Asked once of a connection: libvirt puts all of its capabilities together for each answer, and a daemon does not
    change its UUID while it runs.
    """
    if connection not in _UUIDS:
        document = ET.fromstring(connection.getCapabilities())
        _UUIDS[connection] = document.findtext("host/uuid", "")
    return _UUIDS[connection]


CHECKS = (two_hosts, versions, migration_address)
