# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mounts, links and marker files of the host on which this runs.

Whatever touches a file system may hang for ever when its server is down, so all of it is given up after a while.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import os
import typing as t
import uuid

from .._deadline import Pending
from .._facts.readings import Marker
from .._facts.storage import MARKER_NAME

# A file server that does not give out a few bytes within this time is of no use to a migration either.
ANSWER_LIMIT_S = 5.0


def read_mountinfo() -> str:
    """Return the kernel's table of mounts, as this process sees them."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        return table.read()


def real_paths(paths: t.Iterable[str], limit_s: float = ANSWER_LIMIT_S) -> dict[str, str]:
    """Return the paths with their links followed; those that do not answer in time stand for themselves."""
    waiting = [(path, Pending(functools.partial(os.path.realpath, path))) for path in sorted(set(paths))]
    return {path: pending.result(limit_s, path) for path, pending in waiting}


def read_markers(directories: t.Iterable[str], limit_s: float = ANSWER_LIMIT_S) -> dict[str, Marker]:
    """Return what the marker file in each directory says."""
    waiting = [(path, Pending(functools.partial(read_marker, path))) for path in directories]
    silent = Marker(None, f"it does not answer within {limit_s:g} s")
    return {path: pending.result(limit_s, silent) for path, pending in waiting}


def read_marker(directory: str) -> Marker:
    """Return what the marker file in a directory says."""
    try:
        with open(os.path.join(directory, MARKER_NAME), encoding="ascii") as marker:
            text = marker.read(64).strip()
    except FileNotFoundError:
        return Marker(None)
    except (OSError, ValueError) as error:
        return Marker(None, str(error))
    try:
        return Marker(str(uuid.UUID(text)))
    except ValueError:
        return Marker(None, f"its file {MARKER_NAME} holds no UUID")
