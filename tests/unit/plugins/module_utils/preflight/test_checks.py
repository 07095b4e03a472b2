# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that judge facts: hosts, pairs, and VMs on peers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.cluster_stack import (
    ClusterStack,
)
from ansible_collections.drover.libvirt.plugins.module_utils._preflight import (
    fitting,
    own_host,
    pair,
)
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.probe import Probed

MIGRATION = {"address": "10.0.1.1", "interface": "eth1", "speed_mbit": 10000, "mtu": 9000}


def verdicts(found: Any) -> list[tuple[str, str, bool]]:
    """Return what was found, without the sentences."""
    return [(finding.id, finding.severity, finding.passed) for finding in found]


def failing(found: Any) -> list[tuple[str, str]]:
    """Return what did not pass; each has a remedy unless it is only information."""
    failed = [finding for finding in found if not finding.passed]
    assert all(finding.remedy or finding.severity == "info" for finding in failed)
    return [(finding.id, finding.severity) for finding in failed]


def test_a_cluster_of_one_host_is_none() -> None:
    """Two hosts pass, one blocks."""
    assert failing(own_host.enough_hosts("kvm1", [])) == [("enough_hosts", "block")]
    assert failing(own_host.enough_hosts("kvm1", ["kvm2"])) == []


@pytest.mark.parametrize(
    ("migration", "wanted", "expected"),
    [
        (MIGRATION, "10.0.1.0/24", []),
        (None, "10.0.1.0/24", [("migration_network", "block")]),
        (None, None, [("migration_network", "warn")]),
    ],
)
def test_the_migration_network_must_be_there_when_it_is_asked_for(
    migration: dict[str, Any] | None, wanted: str | None, expected: list[tuple[str, str]]
) -> None:
    """Without a wish it is only a warning."""
    assert failing(own_host.migration_network("kvm1", migration, wanted)) == expected


@pytest.mark.parametrize(
    ("speed", "expected"),
    [(1000, []), (100, [("migration_speed", "warn")]), (None, [("migration_speed", "info")])],
)
def test_less_than_a_gigabit_is_a_warning(
    speed: int | None, expected: list[tuple[str, str]]
) -> None:
    """An unknown speed is said to be unknown."""
    migration = dict(MIGRATION, speed_mbit=speed)
    assert failing(own_host.migration_speed("kvm1", migration)) == expected


@pytest.mark.parametrize(("is_encrypted", "recommended"), [(False, True), (True, False)])
def test_migrations_over_the_management_network_are_a_warning(
    is_encrypted: bool, recommended: bool
) -> None:
    """TLS is recommended unless it is on; a network of its own passes."""
    [shared] = own_host.dedicated_network("kvm1", dict(MIGRATION, is_management=True), is_encrypted)
    assert failing([shared]) == [("dedicated_network", "warn")]
    assert ("tls: true" in shared.remedy) is recommended
    assert ("plain text" in shared.evidence) is recommended
    assert failing(own_host.dedicated_network("kvm1", MIGRATION, is_encrypted)) == []


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (ClusterStack(), []),
        (ClusterStack("Pacemaker", True), []),
        (ClusterStack("Pacemaker", False), [("cluster_quorum", "block")]),
        (ClusterStack("Corosync", None, problem="refused"), [("cluster_quorum", "warn")]),
    ],
)
def test_cluster_software_must_have_quorum(
    stack: ClusterStack, expected: list[tuple[str, str]]
) -> None:
    """What cannot be asked is a warning."""
    assert failing(own_host.cluster_stack("kvm1", stack)) == expected


@pytest.mark.parametrize(
    ("addresses", "has_address", "expected"),
    [
        (["192.0.2.2"], False, []),
        ([], False, [("name_resolution", "block")]),
        ([], True, [("name_resolution", "warn")]),
        (["127.0.1.1"], False, [("name_resolution", "block")]),
        (["::1", "192.0.2.2"], False, []),
    ],
)
def test_the_peers_name_must_lead_to_the_peer(
    addresses: list[str], has_address: bool, expected: list[tuple[str, str]]
) -> None:
    """Unless an address is given, when it matters less."""
    found = pair.name_resolution("kvm1", "kvm2", "kvm2.example", addresses, has_address)
    assert failing(found) == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Probed(49152, "silent"), "drops"),
        (Probed(49152, "refused", "Connection refused"), "Connection refused"),
        (Probed(49152, "strange", "it does not speak"), "it does not speak"),
        (Probed(49152, "stuck", "", "kvm2"), "large packets"),
        (Probed(49152, "answered", "", "kvm9"), "answers kvm9"),
    ],
)
def test_whatever_is_wrong_with_a_port_blocks(answer: Probed, words: str) -> None:
    """One port that answers does not hide another that does not."""
    good = Probed(49215, "answered", "", "kvm2")
    found = list(pair.migration_ports("kvm2", "10.0.1.2", [good, answer], "49152-49215"))
    assert verdicts(found) == [
        ("migration_ports", "info", True),
        ("migration_ports", "block", False),
    ]
    assert words in found[1].evidence


def test_ports_without_a_listener_are_not_judged() -> None:
    """To try them could take the connection that a QEMU waits for."""
    found = pair.migration_ports("kvm2", "10.0.1.2", [], "49152-49215")
    assert failing(found) == [("migration_ports", "info")]


