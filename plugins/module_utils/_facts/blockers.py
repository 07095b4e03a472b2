# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a domain from being migrated live to any host, found in its definition and state.

Each finding is data: a code for programs, a sentence for people, and what to do. Whether one
certain host suits a domain is not asked here; that is for the planner, which sees both hosts.

The rules are those of libvirt (qemuMigrationSrcIsAllowed and qemuMigrationSrcIsSafe in its
src/qemu/qemu_migration.c, 9.0 to 11) and of QEMU, applied beforehand so that all findings are seen
at once.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .disks import attribute, file_paths
from .unmigratable import unmigratable_cpu, unmigratable_devices, unmigratable_images

Finding = tuple[str, str, str]


class Subject(t.NamedTuple):
    """A domain under examination.

    C(disks) are the facts of its disks, C(storage_of) gives the storage of the host that a path
    lies in.
    """

    root: ET.Element
    active: bool
    state: str
    reason: str
    disks: list[dict[str, t.Any]]
    storage_of: t.Callable[[str], dict[str, t.Any] | None]
    snapshots: int = 0
    managed_save: bool = False
    job: str | None = None
    block_jobs: tuple[str, ...] = ()


def blockers(subject: Subject) -> list[dict[str, str]]:
    """Return all that keeps the domain where it is, as C(code), C(message) and C(remedy)."""
    return [
        {"code": code, "message": message, "remedy": remedy}
        for rule in RULES
        for code, message, remedy in rule(subject)
    ]


def unreadable(problem: str) -> dict[str, str]:
    """Return the blocker of a domain whose definition cannot be understood."""
    return {
        "code": "definition_unreadable",
        "message": "Its definition cannot be read: {}.".format(problem.rstrip(".")),
        "remedy": "Look at it with 'virsh dumpxml' on its host and repair it.",
    }


def _host_devices(subject: Subject) -> t.Iterator[Finding]:
    """Devices of the host that the domain uses directly."""
    for device in subject.root.findall("devices/hostdev"):
        if _leaves_by_itself(device):
            continue
        kind = device.get("type", "")
        yield (
            "host_device",
            f"It uses the host's {kind.upper()} device{_where(device)}.",
            "Detach the device before migrating, and attach one on the new host afterwards.",
        )


def _leaves_by_itself(device: ET.Element) -> bool:
    """Say whether libvirt unplugs the device itself: the transient half of a failover pair."""
    teaming = device.find("teaming")
    return teaming is not None and teaming.get("type") == "transient"


def _where(device: ET.Element) -> str:
    """Return the address of a host device for a sentence, with a blank before it."""
    source = device.find("source")
    if source is None:
        return ""
    vendor, product, address = source.find("vendor"), source.find("product"), source.find("address")
    if vendor is not None and product is not None:
        return " {}:{}".format(vendor.get("id"), product.get("id"))
    if address is None:
        return ""
    if address.get("uuid"):
        return " " + str(address.get("uuid"))
    parts = [int(address.get(key, "0"), 0) for key in ("domain", "bus", "slot", "function")]
    return " {:04x}:{:02x}:{:02x}.{:x}".format(*parts) if address.get("slot") else ""


def _host_interfaces(subject: Subject) -> t.Iterator[Finding]:
    """Network interfaces that are devices of the host."""
    for interface in subject.root.findall("devices/interface"):
        kind = interface.get("type")
        if kind not in ("hostdev", "vdpa") or _leaves_by_itself(interface):
            continue
        yield (
            "host_interface",
            f"It uses a network device of the host directly ({kind}).",
            "Give it a virtio interface as well and mark the host's device as transient "
            "(<teaming type='transient'/>), or detach it before migrating.",
        )


def _host_inputs(subject: Subject) -> t.Iterator[Finding]:
    """Input, serial, TPM and smart card devices of the host."""
    devices = subject.root.find("devices")
    for element in () if devices is None else devices:
        if _is_host_input(element):
            yield (
                "host_device",
                f"It uses a {element.tag} device of the host.",
                "Detach the device before migrating.",
            )


