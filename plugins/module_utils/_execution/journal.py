# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The write-ahead record of an execution: one JSON object a line, on disk before the deed.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import os
import threading
import typing as t

from .._linux.durable import sync_directory


class Journal:
    """Appends events to a file. Safe to call from several threads.

    Parameters
    ----------
    path : str
        File to append to; made when it is not there.
    clock : callable
        Seconds since the epoch, for the C(at) of every event.
    """

    def __init__(self, path: str, clock: t.Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - it lives as long as the journal
        self._end_torn_line()
        sync_directory(os.path.dirname(path))

    def _end_torn_line(self) -> None:
        """Let what is written now begin a line, also after a crash in the middle of one."""
        size = os.fstat(self._file.fileno()).st_size
        if size and os.pread(self._file.fileno(), 1, size - 1) != b"\n":
            self._file.write("\n")

    def record(self, event: str, durable: bool = True, **fields: t.Any) -> None:
        """Append an event; when C(durable), return only after it is on the disk."""
        line = json.dumps(dict(fields, event=event, at=round(self._clock(), 3)), sort_keys=True)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
            if durable:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
