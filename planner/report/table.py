# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text tables."""

from __future__ import annotations

from collections.abc import Sequence

from ..visible import visible


def render_table(
    header: Sequence[str], rows: Sequence[Sequence[object]], *, indent: str = "  "
) -> list[str]:
    """Return lines with columns as wide as they need; numbers to the right, text to the left."""
    cells = [[visible(str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[c]) for line in [list(header), *cells]) for c in range(len(header))]
    right = [
        bool(rows) and all(isinstance(row[c], (int, float)) for row in rows)
        for c in range(len(header))
    ]
    return [
        (
            indent
            + "  ".join(
                cell.rjust(w) if r else cell.ljust(w)
                for cell, w, r in zip(line, widths, right, strict=True)
            )
        ).rstrip()
        for line in [list(header), *cells]
    ]


def duration(seconds: float) -> str:
    """Return seconds as people say them: 4.2 s, 3 min 20 s, 2 h 5 min."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def gib(mib: float) -> str:
    """Return MiB as people say them: 64 MiB, 1.5 GiB."""
    return f"{mib:.0f} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: 1 wave, 2 waves, 2 batches."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def amounts_used(memory_mib: float, cpu_usage: float) -> str:
    """Return memory and busy CPUs for people: "4.1 GiB and 0.6 CPUs"."""
    return f"{gib(memory_mib)} and {cpu_usage:.1f} CPUs"
