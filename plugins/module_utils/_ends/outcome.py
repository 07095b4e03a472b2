# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a migration, in one word: in results, journals and answers alike.

The words for people are in C(planner/outcome.py), for only the controller speaks to them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import enum


class Outcome(str, enum.Enum):
    """What became of a migration that was asked for; where the VM is follows from it."""

    MOVED = "moved"
    """It runs on the destination, and only there."""
    ALREADY_THERE = "already_there"
    """It was on the destination before; nothing was done."""
    NOT_MOVED = "not_moved"
    """It is on the source as before; the destination holds nothing of it."""
    ROLLED_BACK = "rolled_back"
    """It is on the source; what had arrived at the destination was removed again."""
    QUARANTINED = "quarantined"
    """It ran on both hosts; both are paused now and a person must choose."""
    LOST = "lost"
    """Its QEMU died on both hosts; the definition is kept, nothing was started."""
    UNKNOWN = "unknown"
    """One host does not answer; nothing was started anywhere."""
    SKIPPED = "skipped"
    """Nothing was begun: a step of a plan that did not get its turn."""
    GONE = "gone"
    """Neither host has it any more, and nothing was done: somebody has removed it."""
    OFF = "off"
    """It is off on the source, and nothing was done: somebody has shut it down."""
    ELSEWHERE = "elsewhere"
    """It runs on a third host, and nothing was done: somebody has moved it there."""

    @property
    def moved(self) -> bool | None:
        """Whether the VM is on the destination; None where it is on neither host for certain."""
        return _MOVED.get(self)

    @property
    def overtaken(self) -> bool:
        """Whether nothing was left to migrate: the VM takes no room on either host."""
        return self in (Outcome.GONE, Outcome.OFF, Outcome.ELSEWHERE)


_MOVED = {
    Outcome.MOVED: True,
    Outcome.ALREADY_THERE: True,
    Outcome.NOT_MOVED: False,
    Outcome.ROLLED_BACK: False,
    Outcome.SKIPPED: False,
}
