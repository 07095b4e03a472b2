# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which boot of the host this is, and for how long it has been up.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def read_boot_id() -> str:
    """Return what the kernel calls the present boot of this host."""
    with open(_BOOT_ID, encoding="ascii") as file:
        return file.read().strip()


def since_boot_s() -> float:
    """Return the seconds since the boot; setting the clock does not change them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
