# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that one migration leaves to the next: opening one over SSH takes as long as copying a small VM.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t

from .._patience import bounded
from .connection import open_connection

# How long a connection that was kept may take to answer, before a new one is opened in its place.
_ANSWER_S = 5.0


class KeptConnections:
    """Connections by URI, each lent to one migration at a time. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[t.Any]] = {}

    def take(self, uri: str) -> t.Any:
        """Return a connection that answers: one that was left, or a new one.

        Raises
        ------
        ConnectionFailed
            The daemon cannot be reached, or refuses.
        """
        while True:
            with self._lock:
                idle = self._idle.get(uri)
                connection = idle.pop() if idle else None
            if connection is None:
                return open_connection(uri)
            if _answers(connection):
                return connection
            _close(connection)

    @contextlib.contextmanager
    def lent(self, uri: str) -> t.Iterator[t.Any]:
        """Lend a connection; one with which something failed is not kept.

        Raises
        ------
        ConnectionFailed
            As C(take) does.
        """
        connection = self.take(uri)
        try:
            yield connection
        except BaseException:
            _close(connection)
            raise
        self.leave(uri, connection)

    def leave(self, uri: str, connection: t.Any) -> None:
        """Keep a connection in which nothing is under way any more."""
        with self._lock:
            self._idle.setdefault(uri, []).append(connection)

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                _close(connection)


def _answers(connection: t.Any) -> bool:
    """Whether the daemon is still the one that was connected to, and answers."""
    try:
        return bool(
            bounded(lambda: connection.isAlive() and connection.getLibVersion(), _ANSWER_S, "ask")
        )
    except Exception:
        return False


def _close(connection: t.Any) -> None:
    """Close a connection if that does not hang."""
    with contextlib.suppress(Exception):
        bounded(connection.close, _ANSWER_S, "close a connection")
