# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The write-ahead record of an execution: one JSON object a line, on disk before the deed.

A disk may get full while VMs move. Some room is set aside at the beginning and given up then, so that what runs can
still be seen to its end, and the reason is on record where its follower finds it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import typing as t

from .._linux.durable import sync_directory
from .._linux.state_directory import StateUnusable, open_own, using_state

RESERVE_NAME = "reserve"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Journal:
    """Appends events to a file. Safe to call from several threads.

    Parameters
    ----------
    path : str
        File to append to; made when it is not there.
    clock : callable
        Seconds since the epoch, for the C(at) of every event.
    reserve : int
        Bytes to set aside for the case that the disk gets full.

    Raises
    ------
    StateUnusable
        It cannot be opened, or there is no room for the reserve.
    """

    def __init__(self, path: str, clock: t.Callable[[], float], reserve: int = 0) -> None:
        self._path = path
        self._reserve_path = os.path.join(os.path.dirname(path), RESERVE_NAME)
        self._clock = clock
        self._lock = threading.Lock()
        self._trouble = ""
        self._descriptor = open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        with using_state(path):
            if reserve:
                self._set_aside(reserve)
            self._end_torn_line()
            sync_directory(os.path.dirname(path))

    @property
    def trouble(self) -> str:
        """What went wrong with the writing, as a sentence and what to do; empty while all is well."""
        return self._trouble

    def _set_aside(self, size: int) -> None:
        descriptor = open_own(self._reserve_path, os.O_WRONLY | os.O_CREAT)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)

    def _end_torn_line(self) -> None:
        """Let what is written now begin a line, also after a crash in the middle of one."""
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            self._append(b"\n")

    def now(self) -> float:
        """Return what time it is by the clock of the events."""
        return round(self._clock(), 3)

    def record(self, event: str, durable: bool = True, **fields: t.Any) -> float:
        """Append an event and return its time; when C(durable), return only after it is on the disk.

        What need not be durable is left out once something went wrong, and never takes the room that was set aside.

        Raises
        ------
        StateUnusable
            A durable event cannot be written, not even into the room that was set aside.
        """
        at = self.now()
        line = json.dumps(dict(fields, event=event, at=at), sort_keys=True)
        data = line.encode() + b"\n"
        with self._lock:
            try:
                with using_state(self._path):
                    self._put(data, durable)
            except StateUnusable as error:
                self._trouble = self._trouble or str(error)
                if durable:
                    raise
        return at

    def _put(self, data: bytes, durable: bool) -> None:
        if durable:
            self._append(data)
            os.fsync(self._descriptor)
        elif not self._trouble:
            self._write(data)

    def _append(self, data: bytes) -> None:
        try:
            self._write(data)
        except OSError as error:
            if error.errno not in _FULL or not self._give_reserve_up(error):
                raise
            self._write(data)

    def _write(self, data: bytes) -> None:
        """Write all or nothing: half a line would be lost together with the next one."""
        size = os.fstat(self._descriptor).st_size
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise

    def _give_reserve_up(self, error: OSError) -> bool:
        """Make room with what was set aside, and keep that this was necessary; say whether there was any."""
        try:
            os.unlink(self._reserve_path)
        except FileNotFoundError:
            return False
        self._trouble = _sentence(self._path, error)
        return True

    def close(self) -> None:
        """Close the file; what was set aside for it is given back."""
        with contextlib.suppress(OSError):
            os.unlink(self._reserve_path)
        os.close(self._descriptor)


def _sentence(path: str, error: OSError) -> str:
    try:
        with using_state(path):
            raise error
    except StateUnusable as refused:
        return str(refused)