@pytest.mark.parametrize(
    ("skew_s", "uncertain_s", "expected"),
    [(0.2, 0.1, []), (-5.0, 0.1, [("clocks", "warn")]), (1.2, 0.5, [])],
)
def test_clocks_may_differ_by_the_tolerance(
    skew_s: float, uncertain_s: float, expected: list[tuple[str, str]]
) -> None:
    """What cannot be measured more exactly is not held against them."""
    answer = Probed(49152, "answered", "", "kvm2", skew_s, uncertain_s)
    assert failing(pair.clocks("kvm1", "kvm2", [answer], 1.0)) == expected


def test_mtu_and_maker_of_both_hosts_are_compared() -> None:
    """Unequal ones are warnings, unknown ones nothing."""
    assert failing(pair.migration_mtu("a", "b", {"mtu": 1500}, {"mtu": 9000})) == [
        ("migration_mtu", "warn")
    ]
    assert failing(pair.migration_mtu("a", "b", {"mtu": 1500}, None)) == []
    assert failing(pair.processor_vendor("a", "b", {"vendor": "AMD"}, {"vendor": "Intel"})) == [
        ("processor_vendor", "warn")
    ]
    assert failing(pair.processor_vendor("a", "b", {"vendor": "AMD"}, {})) == []


def store(identity: str | None, path: str = "/srv/vms", shared: bool = True) -> dict[str, Any]:
    """Return a host with one storage."""
    entry = {"path": path, "identity": identity, "shared": shared, "fstype": "nfs4"}
    return {"storage": [entry]}


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (store("u-1", path="/other"), "is not mounted"),
        (store("u-2"), "is not the storage"),
        (store(None), "Nothing proves"),
        (store("u-1", shared=False), "alone"),
    ],
)
def test_storage_must_be_proved_to_be_the_same(theirs: dict[str, Any], words: str) -> None:
    """An equal path proves nothing."""
    domain = {"disks": [{"target": "vda", "storage": "/srv/vms"}]}
    (found,) = fitting.storage(domain, store("u-1"), "kvm2", theirs)
    assert found.blocks
    assert words in found.evidence


def test_the_same_storage_passes_and_local_storage_is_not_asked_about() -> None:
    """A disk on local storage is a matter of the VM itself."""
    domain = {"disks": [{"target": "vda", "storage": "/srv/vms"}, {"target": "vdb"}]}
    assert verdicts(fitting.storage(domain, store("u-1"), "kvm2", store("u-1"))) == [
        ("storage", "info", True)
    ]
    local = store(None, shared=False)
    assert list(fitting.storage(domain, local, "kvm2", store("u-1"))) == []


def test_a_device_that_no_vm_of_the_peer_uses_is_not_known_there() -> None:
    """That is said, and blocks nothing."""
    domain = {"disks": [{"target": "vda", "storage": "/dev/vg/web1"}]}
    entry = {"path": "/dev/vg/web1", "identity": "lvm-1", "shared": True, "fstype": "block"}
    found = fitting.storage(domain, {"storage": [entry]}, "kvm2", {"storage": []})
    assert failing(found) == [("storage", "info")]


def test_bridges_must_exist_and_should_have_the_same_mtu() -> None:
    """Each bridge is judged by itself."""
    here = {"bridges": {"br0": {"mtu": 9000}, "br1": {"mtu": 1500}, "br2": {"mtu": 1500}}}
    there = {"bridges": {"br0": {"mtu": 1500}, "br1": {"mtu": 1500}}}
    found = fitting.bridges({"bridges": ["br0", "br1", "br2"]}, here, "kvm2", there)
    assert verdicts(found) == [
        ("bridge_mtu", "warn", False),
        ("bridge", "info", True),
        ("bridge", "block", False),
    ]


def test_interfaces_of_direct_attachments_must_exist() -> None:
    """A macvtap interface is made on one of the same name."""
    there = {"interfaces": ["eth1"]}
    found = fitting.interfaces({"direct_interfaces": ["eth1", "eth2"]}, {}, "kvm2", there)
    assert verdicts(found) == [("interface", "info", True), ("interface", "block", False)]


@pytest.mark.parametrize(("free", "expected"), [(512, []), (511, [("huge_pages", "block")])])
def test_huge_pages_must_be_free(free: int, expected: list[tuple[str, str]]) -> None:
    """Pages of another size do not count."""
    there = {"hugepages": [{"size_kib": 2048, "free": free}, {"size_kib": 1048576, "free": 9}]}
    domain = {"hugepages_kib": 2048, "memory_mib": 1024}
    assert failing(fitting.huge_pages(domain, {}, "kvm2", there)) == expected


def test_a_pinned_vm_wants_the_same_cpus() -> None:
    """Unequal cells are a warning; a VM that is not pinned does not care."""
    here = {"numa": [{"cell": 0, "cpus": [0, 1]}]}
    there = {"numa": [{"cell": 0, "cpus": [0, 2]}]}
    pinned = {"numa_pinned": True}
    assert failing(fitting.numa_layout(pinned, here, "kvm2", there)) == [("numa_layout", "warn")]
    assert failing(fitting.numa_layout(pinned, here, "kvm2", here)) == []
    assert list(fitting.numa_layout({}, here, "kvm2", there)) == []
