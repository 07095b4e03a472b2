# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose playbook this is, which process on the controller it is, and whether one of before still lives.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ..module_utils._execution.process import mark_of, parse_mark
from ..module_utils._linux.boot import read_boot_id

_NAMESPACE = "/proc/self/ns/pid"


def this_operator() -> str:
    """Return who runs the playbook, and on which machine."""
    return f"{os.environ.get('USER', 'root')}@{os.uname().nodename}"


def this_playbook() -> list[str]:
    """Return the mark of the process whose worker runs an action plugin, and its PID namespace.

    Empty on a controller without C(/proc).
    """
    try:
        return [mark_of(os.getppid()).as_text().strip(), os.readlink(_NAMESPACE)]
    except (OSError, IndexError):
        return []


def lives(process: t.Sequence[str]) -> bool | None:
    """Say whether a process that C(this_playbook) told of still lives; None where it cannot be told.

    That is on another machine or in another container, whose processes are not to be seen here, after a reboot, and
    where this user may not see the processes of others.
    """
    try:
        text, namespace = process
        mark = parse_mark(text)
        seen_here = namespace == os.readlink(_NAMESPACE)
        if mark is None or not seen_here or mark.boot_id != read_boot_id():
            return None
        return mark.is_alive
    except (OSError, ValueError):
        return None