def _is_host_input(element: ET.Element) -> bool:
    kind = element.get("type")
    if element.tag == "input":
        return kind in ("passthrough", "evdev")
    if element.tag in ("serial", "parallel"):
        return kind == "dev"
    if element.tag == "smartcard":
        return element.get("mode") == "host"
    backend = element.find("backend")
    return element.tag == "tpm" and backend is not None and backend.get("type") == "passthrough"


def _file_systems(subject: Subject) -> t.Iterator[Finding]:
    """Directories of the host that are handed into the domain."""
    for filesystem in subject.root.findall("devices/filesystem"):
        source = filesystem.find("source")
        directory = "" if source is None else source.get("dir", "")
        yield (
            "host_file_system",
            f"It has a directory of the host mounted ({directory or 'unnamed'}).",
            "Unmount it in the VM and detach the filesystem device, "
            "or use a network file system inside the VM.",
        )


def _shared_memory(subject: Subject) -> t.Iterator[Finding]:
    """Memory shared with other processes of the host."""
    for shmem in subject.root.findall("devices/shmem"):
        if shmem.get("role") != "master":
            yield (
                "shared_memory",
                f"It shares the memory {shmem.get('name', '')} with processes of the host.",
                "Detach the shmem device before migrating.",
            )


def _disks_of_the_host(subject: Subject) -> t.Iterator[Finding]:
    """Disks that are devices of the host, or that must not outlive this QEMU."""
    for disk in subject.root.findall("devices/disk"):
        name = attribute(disk, "target", "dev")
        if disk.get("type") in ("nvme", "vhostvdpa"):
            yield (
                "host_device",
                "Its disk {} is a {} device of the host.".format(name, disk.get("type")),
                "Move the disk to shared storage.",
            )
        if disk.find("transient") is not None:
            yield (
                "transient_disk",
                f"Its disk {name} is transient: what is written to it exists only in this QEMU.",
                "Shut the VM down and start it on the other host.",
            )


def _local_images(subject: Subject) -> t.Iterator[Finding]:
    """Images on storage that other hosts do not see."""
    for disk in subject.disks:
        path = next((path for path in file_paths(disk) if not _is_shared(subject, path)), None)
        if path is None:
            continue
        if disk["readonly"] or disk["device"] in ("cdrom", "floppy"):
            yield (
                "local_media",
                "The medium in its {} drive {} is a file of this host: {}.".format(
                    disk["device"], disk["target"], path
                ),
                "Eject it (virsh change-media --eject), or move it to shared storage.",
            )
        else:
            yield (
                "local_disk",
                f"Its disk {disk['target']} is on storage that only this host sees: {path}.",
                "Move the image to shared storage, for example with 'virsh blockcopy'.",
            )


def _is_shared(subject: Subject, path: str) -> bool:
    entry = subject.storage_of(path)
    return entry is not None and bool(entry["shared"])


def _unresolved_volumes(subject: Subject) -> t.Iterator[Finding]:
    """Disks whose place cannot be told, because their storage pool is not known here."""
    for disk in subject.disks:
        if disk["type"] == "volume" and disk["path"] is None:
            yield (
                "unknown_pool",
                f"Its disk {disk['target']} is a volume of a pool that has no directory here.",
                "Start the pool, or name the volume's path in the definition.",
            )


def _cpu_counters(subject: Subject) -> t.Iterator[Finding]:
    """A time stamp counter that is promised to be invariant, which only one machine can keep."""
    wanted = subject.root.findall("cpu/feature[@name='invtsc']")
    invariant = next((one for one in wanted if one.get("policy") in ("require", "force")), None)
    frequency = subject.root.find("clock/timer[@name='tsc'][@frequency]")
    if invariant is not None and frequency is None:
        yield (
            "invariant_tsc",
            "Its CPU has the feature invtsc without a fixed frequency of the time stamp counter.",
            "Set <timer name='tsc' frequency='...'/> in its clock, or take the feature away.",
        )


