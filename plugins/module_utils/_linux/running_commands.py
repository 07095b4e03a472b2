# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that run on the host on which this runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os


def running_commands() -> set[str]:
    """Return the short names of all processes of this host; the kernel cuts them after 15 characters."""
    names = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with (
                contextlib.suppress(OSError),
                open(f"/proc/{entry}/comm", encoding="utf-8") as file,
            ):
                names.add(file.read().strip())
    return names
