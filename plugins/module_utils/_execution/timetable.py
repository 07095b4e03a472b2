# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Until when the steps of a plan may run.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t

from .steps import Step, Work


class Timetable:
    """The ends of the time for a plan and for single VMs.

    Parameters
    ----------
    work : Work
    clock : callable
        Seconds since the epoch; a limit in seconds counts from now.
    """

    def __init__(self, work: Work, clock: t.Callable[[], float]) -> None:
        limits = work.limits
        self._clock = clock
        self._ends_s = [] if limits.deadline_s is None else [limits.deadline_s]
        if limits.duration_s is not None:
            self._ends_s.append(clock() + limits.duration_s)

    def lateness(self, step: Step) -> str:
        """Return why it is too late to start C(step) now, as a sentence; empty when it is not."""
        ends_s = [*self._ends_s, *([] if step.deadline_s is None else [step.deadline_s])]
        if not ends_s or self._clock() + step.duration_s <= min(ends_s):
            return ""
        return "It would not end before {0}, when the time for it is over.".format(
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(ends_s)))
        )
