# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mounts and links of the host on which this runs.

Whatever touches a file system may hang for ever when its server is down, so all of it is given up
after a while.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import os
import typing as t

from .._patience import PatientCall

# A file server that does not give out a few bytes within this time is of no use to a migration
# either.
ANSWER_LIMIT_S = 5.0


def read_mountinfo() -> str:
    """Return the kernel's table of mounts, as this process sees them."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        return table.read()


def real_paths(paths: t.Iterable[str], limit_s: float = ANSWER_LIMIT_S) -> dict[str, str]:
    """Return the paths with their links followed; those that do not answer in time stand for
    themselves.
    """
    waiting = [
        (path, PatientCall(functools.partial(os.path.realpath, path)))
        for path in sorted(set(paths))
    ]
    return {path: pending.result_or(limit_s, path) for path, pending in waiting}
