# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command takes: seconds on the clock, seconds of CPU, and memory at most."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of a command.

    Attributes
    ----------
    code
        Its exit code; negative, as of a signal, where it was ended at its time limit.
    """

    code: int
    wall_s: float
    cpu_s: float
    rss_mib: float
    output: str


def run(
    command: Sequence[str], limit_s: float, environment: Mapping[str, str] | None = None
) -> Measurement:
    """Run a command from the root of the tree, and end it at the limit.

    The kernel's account of this one child is read with wait4, so that other children do not count.
    """
    with tempfile.TemporaryFile() as printed:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=printed, stderr=subprocess.STDOUT, env=environment
        )
        alarm = threading.Timer(limit_s, child.send_signal, [signal.SIGKILL])
        alarm.start()
        _pid, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - start
        alarm.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    return Measurement(
        code=child.returncode,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        rss_mib=usage.ru_maxrss / 1024,
        output=output,
    )
