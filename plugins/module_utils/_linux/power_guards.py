# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what speaks against switching off the host on which this runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import typing as t

from .._facts.power_guards import (
    Inhibitor,
    ListedVm,
    Reading,
    is_qemu,
    parse_inhibitors,
    parse_nfs_client,
    parse_users,
)
from .running_commands import running_commands
from .system_command import answer_to

_ANSWER_S = 10.0
_LOGIND = "org.freedesktop.login1"


def read_guards(vms: t.Sequence[ListedVm], root: str = "/") -> Reading:
    """Return what was read on this host, beside its VMs, which libvirt knows.

    Parameters
    ----------
    vms : list of ListedVm
    root : str
        Where C(/proc/fs) and C(/sys) are.
    """
    return Reading(
        vms=vms,
        commands=running_commands(),
        qemus=_count_qemus(),
        clients={"NFS": _nfs_clients(root), "iSCSI": _iscsi_sessions(root)},
        users=parse_users(answer_to("who", limit_s=_ANSWER_S)),
        inhibitors=_inhibitors(),
    )


def _count_qemus() -> int:
    """Return how many processes are a QEMU; their command line tells, for threads may rename themselves."""
    count = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                command = os.path.basename(file.read().split(b"\0")[0].decode(errors="replace"))
                count += is_qemu(command) and not _is_probe(entry)
    return count


def _is_probe(process: str) -> bool:
    """Tell whether libvirt only asks this QEMU what it can do."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return b"-machine\0none" in file.read()
    except OSError:
        return True


def _nfs_clients(root: str) -> list[str]:
    paths = glob.glob(os.path.join(root, "proc/fs/nfsd/clients/*/info"))
    return sorted({parse_nfs_client(_text(path)) for path in paths})


def _iscsi_sessions(root: str) -> list[str]:
    """Return the initiators that are logged in at targets of the kernel's LIO."""
    target = os.path.join(root, "sys/kernel/config/target/iscsi/iqn*/tpgt_*")
    found = {
        line for path in glob.glob(target + "/dynamic_sessions") for line in _text(path).split()
    }
    for path in glob.glob(target + "/acls/*/info"):
        if "No active iSCSI Session" not in _text(path):
            found.add(os.path.basename(os.path.dirname(path)))
    return sorted(name.strip("\0") for name in found if name.strip("\0"))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _inhibitors() -> list[Inhibitor]:
    answer = answer_to(
        *("busctl", "--json=short", "call", _LOGIND, "/org/freedesktop/login1"),
        *(f"{_LOGIND}.Manager", "ListInhibitors"),
        limit_s=_ANSWER_S,
    )
    try:
        return parse_inhibitors(json.loads(answer))
    except ValueError:
        return []
