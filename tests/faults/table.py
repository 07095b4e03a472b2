# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.runner import Seen


def table(seen: Sequence[Seen]) -> str:
    return "\n".join(each.row.name for each in seen)
