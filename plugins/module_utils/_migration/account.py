# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a quick or an offline move came to.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from .result import Outcome


@dataclass(frozen=True)
class Account:
    """What a quick or an offline move came to; see C(MigrationResult) for the words.

    Parameters
    ----------
    began_s, left_s, arrived_s : float
        When it began, when the source let the VM go, and when the destination had it (or nothing
        more was tried); by the clock of the caller.
    """

    outcome: Outcome
    reason: str = ""
    error_code: str = ""
    remedy: str = ""
    retriable: bool = False
    actions: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    downtime_ms: float | None = None
    began_s: float = 0.0
    left_s: float = 0.0
    arrived_s: float = 0.0
