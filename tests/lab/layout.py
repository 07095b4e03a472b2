# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, addresses and paths of a lab: everything that follows from its name and slot."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

#: Labs live here. Not below /etc or /var: hosts lay an overlay over those, whose upper
#: directory must not lie inside the lower one.
LABS = Path("/srv/drover-lab")
#: What is costly to make and equal for all labs: guest kernels, QEMU's capabilities.
CACHE = Path("/var/cache/drover-lab")
#: Where every host of every lab sees the storage that its lab shares.
SHARED = Path("/srv/drover-shared")

MAX_SLOTS = 60
MAX_HOSTS = 60
MANAGEMENT, MIGRATION, GUEST = "management", "migration", "guest"
NETWORKS = (MANAGEMENT, MIGRATION, GUEST)
#: The interface of each network inside a host.
INTERFACES = {MANAGEMENT: "eth0", MIGRATION: "eth1", GUEST: "eth2"}

_CONTROLLER = 254
_FIRST_GUEST = 101
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def valid_name(name: str) -> str:
    """Return `name`.

    Raises
    ------
    ValueError
        When it cannot name a lab.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"lab name {name!r}: use up to 31 small letters, digits and dashes, a letter first"
        )
    return name


@dataclass(frozen=True)
class Layout:
    """Where things of one lab are.

    Parameters
    ----------
    name
        Name of the lab.
    slot
        Number of the lab on this machine; decides its addresses and bridges.
    """

    name: str
    slot: int

    @property
    def root(self) -> Path:
        """Directory of everything that the lab keeps."""
        return LABS / self.name

    @property
    def state_file(self) -> Path:
        """What must be known to take the lab down."""
        return self.root / "state.json"

    @property
    def keys(self) -> Path:
        """SSH keys, known hosts and the client's configuration."""
        return self.root / "ssh"

    @property
    def backing(self) -> Path:
        """The plain directory behind the shared storage."""
        return self.root / "backing"

    @property
    def shared(self) -> Path:
        """The shared storage as the controller sees it."""
        return self.root / "shared"

    def host_root(self, host: str) -> Path:
        """Directory of what one host keeps over a power cycle."""
        return self.root / "hosts" / host

    def network(self, network: str) -> IPv4Network:
        """Return the subnet of one of the lab's networks."""
        third = self.slot * len(NETWORKS) + NETWORKS.index(network)
        return IPv4Network(f"10.188.{third}.0/24")

    def bridge(self, network: str) -> str:
        """Return the bridge of a network, in the controller's namespace."""
        return f"drv{self.slot}-{INTERFACES[network]}"

    def port(self, network: str, number: int) -> str:
        """Return the controller's end of a host's link."""
        return f"drv{self.slot}-{number}-{INTERFACES[network][3:]}"

    def address(self, network: str, number: int) -> IPv4Address:
        """Return the address of host `number` (from 1) in a network."""
        return self.network(network)[number]

    def controller(self, network: str) -> IPv4Address:
        """Return the controller's address in a network."""
        return self.network(network)[_CONTROLLER]

    def guest_address(self, number: int) -> IPv4Address:
        """Return the address of the Linux guest `number` (from 0)."""
        return self.network(GUEST)[_FIRST_GUEST + number]

    def mac(self, network: str, number: int) -> str:
        """Return a host's MAC address.

        Fixed, because a neighbour keeps a stale ARP entry for half a minute when a host comes
        back from a power cycle with another one.
        """
        return f"02:dd:{self.slot:02x}:{NETWORKS.index(network):02x}:00:{number:02x}"

    def host_uuid(self, host: str) -> uuid.UUID:
        """Return the UUID by which libvirt knows the host; equal at each boot."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{host}.{self.name}.drover.lab")


def host_name(number: int) -> str:
    """Return the name of host `number` (from 1)."""
    return f"kvm{number}"
