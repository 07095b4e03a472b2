# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of a host use, seen from its pid 1."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.lab.hardware import Hardware, Usage, changing_files

_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


class LoadMeter:
    """Sums up the host's processes; CPU time of those that ended stays counted."""

    def __init__(self) -> None:
        self._booted = time.monotonic()
        self._ticks: dict[tuple[int, str], tuple[int, int]] = {}

    def usage(self) -> Usage:
        """Return what was used since boot."""
        memory_kib = sum(self._sample(int(pid)) for pid in os.listdir("/proc") if pid.isdigit())
        return Usage(
            up_s=time.monotonic() - self._booted,
            user_ticks=sum(user for user, _system in self._ticks.values()),
            system_ticks=sum(system for _user, system in self._ticks.values()),
            memory_kib=memory_kib,
        )

    def _sample(self, pid: int) -> int:
        """Note the CPU time of a process; return its own memory in KiB."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            _size, resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[:3]
        except OSError:
            return 0
        self._ticks[pid, fields[19]] = (int(fields[11]), int(fields[12]))
        return (int(resident) - int(shared)) * _PAGE_KIB


class LoadFiles:
    """Keeps the host's changing files true.

    A bind mount pins the inode, so the files are rewritten in place.
    """

    def __init__(self, directory: Path, hardware: Hardware) -> None:
        self._hardware = hardware
        self._booted_at_s = int(time.time())
        names = changing_files(hardware, Usage(), self._booted_at_s)
        self._files = {name: os.open(directory / name, os.O_WRONLY) for name in names}

    def update(self, usage: Usage) -> None:
        """Write what the host uses now."""
        texts = changing_files(self._hardware, usage, self._booted_at_s)
        for name, text in texts.items():
            data = text.encode()
            os.pwrite(self._files[name], data, 0)
            os.ftruncate(self._files[name], len(data))
