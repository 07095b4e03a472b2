# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From actions, which run in Ansible's forked workers, to the callback that shows the playbook.

The callback opens the channel before there are workers, and these inherit it. Where nothing listens, actions show by
themselves what is to be seen.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import typing as t

Event = dict[str, t.Any]

# The longest event that is passed on; a journal's are far shorter.
_LONGEST = 1 << 16
# How long a worker waits for a callback that does not keep up, for an event that must not get lost.
_PATIENCE_S = 2.0


class Channel:
    """Events one way, each whole or not at all."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._writer.setblocking(False)

    def send(self, event: Event) -> None:
        """Pass an event on; progress that nobody has time to read is dropped."""
        data = json.dumps(event).encode()
        if len(data) > _LONGEST:
            return
        with contextlib.suppress(OSError):
            if event.get("event") != "progress":
                select.select([], [self._writer], [], _PATIENCE_S)
            self._writer.send(data)

    def receive(self, wait_s: float) -> list[Event]:
        """Return what has come, after at most this many seconds."""
        found: list[Event] = []
        while select.select([self._reader], [], [], 0.0 if found else wait_s)[0]:
            found.append(json.loads(self._reader.recv(_LONGEST)))
        return found


_open: list[Channel] = []


def open_channel() -> Channel:
    """Listen from now on; the workers that Ansible starts later know it."""
    _open[:] = [Channel()]
    return _open[0]


def close_channel() -> None:
    """Listen no more."""
    _open.clear()


def is_heard() -> bool:
    """Tell whether a callback shows what the collection's actions would show otherwise."""
    return bool(_open)


def tell(event: Event) -> None:
    """Pass an event to the callback, if there is one that listens."""
    for channel in _open:
        channel.send(event)
