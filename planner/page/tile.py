# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure at the top of a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with its name, a remark, and a tone that colours its frame."""

    label: str
    value: str
    note: str = ""
    tone: str = "none"
