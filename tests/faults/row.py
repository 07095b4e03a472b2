# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row of the matrix consists of."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.lab.domains import Place
from tests.lab.guests import TinyGuest

if TYPE_CHECKING:
    from tests.faults.scene import Scene

Inject = Callable[["Scene"], None]


class Moment(enum.Enum):
    """When the fault comes. Each is waited for, none is a sleep."""

    BEFORE = "before it begins"
    ASKED = "preparation: all is checked, libvirt is not called yet"
    ARRIVING = "preparation: the destination's QEMU is there"
    COPYING = "mid-copy"
    HANDOVER = "handover: all is sent, the source is paused"
    HANDED_OVER = "handover: the source's QEMU is gone, the destination not yet resumed"
    POST_COPY = "post-copy: the VM runs on the destination, most of its memory is on the source"
    SAVING = "quick: the memory is being saved"
    MARKED = "preparation: the VM has the handover mark, libvirt is not called yet"
    DECIDED = "handover: the copy is the VM by its mark, the source's leftover has not ended"
    ENDED = "handover: the source's leftover has ended, the destination is not resumed yet"
    ARRIVED = "handover: the destination runs the VM, autostart is not set yet"
    LOOKED_AFTER = "handover: all is done, the mark is still there"
    QUICK_MARKED = "quick: the VM has the handover mark, its memory is not saved yet"
    WRITTEN = "quick: the memory is saved, the image is not called complete yet"
    SAVED = "quick: the image is complete, nobody has it"
    PREPARED = "quick: the destination knows the VM, nobody has the image"
    CLAIMED = "quick: the destination has claimed the image"
    RESTORED = "quick: the destination holds the VM, the image may still be restored"
    UNDEFINED = "quick: the source has forgotten the VM, the image may still be restored"
    USED = "quick: the image says that it was used, the VM is not resumed yet"
    RUNNING = "quick: the VM runs, the mark is still there"
    RESUMED = "quick: the VM runs, the image is not removed yet"
    DEFINED = "offline: both hosts define the VM"
    TURNED_BACK = "quick: the source has claimed the image back"


@dataclass(frozen=True)
class Vm:
    """The VM of a row.

    Parameters
    ----------
    kind
        In words.
    options
        Of the lab's tiny guest.
    paused, transient, autostart, off
        How it is before.
    amend
        Changes its definition.
    """

    kind: str = "running"
    options: Mapping[str, Any] = field(default_factory=dict)
    paused: bool = False
    transient: bool = False
    autostart: bool = True
    off: bool = False
    amend: Callable[[str], str] = str

    def guest(self, name: str) -> AmendedGuest:
        """Return its definition for the lab."""
        size = {"memory_mib": 96, "fill_mib": 64, "beats_s": 10}
        return AmendedGuest(name, amend=self.amend, **{**size, **self.options})


@dataclass(frozen=True)
class AmendedGuest(TinyGuest):
    """A tiny guest with a definition that was changed."""

    amend: Callable[[str], str] = str

    def xml(self) -> str:
        """Return the definition."""
        return self.amend(super().xml())


@dataclass(frozen=True)
class Expected:
    """What must come of it.

    Parameters
    ----------
    outcome
        One or more of Drover's outcomes, "|" between them; "killed" when there is nobody to tell.
    code
        The error code, or more with "|" between them; empty for a success.
    words
        What the reason must contain.
    source, destination
        State of the VM there when the fault is undone and, where needed, a second run has settled
        it: libvirt's state, or "absent".
    """

    outcome: str
    code: str = ""
    words: str = ""
    source: str = "running"
    destination: str = "absent"

    @property
    def moved(self) -> bool:
        """Whether the VM may have left its source."""
        return "moved" in self.outcome.split("|") or "already_there" in self.outcome


# The moment between the two hosts, in which neither runs the VM, is there with this handover only.
BY_CONTROLLER = {"handover": "controller"}
EITHER = Expected(
    "moved|rolled_back|not_moved",
    "|daemon_lost",
    source="absent|running",
    destination="running|absent",
)
MOVED = Expected("moved", source="absent", destination="running")


@dataclass(frozen=True)
class Row:
    """One fault.

    Parameters
    ----------
    name
        Short and unique.
    fault
        What happens, in words.
    moment
        When.
    inject
        Makes it happen.
    expected
        What must come of it.
    prepare
        Makes the hosts ready before the VM starts.
    vm
        What moves.
    options
        Of the migration.
    request
        Other keys of the migration's request.
    again_options
        Of the second migration.
    settles
        Whether a second run is due before the states are judged: the first one was killed, or
        says that it does not know.
    settler
        Who does that: a second run that wants to "migrate", or one that comes to "settle" as after a
        dead executor.
    fenced
        Which end the operator vouches for as off, "source" or "destination"; the VM is settled before
        that host is back then, and once more when it is.
    may_pause
        Whether the VM may be paused afterwards, for somebody wanted it so; it is resumed then.
    starts_again
        Whether the VM has ended by the fault and is started again, before it is migrated again.
    quick
        Whether `make test` runs the row, too.
    beside_stock
        Whether the report shows what plain virsh migrate does here.
    leaves
        What it may tell that it could not clean up.
    driver
        Which host the migrating process runs on, the "source" or the "third".
    limit_s
        How long the migration may take.
    note
        What the reader of the table should know.
    """

    name: str
    fault: str
    moment: Moment
    inject: Inject
    expected: Expected
    prepare: Inject | None = None
    vm: Vm = field(default_factory=Vm)
    options: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    again_options: Mapping[str, Any] = field(default_factory=dict)
    settles: bool = False
    settler: str = "migrate"
    fenced: str = ""
    may_pause: bool = False
    starts_again: bool = False
    quick: bool = False
    beside_stock: bool = False
    leaves: str = ""
    driver: str = "source"
    limit_s: float = 90.0
    note: str = ""


def state_on(places: list[Place], host: str) -> str:
    """Return the state of a VM on a host, or "absent"."""
    return next((place.state for place in places if place.host == host), "absent")
