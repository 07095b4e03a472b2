# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept free on every host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """Fractions of a host's capacity that stay free.

    By default 5 % of the memory: QEMU itself, page tables and the host's system need memory that no VM's size shows.
    """

    cpu: float = 0.0
    memory: float = 0.05
