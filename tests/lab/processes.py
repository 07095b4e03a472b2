# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the lab, named so that a number reused by a stranger is never hit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A process, by number and start time (clock ticks after boot)."""

    pid: int
    start_ticks: int

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Return the identity of a running process.

        Raises
        ------
        ProcessLookupError
            When there is no such process.
        """
        fields = _stat_fields(pid)
        if fields is None:
            raise ProcessLookupError(f"no process {pid}")
        return cls(pid, int(fields[19]))

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie counts as gone."""
        fields = _stat_fields(self.pid)
        return fields is not None and int(fields[19]) == self.start_ticks and fields[0] != "Z"

    def send(self, number: signal.Signals) -> bool:
        """Send a signal; return False when the process has already gone."""
        if not self.is_alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait_gone(self, timeout_s: float) -> bool:
        """Wait until the process has gone; return False when it has not."""
        deadline = time.monotonic() + timeout_s
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def children(process: ProcessId) -> list[ProcessId]:
    """Return the children of a process."""
    try:
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    except OSError:
        return []
    return list(_identities(int(pid) for pid in listed.split()))


def namespace_members(init: ProcessId) -> list[ProcessId]:
    """Return every process in the pid namespace of `init`, itself included."""
    namespace = _pid_namespace(init.pid)
    if namespace is None or not init.is_alive():
        return []
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return list(_identities(pid for pid in pids if _pid_namespace(pid) == namespace))


def command_line(process: ProcessId) -> list[str]:
    """Return the argument vector of a process; empty when it has gone."""
    try:
        raw = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")


def _identities(pids: Iterator[int]) -> Iterator[ProcessId]:
    for pid in pids:
        try:
            yield ProcessId.of(pid)
        except ProcessLookupError:
            continue


def _pid_namespace(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state (field 3) on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
