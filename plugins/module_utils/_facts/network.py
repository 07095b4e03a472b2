# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bridges, libvirt networks and the migration network of a host.

Interfaces come as C(ip -details -json address) prints them: C(ifname), C(mtu), C(addr_info),
C(linkinfo), C(master).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
import typing as t
import xml.etree.ElementTree as ET

from .._errors import DroverError
from .readings import Defined

Interface = dict[str, t.Any]


class NoNetwork(DroverError):
    """What was given as a network is none."""

    code = "no_network"


_BRIDGE_KINDS = ("bridge", "openvswitch")
_KINDS_OF_VMS = ("tun", "macvtap")
# Kinds whose "link" is the interface below; of a pair of virtual Ethernet devices it is the other
# end.
_STACKED_KINDS = ("vlan", "macvlan", "macvtap", "ipvlan")


def _kind(interface: Interface) -> str:
    return str((interface.get("linkinfo") or {}).get("info_kind", ""))


def bridge_facts(interfaces: t.Iterable[Interface]) -> dict[str, dict[str, t.Any]]:
    """Return the Linux and Open vSwitch bridges of a host by name.

    An Open vSwitch bridge shows as its own internal port; other internal ports cannot be told from
    it and are listed, too.
    """
    return {
        interface["ifname"]: {"mtu": interface.get("mtu")}
        for interface in interfaces
        if _kind(interface) in _BRIDGE_KINDS
    }


def attachable(interfaces: t.Iterable[Interface]) -> list[str]:
    """Return the interfaces that VMs can be attached to directly (macvtap), sorted by name.

    Those that QEMU or libvirt made for a running VM are none.
    """
    return sorted(
        interface["ifname"]
        for interface in interfaces
        if interface.get("link_type") == "ether" and _kind(interface) not in _KINDS_OF_VMS
    )


def network_facts(network: Defined) -> tuple[str, dict[str, t.Any]]:
    """Return the name and the facts of one libvirt network."""
    root = ET.fromstring(network.xml)
    bridge = root.find("bridge")
    return root.findtext("name", ""), {
        "active": network.active,
        "bridge": None if bridge is None else bridge.get("name"),
    }


def domain_networks(domain: ET.Element) -> tuple[list[str], list[str]]:
    """Return the bridges and the libvirt networks that a domain is plugged into, each sorted.

    A live definition also shows the bridge behind a libvirt network, even as if it were plugged
    into that directly; but it is the network that must exist elsewhere, whatever bridge it has
    there.
    """
    bridges, networks = set(), set()
    for source in domain.findall("devices/interface/source"):
        if source.get("network"):
            networks.add(source.get("network", ""))
        elif source.get("bridge"):
            bridges.add(source.get("bridge", ""))
    return sorted(bridges), sorted(networks)


def direct_interfaces(domain: ET.Element) -> list[str]:
    """Return the interfaces of its host that a domain is attached to directly (macvtap), sorted."""
    sources = domain.findall("devices/interface[@type='direct']/source")
    return sorted({source.get("dev", "") for source in sources if source.get("dev")})


def _addresses(interface: Interface) -> list[str]:
    return [a["local"] for a in interface.get("addr_info", []) if a.get("local")]


def _find(
    interfaces: t.Iterable[Interface], wanted: t.Callable[[Interface, str], bool]
) -> tuple[Interface, str] | None:
    """Return the first interface and address of which C(wanted) holds."""
    for interface in interfaces:
        for address in _addresses(interface):
            if wanted(interface, address):
                return interface, address
    return None


def management_address(
    interfaces: t.Sequence[Interface], routes: t.Sequence[dict[str, t.Any]], reached_at: str | None
) -> tuple[Interface, str] | None:
    """Return the interface and address that the host is managed through, None when nothing tells.

    Parameters
    ----------
    interfaces : sequence of dict
        Interfaces of the host.
    routes : sequence of dict
        Its default routes, as C(ip -json route show default) prints them.
    reached_at : str or None
        The own address of the SSH connection that asks, which is the best evidence.
    """
    default = routes[0].get("dev") if routes else None
    return _find(interfaces, lambda _interface, address: address == reached_at) or _find(
        interfaces,
        lambda interface, address: (
            interface["ifname"] == default and not ipaddress.ip_address(address).is_link_local
        ),
    )


def migration_facts(
    interfaces: t.Sequence[Interface],
    management: tuple[Interface, str] | None,
    network: str | None,
    speeds: dict[str, int],
) -> dict[str, t.Any] | None:
    """Return through which address migrations reach this host.

    Parameters
    ----------
    interfaces : sequence of dict
        Interfaces of the host.
    management : (dict, str) or None
        Interface and address that the host is managed through; used when no network is asked for.
    network : str or None
        The migration network in CIDR notation.
    speeds : dict
        Speed of each physical interface in Mbit/s.

    Returns
    -------
    dict or None
        None when the host has no address on that network.

    Raises
    ------
    NoNetwork
        C(network) is not in CIDR notation.
    """
    found = management
    if network:
        within = _parse_network(network)
        found = _find(
            interfaces, lambda _interface, address: ipaddress.ip_address(address) in within
        )
    if found is None:
        return None
    interface, address = found
    return {
        "address": address,
        "network": network,
        "interface": interface["ifname"],
        "speed_mbit": speed(interface["ifname"], interfaces, speeds),
        "mtu": interface.get("mtu"),
        "is_management": management is not None and management[0]["ifname"] == interface["ifname"],
    }


def _parse_network(network: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise NoNetwork(
            f"The migration network {network!r} is not in CIDR notation: {error}.",
            "Write it like 10.88.1.0/24.",
        ) from error


def speed(name: str, interfaces: t.Sequence[Interface], speeds: dict[str, int]) -> int | None:
    """Return the speed of an interface in Mbit/s, or of the fastest physical one below it.

    Virtual interfaces claim a speed that means nothing, so without a physical one it is unknown. Of
    a bond one member counts: a migration is one connection, and that goes through one member.
    """
    if name in speeds:
        return speeds[name]
    known = [speed(lower, interfaces, speeds) for lower in _below(name, interfaces)]
    return max((one for one in known if one), default=None)


def _below(name: str, interfaces: t.Iterable[Interface]) -> list[str]:
    """Return the interfaces that an interface is made of: ports, members, or what a VLAN is on."""
    below = []
    for interface in interfaces:
        if interface.get("master") == name:
            below.append(interface["ifname"])
        elif interface["ifname"] == name and _kind(interface) in _STACKED_KINDS:
            below.append(interface.get("link", ""))
    return [lower for lower in below if lower]
