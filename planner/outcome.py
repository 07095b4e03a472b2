# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a step of a plan, as an executor says it, and what people call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ARRIVED = ("moved", "already_there")
"""The outcomes with which the VM is on its destination."""

PLACELESS = ("quarantined", "lost", "unknown")
"""The outcomes with which nobody can count on the VM on one host."""

OVERTAKEN = ("gone", "off", "elsewhere")
"""The outcomes with which nothing was left to migrate, because somebody removed the VM, shut it down or moved it."""

WORDS = {
    "moved": "moved",
    "already_there": "was there",
    "not_moved": "STAYED",
    "rolled_back": "STAYED",
    "quarantined": "QUARANTINED",
    "lost": "LOST",
    "unknown": "UNKNOWN",
    "skipped": "skipped",
    "gone": "gone",
    "off": "off",
    "elsewhere": "elsewhere",
}
"""Every outcome that there is; what calls for a look is in capitals."""

Outcome = Mapping[str, Any]
"""One entry of what ``plan_apply`` returns as its outcomes."""


def has_arrived(outcome: Outcome) -> bool:
    """Say whether the VM is on its destination."""
    return outcome["outcome"] in ARRIVED
