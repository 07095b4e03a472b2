# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the events of a migration tell: the pause of the VM, and who paused it.

Pure. The events of both hosts are in one tuple, in the order of their arrival, stamped by one
clock.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._libvirt.events import DomainEvent

Events = tuple[DomainEvent, ...]


def source_left(events: Events) -> bool:
    """Whether the source reported that its QEMU ended because the VM migrated."""
    return any(
        event.end == "source" and event.kind == "stopped" and event.detail == "migrated"
        for event in events
    )


def source_ended(events: Events) -> bool:
    """Whether the source reported that its QEMU ended, for any reason."""
    return any(event.end == "source" and event.kind == "stopped" for event in events)


def may_resume(events: Events) -> bool:
    """Whether the destination may run: it has everything, and the source never runs again.

    Either the source's daemon says so, after the destination's has confirmed to it that all has
    arrived; or both facts were seen one by one: the destination's daemon ended the arrival with the
    VM paused, and the source's QEMU was seen exiting on the source.
    """
    gone = any(event.end == "source" and event.kind == "gone" for event in events)
    arrived = any(
        event.end == "destination" and event.kind == "suspended" and event.detail == "paused"
        for event in events
    )
    return source_left(events) or (gone and arrived)


def source_paused(events: Events) -> bool:
    """Whether the source is paused, or was when its QEMU ended."""
    return _last_pause(events) is not None


def destination_ended(events: Events, until_s: float) -> str | None:
    """Return why the destination's QEMU ended before that moment, in libvirt's word, or None."""
    for event in events:
        if event.end == "destination" and event.kind == "stopped" and event.at_s <= until_s:
            return event.detail
    return None


def destination_ran(events: Events) -> bool:
    """Whether the destination let the VM run."""
    return any(event.end == "destination" and event.kind == "resumed" for event in events)


def suspended_by_user(events: Events) -> bool:
    """Whether the last pause on the source was a user's, not the end of the copy.

    libvirt gives both pauses the same detail while a migration runs. They differ in what follows:
    the pause at the end of the copy is followed by one more pass, QEMU's last; a user's pause by
    the pass that was due anyway and then QEMU's last. A user's pause within the last moments of the
    copy cannot be told and is taken for the end of the copy.
    """
    pause = _last_pause(events)
    if pause is None:
        return False
    later = [
        e for e in events[events.index(pause) :] if e.end == "source" and e.kind == "iteration"
    ]
    return len(later) > 1


def was_paused(events: Events) -> bool:
    """Whether the source paused the VM at any time, even if it let it run again."""
    return any(event.end == "source" and event.kind == "suspended" for event in events)


def downtime_ms(events: Events) -> float | None:
    """Return the pause from the source's last suspension to the destination's first run, in ms.

    None when either was not seen, when the pause was a user's, or when word of the pause came last: events are stamped
    as they arrive, and on a crowded host the source's may be late.
    """
    pause = _last_pause(events)
    resumed = [e for e in events if e.end == "destination" and e.kind == "resumed"]
    if pause is None or not resumed or suspended_by_user(events):
        return None
    paused_s = resumed[0].at_s - pause.at_s
    return round(1000 * paused_s, 1) if paused_s >= 0 else None


def switchover_s(events: Events) -> float | None:
    """Return when the source paused the VM to hand it over, or None when it did not."""
    pause = _last_pause(events)
    return None if pause is None else pause.at_s


def iterations(events: Events) -> int:
    """Return the number of the last pass over the memory, 0 when none was reported."""
    return max((int(event.detail) for event in events if event.kind == "iteration"), default=0)


def _last_pause(events: Events) -> DomainEvent | None:
    """Return the source's last suspension that no resumption followed."""
    for event in reversed(events):
        if event.end == "source" and event.kind == "resumed":
            return None
        if event.end == "source" and event.kind == "suspended":
            return event
    return None
