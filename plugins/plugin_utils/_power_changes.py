# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a host's power mark with each change of its power.

Pure: a mark and what happened go in, the next mark comes out. It is worked out once, on the
controller, so that all hosts keep the same one.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping

from ..module_utils._facts.marks import format_moment, parse_moment
from ..module_utils._facts.power_marks import checked_power_mark

Mark = dict[str, t.Any]

# What of drover_power a mark keeps, so that any operator can see how to wake the host. Never a secret.
WAKE_KEYS = ("method", "address", "port", "user", "system", "mac", "interface")
# What changes by the second, or is kept elsewhere, and says nothing of a host that is off.
_FLEETING = (
    "cpu_usage",
    "memory_used_mib",
    "clock_epoch_s",
    "marks",
    "maintenance",
    "load",
    "power",
    "pools",
    "connection",
)


class Change(t.NamedTuple):
    """What happened to a host.

    Parameters
    ----------
    state : str
        The state that it is in now.
    now : datetime.datetime
    by, reason : str
        Who ordered it and why; empty keeps what is on record.
    wake, facts, boot_id : optional
        How to wake it, its host entry of the facts, and the boot that is ended; None keeps what is on record.
    proven : dict or None
        The proof of a wake, its C(at) left aside.
    doubtful : str or None
        Why the host is doubtful from now on; empty clears that, None keeps it.
    """

    state: str
    now: datetime.datetime
    by: str = ""
    reason: str = ""
    wake: Mapping[str, t.Any] | None = None
    facts: Mapping[str, t.Any] | None = None
    boot_id: str | None = None
    proven: Mapping[str, t.Any] | None = None
    doubtful: str | None = None


def changed(present: Mapping[str, t.Any] | None, change: Change) -> Mark:
    """Return the mark after a change; it is newer than the present one whatever the clocks say."""
    at = _moment_after(present, change.now)
    begins = present is None or _sleeps(present) != (change.state != "on")
    since = at if present is None or begins else present["since"]
    mark = checked_power_mark({**(present or {}), "state": change.state, "at": at, "since": since})
    mark.update(_given(change))
    if begins:
        mark.update(_turned(present, change.state, at))
    if change.state == "on":
        mark.update(facts=None, boot_id=None)
    if change.proven is not None:
        mark["proven"] = {**change.proven, "at": at}
    if change.doubtful is not None:
        mark["doubtful"] = {"since": at, "reason": change.doubtful} if change.doubtful else None
    return mark


def _given(change: Change) -> Mark:
    """Return what the change says; what it leaves open stays as it is."""
    given = {"by": change.by, "reason": change.reason, "boot_id": change.boot_id}
    found: Mark = {key: value for key, value in given.items() if value}
    if change.wake is not None:
        found["wake"] = {key: change.wake[key] for key in WAKE_KEYS if key in change.wake}
    if change.facts is not None:
        found["facts"] = {key: change.facts[key] for key in change.facts if key not in _FLEETING}
    return found


def _turned(present: Mapping[str, t.Any] | None, state: str, at: str) -> Mark:
    """Return the history after a host has begun to sleep, or is on again."""
    if state != "on":
        return {"last_off": at, "times_off": (present or {}).get("times_off", 0) + 1}
    if present is None:
        return {}
    slept = (parse_moment(at) - parse_moment(present["since"])).total_seconds()
    return {"last_on": at, "off_s": present["off_s"] + round(slept)}


def _sleeps(mark: Mapping[str, t.Any]) -> bool:
    return bool(mark["state"] != "on")


def _moment_after(present: Mapping[str, t.Any] | None, now: datetime.datetime) -> str:
    if present is None:
        return format_moment(now)
    return format_moment(max(now, parse_moment(present["at"]) + datetime.timedelta(seconds=1)))
