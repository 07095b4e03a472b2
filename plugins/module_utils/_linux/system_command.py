# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of the host on which this runs: where they are, and what they answer within a time limit.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

# Not every account has these in its path.
_PLACES = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")


def path_of(name: str) -> str | None:
    """Return the path of a command, or None where it is missing."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))


def answered(command: t.Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run a command without input, and return what it printed and its exit code.

    Raises
    ------
    OSError
        There is no such program.
    subprocess.TimeoutExpired
        It had not ended after I(limit_s) seconds, and was ended.
    """
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=limit_s,
    )


def answer_of(command: t.Sequence[str] | None, limit_s: float) -> str:
    """Return what a command prints; empty where there is none, or when it fails or takes too long."""
    if command is None:
        return ""
    try:
        return answered(command, limit_s).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def answer_to(name: str, *arguments: str, limit_s: float) -> str:
    """Return what a command of this host prints, as C(answer_of) does; empty where it is missing."""
    path = path_of(name)
    return answer_of([path, *arguments] if path else None, limit_s)
