# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host says about a VM, and what both say.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from .handover import HandoverMark

# libvirt paused the VM for a migration, and nobody has ended that.
PASSING = ("migration", "starting_up")
POST_COPY = ("postcopy", "postcopy_failed")
# The host is proved to be dead.
FENCED = "fenced"

# A VM in one piece. While it is paused, somebody or an error of its disk has made it stand still.
_WHOLE = ("running", "pmsuspended", "shutdown")
_WHOLE_PAUSES = ("user", "ioerror", "watchdog")


@dataclass(frozen=True)
class EndState:
    """What one host says about the VM.

    Parameters
    ----------
    readable : bool
        Whether the host answered. When false nothing else here means anything but C(error).
    state : str
        C(absent), C(running), C(paused), C(shutoff), C(crashed), C(pmsuspended), C(blocked)...
    reason : str
        libvirt's reason of the state, for instance C(user), C(migration), C(migrated); C(fenced)
        for a host that is proved to be dead.
    persistent, autostart : bool
        Whether it has a definition that outlives its QEMU, and is started with the host.
    busy : bool
        Whether libvirt is working on it there, for instance on a migration.
    error : str
        Why the host did not answer.
    mark : HandoverMark or None
        What the live definition says of a migration that nobody has ended.
    """

    readable: bool = True
    state: str = "absent"
    reason: str = ""
    persistent: bool = False
    autostart: bool = False
    busy: bool = False
    error: str = ""
    mark: HandoverMark | None = None

    @property
    def active(self) -> bool:
        """Whether a QEMU process of the VM is known to exist there."""
        return self.readable and self.state not in ("absent", "shutoff", "crashed")

    @property
    def receiving(self) -> bool:
        """Whether libvirt holds the VM paused for a migration that has not ended."""
        return self.state == "paused" and self.reason in PASSING

    @property
    def whole(self) -> bool:
        """Whether this host is seen to have the complete VM in a QEMU, so that another copy is redundant."""
        if self.reason in POST_COPY or not self.readable:
            return False
        if self.state == "paused":
            return self.reason in _WHOLE_PAUSES
        return self.state in _WHOLE

    def __str__(self) -> str:
        if not self.readable:
            return "unknown ({})".format(self.error)
        return "{} ({})".format(self.state, self.reason) if self.reason else self.state


def fenced_state() -> EndState:
    """Return what a host that is proved to be dead has of any VM: no QEMU, and nothing to change."""
    return EndState(state="shutoff", reason=FENCED)


def mark_before(source: EndState, destination: EndState, resumes_destination: bool) -> HandoverMark:
    """Return what is to be written down of a VM before it leaves, in the VM and in the journal alike.

    Parameters
    ----------
    source, destination : EndState
        What both hosts say of it now.
    resumes_destination : bool
        Whether libvirt leaves it to us to let the VM run on the destination.
    """
    paused = source.state == "paused"
    return HandoverMark(
        defined_before=destination.persistent,
        persistent=source.persistent,
        autostart=source.autostart,
        paused=paused,
        waits=resumes_destination and not paused,
    )


@dataclass(frozen=True)
class Evidence:
    """What both hosts say about the VM at the end."""

    source: EndState
    destination: EndState

    @property
    def mark(self) -> HandoverMark | None:
        """What the VM itself says of its migration, on the destination first."""
        return self.destination.mark or self.source.mark
