# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VM is to move, and the ways to both of its hosts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .options import MigrationOptions


@dataclass(frozen=True)
class MigrationRequest:
    """One VM that is to run on another host.

    Parameters
    ----------
    domain : str
        Name of the VM.
    source_uri : str
        How this process reaches the libvirt daemon of the host that runs the VM.
    destination_uri : str
        How this process reaches the libvirt daemon of the host that is to run it.
    peer_uri : str
        How the B(source's daemon) reaches the destination's; it opens the peer-to-peer connection.
        Empty means the same as I(destination_uri).
    uuid : str or None
        UUID the VM must have; a VM of the same name with another UUID is refused.
    source, destination : str
        Names of the hosts for messages; the URIs where empty.
    migration_address : str or None
        Address of the destination on the migration network, an IP address or a name that the source
        resolves. None lets libvirt take the destination's host name.
    options : MigrationOptions
        How to do it.
    believe_mark : bool
        Whether the handover mark in the VM's live definition counts when it is reconciled. Its tenant may
        have written it, so it is not to count where no journal tells of the migration.
    """

    domain: str
    source_uri: str
    destination_uri: str
    peer_uri: str = ""
    uuid: str | None = None
    source: str = ""
    destination: str = ""
    migration_address: str | None = None
    options: MigrationOptions = field(default_factory=MigrationOptions)
    believe_mark: bool = True

    @property
    def source_name(self) -> str:
        """The source's name in messages."""
        return self.source or self.source_uri

    @property
    def destination_name(self) -> str:
        """The destination's name in messages."""
        return self.destination or self.destination_uri

    @property
    def peer(self) -> str:
        """The URI by which the source's daemon reaches the destination's."""
        return self.peer_uri or self.destination_uri
