# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a host must not be switched off now: what runs on it, and who needs it.

Pure: readings of the host go in, sentences come out. Each names what was found.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

# Services that the cluster, or others, lose with the host: what they are, and their commands.
SERVICES: t.Mapping[str, t.Sequence[str]] = {
    "Pacemaker": ("pacemakerd",),
    "Corosync (quorum)": ("corosync",),
    "a Ceph monitor": ("ceph-mon",),
    "a Ceph OSD": ("ceph-osd",),
    "a Ceph metadata server": ("ceph-mds",),
    "a Ceph manager": ("ceph-mgr",),
    "a GlusterFS brick": ("glusterfsd",),
    "a DRBD resource": ("drbd_r",),
    "LINSTOR": ("linstor-satelli",),
    "etcd": ("etcd",),
    "Consul": ("consul",),
    "ZooKeeper": ("zookeeper",),
    "MariaDB or MySQL (Galera)": ("mariadbd", "mysqld"),
    "PostgreSQL": ("postgres", "postmaster"),
    "MongoDB": ("mongod",),
    "RabbitMQ": ("rabbitmq-server", "beam.smp"),
    "an iSCSI target (tgt)": ("tgtd",),
    "NFS-Ganesha": ("ganesha.nfsd",),
    "a Kubernetes node": ("kubelet",),
}
# A host in the middle of these must not lose power.
UPGRADES = ("apt-get", "apt", "aptitude", "dpkg", "dnf", "dnf5", "yum", "rpm", "zypper", "pacman")
_QEMU = "qemu"
_COMMAND_LENGTH = 15


class ListedVm(t.NamedTuple):
    """A VM of the host: whether it is active, and the state in libvirt's words."""

    name: str
    uuid: str
    active: bool
    state: str


class Inhibitor(t.NamedTuple):
    """A lock that keeps systemd from shutting down."""

    who: str
    why: str


class Reading(t.NamedTuple):
    """What was read on the host.

    C(commands) are the short names of its processes; C(clients) are those of its file server and of its
    iSCSI targets, by service; C(qemus) is how many QEMU processes there are.
    """

    vms: t.Sequence[ListedVm] = ()
    commands: t.AbstractSet[str] = frozenset()
    qemus: int = 0
    clients: t.Mapping[str, t.Sequence[str]] = {}
    users: t.Sequence[str] = ()
    inhibitors: t.Sequence[Inhibitor] = ()


class Guards(t.NamedTuple):
    """What speaks against switching the host off now.

    C(vms) and C(serves) refuse, C(waits) is over by itself, C(warnings) are only said.
    """

    vms: list[str]
    serves: list[str]
    waits: list[str]
    warnings: list[str]

    @property
    def needed_by(self) -> list[str]:
        """All that refuses."""
        return self.vms + self.serves


def judge(host: str, reading: Reading, services: t.Mapping[str, t.Sequence[str]]) -> Guards:
    """Return what speaks against switching a host off now.

    Parameters
    ----------
    host : str
        Its name, for the sentences.
    reading : Reading
    services : dict
        Commands by service, beside C(SERVICES).
    """
    return Guards(
        [*_vms(host, reading)],
        [*_services(host, reading, services), *_clients(host, reading)],
        [*_upgrades(host, reading), *_inhibitors(host, reading)],
        ["{0} is logged in on {1}.".format(user, host) for user in reading.users],
    )


def _vms(host: str, reading: Reading) -> t.Iterator[str]:
    active = [vm for vm in reading.vms if vm.active]
    for vm in active:
        yield "The VM {0} is {1} on {2}: move it away first.".format(vm.name, vm.state, host)
    if reading.qemus > len(active):
        yield (
            "{0} QEMU processes run on {1}, but libvirt knows only {2} running VMs: end the others, or ask "
            "their owners to.".format(reading.qemus, host, len(active))
        )


def _services(
    host: str, reading: Reading, more: t.Mapping[str, t.Sequence[str]]
) -> t.Iterator[str]:
    for service, commands in {**SERVICES, **more}.items():
        if any(command[:_COMMAND_LENGTH] in reading.commands for command in commands):
            yield "{0} runs {1}: others need it while it is up.".format(host, service)


def _clients(host: str, reading: Reading) -> t.Iterator[str]:
    for service, clients in reading.clients.items():
        if clients:
            yield "{0} serves {1} to {2}.".format(host, service, ", ".join(clients))


def _upgrades(host: str, reading: Reading) -> t.Iterator[str]:
    found = [command for command in UPGRADES if command in reading.commands]
    if found:
        yield "Packages are being installed on {0} ({1}).".format(host, ", ".join(found))


def _inhibitors(host: str, reading: Reading) -> t.Iterator[str]:
    for inhibitor in reading.inhibitors:
        yield "{0} keeps {1} from shutting down: {2}.".format(
            inhibitor.who, host, inhibitor.why.rstrip(".")
        )


def parse_inhibitors(document: t.Mapping[str, t.Any]) -> list[Inhibitor]:
    """Read what logind answers to ListInhibitors (C(busctl --json=short)): those that block a shutdown."""
    found = []
    for what, who, why, mode, *_ids in (document.get("data") or [[]])[0]:
        if mode == "block" and "shutdown" in what.split(":"):
            found.append(Inhibitor(str(who), str(why)))
    return found


def parse_users(text: str) -> list[str]:
    """Read what who(1) prints: a user and a terminal a line, without those that are doubled."""
    lines = [line.split() for line in text.splitlines()]
    return sorted({"{0} ({1})".format(*words[:2]) for words in lines if len(words) > 1})


def parse_nfs_client(text: str) -> str:
    """Read the address out of a file C(/proc/fs/nfsd/clients/N/info)."""
    for line in text.splitlines():
        key, _colon, value = line.partition(":")
        if key.strip() == "address":
            return value.strip().strip('"')
    return "a client"


def is_qemu(command: str) -> bool:
    """Tell whether a process is a QEMU that runs a VM."""
    return command.startswith((_QEMU + "-system", _QEMU + "-kvm", "kvm")) and "img" not in command
