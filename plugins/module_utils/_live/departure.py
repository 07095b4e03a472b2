# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sees the source's QEMU end, on the source itself, a fifth of a second before libvirt says so.

libvirt sends QEMU its signal, sleeps 200 ms and only then looks whether it is gone
(virProcessKillPainfullyDelay), so its event is late by nearly all of that, and the VM stands still
meanwhile. The kernel knows at once. A few lines of Python on the source, run locally or over the
SSH that the connection URI names anyway, watch the process and say when it is exiting. Where that
is not possible nothing is lost but the fifth of a second.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t

from .._linux.host_command import ended, started_on

# Finds the one QEMU process with the VM's UUID and says so; waits for a line, then looks each
# millisecond until the process is exiting (PF_EXITING is set on its main thread, so it will never
# run a single instruction of its own again) or gone. The end of its input ends it, so it never
# outlives the connection that started it.
_SCRIPT = """
import os, select, sys
def stat(pid):
    with open("/proc/%s/stat" % pid) as file:
        return file.read().rsplit(")", 1)[1].split()
def is_wanted(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            words = file.read().split(b"\\0")
        return words[words.index(b"-uuid") + 1] == sys.argv[1].encode()
    except (OSError, ValueError, IndexError):
        return False
found = [pid for pid in os.listdir("/proc") if pid.isdigit() and is_wanted(pid)]
if len(found) != 1:
    sys.exit("%d processes" % len(found))
born = stat(found[0])[19]
print("watching", flush=True)
if not os.read(0, 1):
    sys.exit(0)
while True:
    try:
        now = stat(found[0])
    except OSError:
        break
    if now[19] != born or now[0] in "ZX" or int(now[6]) & 4:
        break
    if select.select([0], [], [], 0.001)[0] and not os.read(0, 64):
        sys.exit(0)
print("gone", flush=True)
"""


class Departure:
    """Watches the source's QEMU in the background.

    Parameters
    ----------
    uri : str
        How this process reaches the source's daemon.
    uuid : str
        The VM.
    on_gone : callable
        Called once, from another thread, when QEMU is exiting or gone.

    Side Effects
    ------------
    Runs a process here, and one on the source for an SSH URI, until C(close) is called.
    """

    def __init__(self, uri: str, uuid: str, on_gone: t.Callable[[], None]) -> None:
        self._on_gone = on_gone
        self._process = started_on(uri, _SCRIPT, uuid)
        if self._process is not None:
            threading.Thread(target=self._listen, name="departure", daemon=True).start()

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            if line.strip() == "gone":
                self._on_gone()

    def look_closely(self) -> None:
        """Look each millisecond from now on: the end is near."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write("\n")
                self._process.stdin.flush()

    def close(self) -> None:
        """End the watch."""
        if self._process is None:
            return
        ended(self._process)
