# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What libvirt's complaints about a migration mean, and what to do about them.

Pure. The texts are those of libvirt 9 to 11; a complaint that is not in the table keeps libvirt's
own words and gets no remedy but to read them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Complaint:
    """A kind of complaint.

    Parameters
    ----------
    error_code : str
        Stable name of the failure.
    remedy : str
        What to do, as a sentence.
    retriable : bool
        Whether the same migration may succeed later without anybody changing anything.
    """

    error_code: str
    remedy: str
    retriable: bool = False


_UNREACHABLE = "Allow the source's daemon to connect to the destination's (as its root: virsh -c PEER_URI uri)."
_NETWORK = "Check the migration network and that ports 49152-49215 are open on the destination."

_LOST_ERROR = "End of file while reading data"

# The first row of which a phrase occurs in libvirt's text.
_TABLE: tuple[tuple[tuple[str, ...], Complaint], ...] = (
    (
        ("guest CPU doesn't match specification", "CPU is incompatible"),
        Complaint(
            "cpu_incompatible",
            "Choose a host with those CPU features, or give the VM a common CPU model.",
        ),
    ),
    (
        ("does not support machine type", "unsupported machine type"),
        Complaint(
            "machine_type_missing",
            "Install a QEMU on the destination that offers this machine type.",
        ),
    ),
    (
        ("Cannot check QEMU binary",),
        Complaint(
            "emulator_missing", "Install the VM's emulator on the destination, at the same path."
        ),
    ),
    (
        ("Cannot get interface MTU", "Network not found", "is not active"),
        Complaint(
            "network_missing", "Make the VM's bridge or network available on the destination."
        ),
    ),
    (
        ("Unable to access credentials", "certificate", "TLS handshake"),
        Complaint(
            "tls_credentials",
            "Install certificates for migrations on both hosts (ca-cert.pem, server-cert.pem, "
            "server-key.pem, client-cert.pem, client-key.pem in /etc/pki/qemu, if qemu.conf names no "
            "other directory), issued for their migration addresses; or migrate without TLS.",
        ),
    ),
    (
        ("Cannot access storage file", "unable to stat", "Could not open", "No such file"),
        Complaint(
            "storage_missing", "Mount the VM's storage on the destination, at the same path."
        ),
    ),
    (
        ("without shared storage is unsafe",),
        Complaint(
            "storage_not_shared",
            "Put the VM's disks on storage that both hosts share, or have them copied "
            "(copy_storage); a disk is not copied if the destination has a file at its path.",
        ),
    ),
    (
        ('Failed to get "write" lock', 'Failed to get shared "write" lock'),
        Complaint(
            "image_locked",
            "Find out which other QEMU holds the VM's disk before trying again.",
            True,
        ),
    ),
    (
        ("No space left on device",),
        Complaint("disk_full", "Free space on the destination or choose another host.", True),
    ),
    (
        ("Cannot allocate memory", "cannot set up guest memory"),
        Complaint("memory_short", "Free memory on the destination or choose another host.", True),
    ),
    (
        ("already exists with uuid", "is already defined with uuid", "already active"),
        Complaint("name_clash", "Remove or rename the other VM on the destination."),
    ),
    (
        (
            "another migration job is already running",
            "cannot acquire state change lock",
            "job is active",
        ),
        Complaint("job_running", "Wait for the running job to end (virsh domjobinfo).", True),
    ),
    (
        ("snapshots", "checkpoint"),
        Complaint("has_snapshots", "Delete the VM's snapshots or their metadata."),
    ),
    (
        ("to the same host",),
        Complaint(
            "same_host",
            "Give the hosts different host_uuid settings in libvirtd.conf, or another destination.",
        ),
    ),
    (
        ("resolved to localhost", "Unable to resolve address", "Could not resolve hostname"),
        Complaint(
            "name_resolution",
            "Let the source resolve the name (DNS or /etc/hosts), or give an IP address instead.",
        ),
    ),
    (
        ("I/O error",),
        Complaint("disk_error", "Repair the VM's disk (virsh domblkerror), then resume the VM."),
    ),
    (
        ("canceled by client", "operation aborted"),
        Complaint(
            "cancelled",
            "Somebody cancelled the migration; start it again when that is right.",
            True,
        ),
    ),
    (
        ("Host key verification failed", "Permission denied", "authentication"),
        Complaint("peer_trust", _UNREACHABLE),
    ),
    (
        (
            "unable to connect to server",
            "Connection refused",
            "No route to host",
            "Connection timed out",
        ),
        Complaint("unreachable", _NETWORK, True),
    ),
    (
        # The SSH connection ended without a word: a daemon was killed, or the host lost its power.
        ("Cannot recv data: Connection reset by peer",),
        Complaint("daemon_lost", "Check the libvirt daemons and the links of both hosts.", True),
    ),
    (("Cannot recv data",), Complaint("peer_trust", _UNREACHABLE)),
    (
        # A peer's end, or libvirt 9's own error lost when its SSH connection to the peer closed.
        (_LOST_ERROR,),
        Complaint(
            "daemon_lost",
            "Check the libvirt daemons and the links of both hosts; if they are well, libvirt lost its "
            "true error, which stands in the source's libvirtd log: often the destination's memory, "
            "migration address or ports 49152-49215. The VM's log on the destination tells how its QEMU "
            "ended (/var/log/libvirt/qemu).",
            True,
        ),
    ),
    (
        (
            "client socket is closed",
            "keepalive timeout",
            "Disconnected from",
        ),
        Complaint("daemon_lost", "Check the libvirt daemons and the links of both hosts.", True),
    ),
    (
        (
            "unexpectedly closed the monitor",
            "process exited while connecting to monitor",
            "domain is not running",
            "Unable to read from monitor",
        ),
        Complaint("qemu_died", "Read the VM's log on both hosts (/var/log/libvirt/qemu).", True),
    ),
    (
        (
            "Unable to write to socket",
            "Broken pipe",
            "Connection reset",
        ),
        Complaint("connection_lost", _NETWORK, True),
    ),
)

_OTHER = Complaint("migration_failed", "Read libvirt's message and the logs of both hosts.", True)


def understand(text: str) -> Complaint:
    """Return what a text of libvirt means."""
    lowered = text.lower()
    for phrases, complaint in _TABLE:
        if any(phrase.lower() in lowered for phrase in phrases):
            return complaint
    return _OTHER


def is_lost_error(text: str) -> bool:
    """Whether libvirt may have written the end of a connection over its true error.

    The destination's daemon ends the arriving QEMU (C(failed)) after every failure, so that says
    nothing then.
    """
    return _LOST_ERROR in text
