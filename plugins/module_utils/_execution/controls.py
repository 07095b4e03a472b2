# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a controller speaks with a detached executor: files in the execution's folder, and the lock
that keeps a second executor away.

The controller touches C(heartbeat) while it listens and creates C(stop) when nothing more is to
start.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import typing as t

from .._errors import DroverError
from .._linux.state_directory import open_own

LOCK_NAME = "lock"

# Others hold the local lock for a moment only (to read or write the cluster's lock), so that is
# waited for; an executor holds it for as long as it works.
PATIENCE_S = 3.0
RETRY_S = 0.1


class AlreadyRunning(DroverError):
    """Another execution runs on this coordinator."""

    code = "already_running"


class Controls:
    """Reads the controller's wishes.

    Parameters
    ----------
    folder : str
        The execution's folder.
    heartbeat_timeout_s : float
        A controller that was silent for longer is taken for gone; 0 never.
    deadline_s : float or None
        Seconds since the epoch after which nothing more starts.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(
        self,
        folder: str,
        heartbeat_timeout_s: float,
        deadline_s: float | None,
        clock: t.Callable[[], float],
    ) -> None:
        self._folder = folder
        self._identity = _identity(folder)
        self._stop_path = os.path.join(folder, "stop")
        self._heartbeat_path = os.path.join(folder, "heartbeat")
        self._heartbeat_timeout_s = heartbeat_timeout_s
        self._deadline_s = deadline_s
        self._clock = clock
        self._made_at = clock()

    def reason_to_stop(self) -> str:
        """Return why nothing more may start, as a sentence; empty to go on."""
        if self._identity is None or _identity(self._folder) != self._identity:
            return (
                "The executor cannot see its own folder {0} on {1} any more: something was mounted over it or has "
                "removed it. Look with findmnt -T {0}.".format(self._folder, os.uname().nodename)
            )
        if os.path.exists(self._stop_path):
            return "The operator asked to stop."
        if self._deadline_s is not None and self._clock() >= self._deadline_s:
            return "The time allowed for this execution is over."
        silence = self._silence_s()
        if self._heartbeat_timeout_s and silence > self._heartbeat_timeout_s:
            return "The controller has not been heard of for {0:.0f} s.".format(silence)
        return ""

    def _silence_s(self) -> float:
        try:
            heard_at = os.stat(self._heartbeat_path).st_mtime
        except FileNotFoundError:
            # It may have died before its first look.
            heard_at = self._made_at
        return self._clock() - heard_at


def _identity(folder: str) -> tuple[int, int] | None:
    """Return what tells a folder from every other one that may take its path."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


class ExecutionLock:
    """Lets one executor at a time work from this coordinator. The kernel drops it when its owner
    dies, however it dies.

    Parameters
    ----------
    path : str
        Lock file; its content names the owner.
    owner : dict
        What to tell the second operator.
    patience_s : float
        How long to wait for it.
    """

    def __init__(self, path: str, owner: dict[str, t.Any], patience_s: float = PATIENCE_S) -> None:
        self._path = path
        self._owner = owner
        self._patience_s = patience_s
        self._descriptor: int | None = None

    @classmethod
    def of(cls, directory: str, owner: dict[str, t.Any]) -> ExecutionLock:
        """Return the lock of a folder of executions."""
        return cls(os.path.join(directory, LOCK_NAME), owner)

    def __enter__(self) -> ExecutionLock:
        descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT)
        if not self._acquired(descriptor):
            owner = _owner_in_words(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            raise AlreadyRunning(
                "Another execution is running on this coordinator: {0}.".format(owner),
                "Wait until it has ended, then plan again.",
            )
        self._descriptor = descriptor
        # Its name is told to others and proves nothing: on a full disk a lock must still be given back.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(self._owner, sort_keys=True).encode(), 0)
        return self

    def _acquired(self, descriptor: int) -> bool:
        give_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    return False
                time.sleep(RETRY_S)
            else:
                return True

    def __exit__(self, *_exception: object) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _owner_in_words(content: bytes) -> str:
    """Return the content of a lock file as a phrase."""
    try:
        owner = json.loads(content)
        fields = ", ".join("{0} {1}".format(name, owner[name]) for name in sorted(owner))
    except (LookupError, RecursionError, ValueError, TypeError):
        fields = ""
    return fields or "its owner is unknown"