def _refused_by_qemu(subject: Subject) -> t.Iterator[Finding]:
    """What libvirt would start to migrate, and QEMU refuse."""
    for device in unmigratable_devices(subject.root):
        yield (
            "unmigratable_device",
            f"QEMU does not migrate its {device}.",
            "Take the device out of its definition and restart the VM, or shut it down and start it on the other host.",
        )
    for features in unmigratable_cpu(subject.root):
        yield (
            "unmigratable_cpu",
            f"It is given {features}, and QEMU does not migrate it with those.",
            "Name the features that it needs in its definition and restart the VM.",
        )
    for disk, kind in unmigratable_images(subject.root):
        yield (
            "unmigratable_image",
            f"Its disk {disk} has an image in the format {kind}, which QEMU does not migrate.",
            "Convert it while the VM is off (qemu-img convert -O qcow2), and name the new image in its definition.",
        )


def _encrypted_memory(subject: Subject) -> t.Iterator[Finding]:
    """Memory that is encrypted for one machine."""
    security = subject.root.find("launchSecurity")
    if security is not None:
        yield (
            "encrypted_memory",
            "Its memory is encrypted for this machine ({}).".format(security.get("type", "")),
            "Shut the VM down and start it on the other host.",
        )


def _accelerated_video(subject: Subject) -> t.Iterator[Finding]:
    """3D acceleration, whose state lives in the host's graphics card."""
    if subject.root.find("devices/video/model/acceleration[@accel3d='yes']") is not None:
        yield (
            "accelerated_video",
            "Its video device has 3D acceleration by the host.",
            "Set accel3d='no' and restart the VM.",
        )


def _snapshots(subject: Subject) -> t.Iterator[Finding]:
    """Snapshots, whose records libvirt does not move."""
    if subject.snapshots:
        yield (
            "snapshots",
            "It has {} snapshot{}, and libvirt does not migrate those.".format(
                subject.snapshots, "" if subject.snapshots == 1 else "s"
            ),
            "Delete them (virsh snapshot-delete), or only their records (--metadata) "
            "to keep them in the image.",
        )


def _jobs(subject: Subject) -> t.Iterator[Finding]:
    """Work on the domain that is under way."""
    if subject.job:
        yield (
            "job",
            "A job is running on it ({}).".format(subject.job.replace("_", " ")),
            "Wait for it to end, or abort it (virsh domjobabort).",
        )
    for target in subject.block_jobs:
        yield (
            "block_job",
            f"A block job is running on its disk {target}.",
            "Wait for it to end, or abort it (virsh blockjob --abort).",
        )


def _saved(subject: Subject) -> t.Iterator[Finding]:
    """Saved memory, which stays behind on this host."""
    if subject.managed_save and not subject.active:
        yield (
            "managed_save",
            "Its memory is saved in a file of this host, to be restored at its next start.",
            "Start it here, or drop the saved state (virsh managedsave-remove).",
        )


_PASSING = ("migration", "save", "dump", "snapshot", "starting_up", "shutting_down")


def _pauses(subject: Subject) -> t.Iterator[Finding]:
    """Pauses that nobody asked for, or that are about to end."""
    if "postcopy" in subject.reason:
        yield (
            "postcopy",
            "A post-copy migration of it is under way, or has failed: its memory is on two hosts.",
            "Resume that migration (virsh migrate --postcopy-resume).",
        )
    elif subject.state == "paused" and subject.reason == "ioerror":
        yield (
            "io_error",
            "It is paused because of an I/O error.",
            "See which disk it is (virsh domblkerror), free space or repair it, and resume the VM.",
        )
    elif subject.state == "paused" and subject.reason in _PASSING:
        yield (
            "passing_pause",
            "It is paused by libvirt ({}), which is about to end or was left behind.".format(
                subject.reason.replace("_", " ")
            ),
            "Gather the facts again; if it stays so, find out on which host the VM really runs.",
        )


RULES: tuple[t.Callable[[Subject], t.Iterator[Finding]], ...] = (
    _host_devices,
    _host_interfaces,
    _host_inputs,
    _file_systems,
    _shared_memory,
    _disks_of_the_host,
    _local_images,
    _unresolved_volumes,
    _cpu_counters,
    _refused_by_qemu,
    _encrypted_memory,
    _accelerated_video,
    _snapshots,
    _jobs,
    _saved,
    _pauses,
)
