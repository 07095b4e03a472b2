# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against switching a host off."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_guards import (
    Inhibitor,
    ListedVm,
    Reading,
    is_qemu,
    judge,
    parse_inhibitors,
    parse_users,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.power_guards import read_guards


def test_nothing_speaks_against_an_idle_host() -> None:
    """VMs that are off are no reason by themselves."""
    reading = Reading(vms=[ListedVm("vm1", "u", False, "shutoff")], commands={"sshd", "libvirtd"})
    assert judge("kvm3", reading, {}) == ([], [], [], [])


def test_every_active_vm_is_named() -> None:
    """Also a paused one, which may be arriving."""
    vms = [ListedVm("vm1", "u", True, "running"), ListedVm("vm2", "v", True, "paused")]
    found = judge("kvm3", Reading(vms=vms, qemus=2), {}).needed_by
    assert ["vm1 is running" in found[0], "vm2 is paused" in found[1], len(found)] == [
        True,
        True,
        2,
    ]


def test_a_qemu_that_libvirt_does_not_know_is_found() -> None:
    """It belongs to another tool."""
    [found] = judge("kvm3", Reading(qemus=1), {}).needed_by
    assert "libvirt knows only 0" in found


@pytest.mark.parametrize(
    ("command", "words"),
    [("corosync", "quorum"), ("ceph-osd", "Ceph OSD"), ("etcd", "etcd"), ("glusterfsd", "brick")],
)
def test_services_of_the_cluster_are_named(command: str, words: str) -> None:
    """By their processes."""
    [found] = judge("kvm3", Reading(commands={command}), {}).needed_by
    assert words in found


def test_the_operator_adds_services() -> None:
    """The kernel cuts long names."""
    reading = Reading(commands={"our-licence-ser"})
    [found] = judge("kvm3", reading, {"our licences": ["our-licence-server"]}).needed_by
    assert "our licences" in found


def test_upgrades_and_inhibitors_are_waited_for_and_users_warned_of() -> None:
    """They are no refusals for good."""
    reading = Reading(
        commands={"dpkg"}, inhibitors=[Inhibitor("backup", "Copies.")], users=["ann (pts/0)"]
    )
    guards = judge("kvm3", reading, {})
    assert (guards.needed_by, len(guards.waits)) == ([], 2)
    assert guards.warnings == ["ann (pts/0) is logged in on kvm3."]


def test_only_locks_that_block_a_shutdown_count() -> None:
    """As logind lists them."""
    locks = [
        ["shutdown:sleep", "backup", "copies", "block", 0, 1],
        ["shutdown", "NetworkManager", "turns off", "delay", 0, 2],
        ["handle-lid-switch", "upower", "lid", "block", 0, 3],
    ]
    assert parse_inhibitors({"data": [locks]}) == [Inhibitor("backup", "copies")]


def test_users_are_those_at_a_terminal() -> None:
    """One line each."""
    assert parse_users("ann pts/0 2026-11-24 22:00 (10.0.0.9)\nann pts/0 x\n\n") == ["ann (pts/0)"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [("qemu-system-x86_64", True), ("qemu-kvm", True), ("qemu-img", False), ("libvirtd", False)],
)
def test_a_qemu_is_told_by_its_command(command: str, expected: bool) -> None:
    """Its other tools are not."""
    assert is_qemu(command) is expected


def test_clients_of_the_file_server_and_of_targets_are_read(tmp_path: Path) -> None:
    """As the kernel shows them."""
    client = tmp_path / "proc/fs/nfsd/clients/7"
    client.mkdir(parents=True)
    (client / "info").write_text('clientid: 0x1\naddress: "10.0.0.7:871"\n')
    group = tmp_path / "sys/kernel/config/target/iscsi/iqn.2026-11.x:1/tpgt_1"
    group.mkdir(parents=True)
    (group / "dynamic_sessions").write_text("iqn.2026-11.x:client\n\0")
    clients = read_guards([], str(tmp_path)).clients
    assert clients == {"NFS": ["10.0.0.7:871"], "iSCSI": ["iqn.2026-11.x:client"]}
