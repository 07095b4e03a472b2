# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of an executor's journal as lines for people.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t

from ._planner import OUTCOME_WORDS, has_arrived, visible

# A running migration is heard of at least this often.
QUIET_S = 10.0
# From this silence on the line says that nothing flows.
SILENT_S = 5.0

Event = dict[str, t.Any]


class ProgressLines:
    """Turns events into lines, and leaves out progress that came too soon after the last.

    Parameters
    ----------
    total : int
        Number of steps of the plan.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._ended = 0
        self._last_line_at: dict[str, float] = {}

    def line(self, event: Event) -> str:
        """Return the line for an event; empty when it is not worth one."""
        write = getattr(self, f"_{event['event']}", None)
        text = write(event) if write else ""
        if not text:
            return ""
        return visible(f"{time.strftime('%H:%M:%S', time.localtime(event['at']))}  {text}")

    def _execution_started(self, event: Event) -> str:
        number = event["steps"]
        return f"{number} migration{'' if number == 1 else 's'} to do"

    def _migration_started(self, event: Event) -> str:
        self._last_line_at[event["id"]] = event["at"]
        return f"{event['domain']}: {event['source']} → {event['destination']} started"

    def _progress(self, event: Event) -> str:
        if event["at"] - self._last_line_at.get(event["id"], 0.0) < QUIET_S:
            return ""
        self._last_line_at[event["id"]] = event["at"]
        if event["silent_s"] >= SILENT_S:
            return (
                f"{event['domain']}: nothing has been copied for {event['silent_s']:.0f} s, "
                f"at {event['percent']:.0f} % of {event['total_mib']:.0f} MiB"
            )
        return (
            f"{event['domain']}: {event['percent']:.0f} % of {event['total_mib']:.0f} MiB, "
            f"{event['bandwidth_mib_s']:.0f} MiB/s, pass {event['iteration']}"
        )

    def _migration_ended(self, event: Event) -> str:
        if event.get("settled"):
            return ""
        self._ended += 1
        counter = f"[{self._ended}/{self._total}]"
        where = f"{event['source']} → {event['destination']}"
        if has_arrived(event):
            return f"{event['domain']}: {where} done {counter}{_measured(event)}"
        word = OUTCOME_WORDS[event["outcome"]]
        return f"{event['domain']}: {where} {word} {counter}: {event['reason']}"

    def _stopping(self, event: Event) -> str:
        running = (
            f" {len(event['running'])} running migrations are left to end."
            if event["running"]
            else ""
        )
        return f"Nothing more is started. {event['reason']}{running}"


def _measured(event: Event) -> str:
    if event["outcome"] == "already_there":
        return ", it was there already"
    words = []
    if event.get("duration_s") is not None:
        words.append(f"{event['duration_s']:.1f} s")
    if event.get("downtime_ms") is not None:
        words.append(f"downtime {event['downtime_ms']:.0f} ms")
    return f", {', '.join(words)}" if words else ""
