# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the VM is plugged into on the destination: networks, bridges, and the storage of its disks.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath
import typing as t

from .._facts.disks import disks
from .._facts.network import direct_interfaces, domain_networks
from .._libvirt.presence import Presence, interface_presence, network_presence, volume_presence
from .._request.disks_to_copy import is_to_be_copied
from .context import Context
from .finding import Finding, blocks, holds, untold, warns


def networks(context: Context) -> t.Iterator[Finding]:
    """The libvirt networks that the VM is plugged into are active on the destination."""
    for name in domain_networks(context.definition)[1]:
        yield _present(context, "network", name, network_presence(context.destination, name))


def bridges(context: Context) -> t.Iterator[Finding]:
    """The bridges that the VM is plugged into exist on the destination."""
    for name in domain_networks(context.definition)[0]:
        yield _linked(context, "bridge", name)


def interfaces(context: Context) -> t.Iterator[Finding]:
    """The interfaces that the VM is attached to directly (macvtap) exist on the destination."""
    for name in direct_interfaces(context.definition):
        yield _linked(context, "interface", name)


def _linked(context: Context, kind: str, name: str) -> Finding:
    """One without a carrier takes the VM all the same, and is often meant to have none yet."""
    presence = interface_presence(context.destination, name)
    if presence is Presence.INACTIVE:
        return warns(
            kind,
            "The {} {} has no carrier on {}.".format(kind, name, context.there),
            "Set it up and, if the VM must be reachable from outside, plug it in.",
        )
    return _present(context, kind, name, presence)


_WORDS = {
    Presence.ACTIVE: "The {} {} is active on {}.",
    Presence.INACTIVE: "The {} {} is not active on {}.",
    Presence.ABSENT: "There is no {} {} on {}.",
    Presence.UNTOLD: "libvirt cannot say whether the {} {} exists on {}.",
}
_REMEDY = "Create and start it there, or choose another host."


def _present(context: Context, kind: str, name: str, presence: Presence) -> Finding:
    evidence = _WORDS[presence].format(kind, name, context.there)
    if presence is Presence.ACTIVE:
        return holds(kind, evidence)
    if presence is Presence.UNTOLD:
        return untold(kind, evidence)
    return blocks(kind, evidence, _REMEDY)


def storage(context: Context) -> t.Iterator[Finding]:
    """The destination sees the images of the VM's disks, as far as its pools can tell."""
    for disk in disks(context.definition, {}):
        path = disk["path"]
        if path is None or not path.startswith("/"):
            continue
        if is_to_be_copied(disk, context.request.options):
            continue
        presence = volume_presence(context.destination, path)
        if presence is Presence.ACTIVE:
            yield holds("storage", "{} sees {}.".format(context.there, path))
        elif presence is Presence.ABSENT:
            yield blocks(
                "storage",
                "{} has the directory {} as a storage pool, but {} is not in it.".format(
                    context.there, posixpath.dirname(path), posixpath.basename(path)
                ),
                "Mount the same storage there as on the source.",
            )
        else:
            yield untold(
                "storage",
                "No storage pool of {} can say whether {} is there.".format(context.there, path),
            )


CHECKS = (networks, bridges, interfaces, storage)
