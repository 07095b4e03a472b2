# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a host that goes down or comes up: files in its own /etc, read by its pid 1."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path("/etc/drover-lab/trouble")

#: It does not go down when its OS is told to, nor when its power button is pressed.
DEAF = "deaf"
#: Its OS goes down, but its power stays on: it is silent, and only cutting the power ends that.
STUCK = "stuck"
#: It has power, but its OS never starts.
NO_BOOT = "no-boot"
#: Its OS starts, but does not mount the shared storage: the mount point is empty.
NO_STORAGE = "no-storage"
#: Its OS starts after this many seconds.
SLOW_BOOT = "slow-boot"


def has(trouble: str) -> bool:
    """Whether this host has a trouble; asked inside the host."""
    return (DIRECTORY / trouble).exists()


def seconds(trouble: str) -> float:
    """Return for how long this host has a trouble; asked inside the host."""
    return float((DIRECTORY / trouble).read_text()) if has(trouble) else 0.0
