# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What time it is on the controller; the planner has no clock of its own.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime


def time_here() -> str:
    """Return the time with its distance from UTC, such as C(2026-11-24T22:30:00+01:00)."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
