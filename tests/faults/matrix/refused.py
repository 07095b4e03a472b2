# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which nothing may move: what is wrong is found before libvirt is asked to migrate."""

from __future__ import annotations

from tests.faults import obstacles
from tests.faults.injections import cut, freeze_daemon, power_cut, second_migration, user
from tests.faults.row import MOVED, Expected, Moment, Row, Vm
from tests.faults.scene import Scene
from tests.lab.layout import MANAGEMENT

_OLD_MACHINE = "pc-i440fx-6.2"


def _refused(words: str) -> Expected:
    return Expected("not_moved", "prerequisite_failed", words)


def _nothing(_scene: Scene) -> None:
    """What the row's preparation made is fault enough."""


ROWS = (
    Row(
        "missing-bridge",
        "the destination lacks the VM's bridge",
        Moment.BEFORE,
        _nothing,
        _refused("There is no bridge brx on kvm2"),
        prepare=obstacles.only_source_has(obstacles.bridge),
        vm=Vm(options={"bridge": "brx"}),
        quick=True,
    ),
    Row(
        "bridge-without-carrier",
        "no port of the VM's bridge on the destination has a carrier",
        Moment.BEFORE,
        _nothing,
        MOVED,
        prepare=obstacles.bridge_without_carrier_on_destination,
        vm=Vm(options={"bridge": "brx"}),
        note="libvirt calls such a bridge inactive; the VM may be its first port",
    ),
    Row(
        "missing-interface",
        "the destination lacks the interface that the VM is attached to directly",
        Moment.BEFORE,
        _nothing,
        _refused("There is no interface direct0 on kvm2"),
        prepare=obstacles.only_source_has(obstacles.direct_interface),
        vm=Vm(amend=obstacles.attached_directly),
    ),
    Row(
        "missing-network",
        "the destination lacks the VM's network",
        Moment.BEFORE,
        _nothing,
        _refused("There is no network lab2 on kvm2"),
        prepare=obstacles.only_source_has(obstacles.network),
        vm=Vm(amend=obstacles.on_network),
    ),
    Row(
        "inactive-network",
        "the VM's network is not active on the destination",
        Moment.BEFORE,
        obstacles.idle_network_on_destination,
        _refused("The network lab2 is not active on kvm2"),
        prepare=obstacles.source_network,
        vm=Vm(amend=obstacles.on_network),
    ),
    Row(
        "wrong-cpu",
        "the destination's CPU lacks a feature that the VM uses",
        Moment.BEFORE,
        obstacles.weaker_cpu,
        _refused("aes"),
        vm=Vm("running, CPU Westmere", amend=obstacles.with_cpu("Westmere")),
    ),
    Row(
        "machine-type",
        "the destination's QEMU does not offer the VM's machine type",
        Moment.BEFORE,
        obstacles.without_machine(_OLD_MACHINE),
        _refused(_OLD_MACHINE),
        vm=Vm(amend=obstacles.with_machine(_OLD_MACHINE)),
    ),
    Row(
        "missing-emulator",
        "the destination has no emulator at the VM's path",
        Moment.BEFORE,
        _nothing,
        _refused(obstacles.OTHER_EMULATOR),
        prepare=obstacles.only_source_has(obstacles.emulator),
        vm=Vm(amend=obstacles.with_emulator(obstacles.OTHER_EMULATOR)),
    ),
    Row(
        "local-disk",
        "the VM's image lies on the source's own disk",
        Moment.BEFORE,
        _nothing,
        _refused("only-here.raw"),
        prepare=obstacles.only_source_has(obstacles.local_image),
        vm=Vm(amend=obstacles.on_local_disk),
        again_options={"unsafe": True},
        note="the second migration has an equal image there, and unsafe set",
    ),
    Row(
        "name-clash",
        "another VM on the destination has the same name",
        Moment.BEFORE,
        obstacles.namesake,
        _refused("another VM with the name"),
        quick=True,
    ),
    Row(
        "uuid-clash",
        "another VM on the destination has the same UUID",
        Moment.BEFORE,
        obstacles.twin,
        _refused("has the same UUID"),
    ),
    Row(
        "snapshot",
        "the VM has a snapshot",
        Moment.BEFORE,
        obstacles.snapshot,
        _refused("snapshot"),
        quick=True,
    ),
    Row(
        "stale-definition",
        "an older definition of the VM stands on the destination",
        Moment.BEFORE,
        obstacles.old_definition,
        MOVED,
    ),
    Row(
        "shut-off",
        "the VM was shut off",
        Moment.BEFORE,
        user("source", "destroy"),
        Expected("not_moved", "prerequisite_failed", "cannot be migrated live", source="shutoff"),
        starts_again=True,
    ),
    Row(
        "to-itself",
        "the destination is the source",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "same_host", "kvm1 and kvm1 are one host"),
        request={
            "destination": "kvm1",
            "destination_uri": "qemu+ssh://root@kvm1/system",
            "peer_uri": "qemu+ssh://root@kvm1/system",
        },
    ),
    Row(
        "unknown-vm",
        "there is no VM of that name",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "domain_not_found", "There is no VM other"),
        request={"domain": "other"},
    ),
    Row(
        "wrong-uuid",
        "the VM of that name is another one than was planned for",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "domain_not_found", "There is no VM"),
        request={"uuid": "00000000-1111-4222-8333-444444444444"},
    ),
    Row(
        "second-migration",
        "a second migration of the VM is asked for",
        Moment.COPYING,
        second_migration,
        MOVED,
        options={"bandwidth_mib_s": 20},
        quick=True,
        note="the second is refused, the first goes on",
    ),
    Row(
        "unresolvable-peer",
        "the source cannot resolve the destination's name",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "name_resolution", "nowhere"),
        request={"peer_uri": "qemu+tcp://nowhere/system"},
    ),
    Row(
        "unresolvable-peer-ssh",
        "the source cannot resolve the destination's name for SSH",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "name_resolution", "nowhere"),
        request={"peer_uri": "qemu+ssh://root@nowhere/system"},
    ),
    Row(
        "unresolvable-migration-address",
        "the source cannot resolve the migration address",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "prerequisite_failed", "name resolution"),
        request={"migration_address": "nowhere"},
    ),
    Row(
        "wrong-migration-address",
        "nobody has the migration address",
        Moment.BEFORE,
        _nothing,
        Expected("not_moved", "prerequisite_failed", "10.188."),
        request={"migration_address": "10.188.250.250"},
    ),
    Row(
        "no-trust",
        "the source's root has no SSH key for the destination",
        Moment.BEFORE,
        obstacles.no_key,
        Expected("not_moved", "connection_failed", "Cannot connect to libvirt at qemu+ssh"),
        quick=True,
    ),
    Row(
        "no-trust-of-the-daemon",
        "only the source's daemon has no SSH key for the destination",
        Moment.BEFORE,
        obstacles.no_key_and_another_way,
        Expected("not_moved", "peer_trust", "Cannot recv data|Permission denied"),
    ),
    Row(
        "no-daemon",
        "libvirtd does not run on the destination",
        Moment.BEFORE,
        obstacles.no_daemon,
        Expected("not_moved", "connection_failed", "Cannot connect to libvirt"),
    ),
    Row(
        "frozen-daemon",
        "libvirtd is frozen on the destination",
        Moment.BEFORE,
        freeze_daemon("destination"),
        Expected("not_moved", "no_answer", "no answer within 30 s"),
    ),
    Row(
        "no-management-link",
        "the destination's management link is cut",
        Moment.BEFORE,
        cut("destination", MANAGEMENT),
        Expected("not_moved", "connection_failed|no_answer", "kvm2"),
    ),
    Row(
        "destination-off",
        "the destination has no power",
        Moment.BEFORE,
        power_cut("destination"),
        Expected("not_moved", "connection_failed|no_answer", "kvm2"),
    ),
)
