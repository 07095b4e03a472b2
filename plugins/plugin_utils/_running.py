# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is under way at a moment: tasks with the hosts that they wait for, and migrations with how far they are.

Pure: events and moments in, values out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass, field

from ._progress_lines import SILENT_S

Event = dict[str, t.Any]


@dataclass(frozen=True)
class Bar:
    """A migration under way.

    Parameters
    ----------
    domain, source, destination : str
    since_s : float
        When it started, in seconds since the epoch.
    percent : float
        How much of the memory is on the destination and current.
    total_mib, bandwidth_mib_s, silent_s : float
    iteration : int
        Pass over the memory; 0 before anything is known.
    left_s : float or None
        Predicted seconds to its end from the last reading; None where it would never end like this.
    read_s : float
        When that was read.
    """

    domain: str
    source: str
    destination: str
    since_s: float
    percent: float = 0.0
    total_mib: float = 0.0
    bandwidth_mib_s: float = 0.0
    silent_s: float = 0.0
    iteration: int = 0
    left_s: float | None = None
    read_s: float = 0.0

    def words(self, now_s: float) -> str:
        """Return rate, pass and predicted end, in words."""
        if self.iteration == 0:
            return "starting"
        if self.silent_s >= SILENT_S:
            return f"nothing copied for {self.silent_s:.0f} s"
        rate = f"{self.bandwidth_mib_s:.0f} MiB/s, pass {self.iteration}"
        if self.left_s is None:
            return f"{rate}, rewritten as fast as copied"
        return f"{rate}, about {max(1.0, self.left_s - (now_s - self.read_s)):.0f} s left"


def predicted_left_s(event: Event) -> float | None:
    """Return the seconds to the end of a pre-copy: what remains, at the rate of the copy less that of the rewriting.

    None where the VM rewrites its memory as fast as it is copied, so that no end can be predicted.
    """
    rate = event["bandwidth_mib_s"] - event.get("dirty_rate_mib_s", 0.0)
    remaining = event.get("remaining_mib", event["total_mib"] * (1 - event["percent"] / 100))
    return float(remaining / rate) if rate > 0 else None


@dataclass
class Running:
    """Everything under way, changed by what happens.

    Parameters
    ----------
    total, ended : int
        Migrations to do, and done.
    bars : dict
        Migrations under way, by the id of their step.
    task, since_s, hosts
        The task that Ansible runs, since when, and the hosts that it waits for.
    attempt : str
        Which try of how many, for a task that is tried again.
    """

    total: int = 0
    ended: int = 0
    bars: dict[str, Bar] = field(default_factory=dict)
    task: str = ""
    since_s: float = 0.0
    hosts: dict[str, None] = field(default_factory=dict)
    attempt: str = ""

    def begin_task(self, name: str, now_s: float) -> None:
        """A task begins; nothing of the one before is under way any more."""
        self.task, self.since_s, self.attempt = name, now_s, ""
        self.hosts.clear()
        self.bars.clear()

    def take(self, event: Event) -> None:
        """Take an event of an executor's journal into account."""
        change = getattr(self, f"_{event.get('event')}", None)
        if change:
            change(event)

    def _execution_started(self, event: Event) -> None:
        self.total, self.ended = event["steps"], 0

    def _migration_started(self, event: Event) -> None:
        self.bars[event["id"]] = Bar(
            event["domain"], event["source"], event["destination"], event["at"]
        )

    def _progress(self, event: Event) -> None:
        shown = self.bars.get(event["id"])
        if shown:
            names = ("percent", "total_mib", "bandwidth_mib_s", "silent_s", "iteration")
            read = {name: event[name] for name in names}
            self.bars[event["id"]] = dataclasses.replace(
                shown, **read, left_s=predicted_left_s(event), read_s=event["at"]
            )

    def _migration_ended(self, event: Event) -> None:
        if self.bars.pop(event["id"], None):
            self.ended += 1
