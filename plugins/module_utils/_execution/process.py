# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which process an executor is, written so that a later reader can prove that it is gone.

A process id alone is used again, after a reboot even soon. Together with the boot and the moment
at which the kernel started it, it names one process for all time.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._linux.boot import read_boot_id

# Fields of /proc/PID/stat, counted from the one after the command's name.
_STATE, _STARTED = 0, 19
_ENDED = ("Z", "X")
# What the kernel appends to the path of a file that has no name any more.
_REMOVED = " (deleted)"


class ProcessMark(t.NamedTuple):
    """One process of this host.

    Parameters
    ----------
    pid : int
    started : int
        When the kernel started it, in clock ticks since the boot.
    boot_id : str
        The boot that it belongs to.
    """

    pid: int
    started: int
    boot_id: str

    @property
    def is_alive(self) -> bool:
        """Whether the process still exists and has not ended.

        Raises
        ------
        PermissionError
            There is a process of that id, and this user may see no more of it: C(/proc) is mounted with C(hidepid).
        """
        if self.boot_id != read_boot_id():
            return False
        fields = _stat(self.pid)
        return bool(
            fields and fields[_STATE] not in _ENDED and int(fields[_STARTED]) == self.started
        )

    def as_text(self) -> str:
        """Return it as it stands in its file."""
        return "{0} {1} {2}\n".format(*self)


def this_process() -> ProcessMark:
    """Return the mark of the calling process."""
    return mark_of(os.getpid())


def mark_of(pid: int) -> ProcessMark:
    """Return the mark of a process that lives."""
    return ProcessMark(pid, int(_stat(pid)[_STARTED]), read_boot_id())


def parse_mark(text: str) -> ProcessMark | None:
    """Return the mark that a file holds, None where it holds none."""
    try:
        pid, started, boot_id = text.split()
        mark = ProcessMark(int(pid), int(started), boot_id)
    except ValueError:
        return None
    return mark if re.fullmatch("[0-9A-Za-z-]+", boot_id) else None


def writer_of(path: str) -> int | None:
    """Return another process that has a file open for writing, by its path; None when there is none.

    The kernel names the file as it was opened, also when another file system has been mounted over its directory since,
    or when it was removed. Only processes of this user are seen, or all by root.
    """
    for name in filter(str.isdigit, os.listdir("/proc")):
        if int(name) != os.getpid() and _writes(name, path):
            return int(name)
    return None


def _writes(pid: str, path: str) -> bool:
    with contextlib.suppress(OSError):
        for number in os.listdir("/proc/{0}/fd".format(pid)):
            with contextlib.suppress(OSError):
                found = os.readlink("/proc/{0}/fd/{1}".format(pid, number))
                if found in (path, path + _REMOVED) and _is_for_writing(pid, number):
                    return True
    return False


def _is_for_writing(pid: str, number: str) -> bool:
    with open("/proc/{0}/fdinfo/{1}".format(pid, number), encoding="ascii") as file:
        flags = next(line.split()[1] for line in file if line.startswith("flags:"))
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def _stat(pid: int) -> list[str]:
    try:
        with open("/proc/{0}/stat".format(pid), encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        _see_that_it_is_not_hidden(pid)
        return []


def _see_that_it_is_not_hidden(pid: int) -> None:
    """Raise C(PermissionError) where C(hidepid=2) keeps another user's process out of C(/proc)."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
