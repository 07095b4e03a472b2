# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges, networks and the migration network."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.network import (
    NoNetwork,
    attachable,
    bridge_facts,
    direct_interfaces,
    management_address,
    migration_facts,
    network_facts,
    speed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import Defined

from tests.unit.plugins.module_utils.facts.recordings import recorded


def interface(name: str, *addresses: str, kind: str = "", **more: Any) -> dict[str, Any]:
    """Return an interface as the command ip prints it, shortened."""
    found: dict[str, Any] = {
        "ifname": name,
        "mtu": 1500,
        "addr_info": [{"local": address} for address in addresses],
        **more,
    }
    return {**found, "linkinfo": {"info_kind": kind}} if kind else found


INTERFACES = [
    interface("lo", "127.0.0.1", "::1"),
    interface("eth0", master="br0"),
    interface("eth1", master="bond1"),
    interface("eth2", master="bond1"),
    interface("br0", "192.0.2.7", "fe80::1", kind="bridge"),
    interface("bond1", kind="bond", mtu=9000),
    interface("bond1.7", "10.88.1.7", "2001:db8:7::7", kind="vlan", link="bond1", mtu=9000),
    interface("vnet0", kind="tun", master="br0"),
    interface("br-int", kind="openvswitch", mtu=1450),
    interface("veth0", "10.99.0.2", kind="veth", link="veth1"),
]
ROUTES = [{"dst": "default", "gateway": "192.0.2.1", "dev": "br0"}]
SPEEDS = {"eth0": 1000, "eth1": 25000, "eth2": 25000}
MANAGEMENT = management_address(INTERFACES, ROUTES, None)


def test_bridges_of_both_kinds_are_told_with_their_mtu() -> None:
    """Linux bridges, and Open vSwitch by its internal ports."""
    assert bridge_facts(INTERFACES) == {"br0": {"mtu": 1500}, "br-int": {"mtu": 1450}}


def test_interfaces_of_vms_are_nothing_to_attach_vms_to() -> None:
    """What QEMU or libvirt made for one VM is not told, nor what is no Ethernet."""
    ether = [{**each, "link_type": "ether"} for each in INTERFACES[1:]]
    loopback = {**INTERFACES[0], "link_type": "loopback"}
    macvtap = {**interface("macvtap0", kind="macvtap"), "link_type": "ether"}
    names = attachable([loopback, *ether, macvtap])
    assert names == ["bond1", "bond1.7", "br-int", "br0", "eth0", "eth1", "eth2", "veth0"]


def test_a_direct_attachment_names_the_interface_of_its_host() -> None:
    """Each interface once, whatever the mode; bridges and networks are something else."""
    devices = (
        "<interface type='direct'><source dev='eth1' mode='bridge'/></interface>"
        "<interface type='direct'><source dev='eth1' mode='vepa'/></interface>"
        "<interface type='bridge'><source bridge='br0'/></interface>"
        "<interface type='network'><source network='lab' dev='eth7' mode='bridge'/></interface>"
    )
    domain = ET.fromstring(f"<domain><devices>{devices}</devices></domain>")
    assert direct_interfaces(domain) == ["eth1"]


def test_the_migration_address_is_the_one_in_the_network() -> None:
    """Its interface, MTU and the speed of the hardware below are told with it."""
    assert migration_facts(INTERFACES, MANAGEMENT, "10.88.1.0/24", SPEEDS) == {
        "address": "10.88.1.7",
        "network": "10.88.1.0/24",
        "interface": "bond1.7",
        "speed_mbit": 25000,
        "mtu": 9000,
        "is_management": False,
    }


def test_version_6_networks_work_alike() -> None:
    """Addresses of both versions can be mixed on an interface."""
    found = migration_facts(INTERFACES, MANAGEMENT, "2001:db8:7::/64", SPEEDS)
    assert found is not None
    assert found["address"] == "2001:db8:7::7"


def test_without_a_network_the_management_address_serves() -> None:
    """And it is said that management goes the same way."""
    found = migration_facts(INTERFACES, MANAGEMENT, None, SPEEDS)
    assert found is not None
    assert (found["address"], found["speed_mbit"]) == ("192.0.2.7", 1000)
    assert found["is_management"] is True


def test_the_ssh_connection_tells_best_how_a_host_is_managed() -> None:
    """The default route is only a guess."""
    found = management_address(INTERFACES, ROUTES, "10.99.0.2")
    assert found is not None
    assert found[0]["ifname"] == "veth0"
    assert management_address(INTERFACES, [], None) is None


def test_a_host_outside_of_the_network_has_no_migration_address() -> None:
    """None, rather than an address that nobody asked for."""
    assert migration_facts(INTERFACES, MANAGEMENT, "10.1.0.0/16", SPEEDS) is None


def test_what_is_no_network_is_refused() -> None:
    """The sentence shows what was given and how to write it."""
    with pytest.raises(NoNetwork, match=r"'eth1'.*Write it like"):
        migration_facts(INTERFACES, MANAGEMENT, "eth1", SPEEDS)


def test_virtual_interfaces_have_no_speed() -> None:
    """The kernel claims 10 Gbit/s for a veth, and the other end of it is nothing below."""
    assert speed("veth0", INTERFACES, {**SPEEDS, "veth1": 1}) is None
    assert speed("br-int", INTERFACES, SPEEDS) is None


def test_networks_are_told_with_their_bridge() -> None:
    """The name, whether it is active, and the bridge."""
    assert network_facts(Defined(recorded("network-lab.xml"), True)) == (
        "lab",
        {"active": True, "bridge": "br0"},
    )
