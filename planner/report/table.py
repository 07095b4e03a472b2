# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text tables."""

from __future__ import annotations

from collections.abc import Sequence


def render_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows of words under their columns' names; a column that says nothing is left out.

    Parameters
    ----------
    columns
        Headings.
    rows
        As many words each as there are columns.
    """
    kept = [index for index in range(len(columns)) if any(row[index] for row in rows)] or [0]
    widths = {index: max(len(columns[index]), *(len(row[index]) for row in rows), 0) for index in kept}
    lines = [[columns[index] for index in kept], ["-" * widths[index] for index in kept]]
    lines += [[row[index] for index in kept] for row in rows]
    return "\n".join(
        "  ".join(word.ljust(widths[index]) for word, index in zip(line, kept, strict=True)).rstrip() for line in lines
    )
