# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts to pack again together with some that are to be emptied: few, with room for what is lacking most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .pack import Packing

PARTNERS = 14
"""The most partners; more make the model slow before they make it better."""


def partners(
    packing: Packing, candidates: Iterable[int], emptied: Sequence[int], more: float
) -> tuple[int, ...] | None:
    """Return hosts that have room together for what others carry.

    Parameters
    ----------
    candidates
        Hosts that may be partners.
    emptied
        Those whose items need room.
    more
        How much room they must have, as a multiple of what is needed.

    Returns
    -------
    tuple of int or None
        The partners, in order; ``None`` if there is not even as much room as is needed.
    """
    loads = packing.state.loads
    need = [sum(loads[host][r] for host in emptied) for r in range(2)]
    found: dict[int, list[float]] = {}
    left = {other: packing.room(other) for other in candidates if other not in emptied}
    while left and len(found) < PARTNERS * len(emptied):
        lack = [more * need[r] - sum(room[r] for room in found.values()) for r in range(2)]
        if max(lack) <= 0:
            break
        best = max(left, key=lambda h: (_helps(left[h], lack, need), -h))
        found[best] = left.pop(best)
    enough = all(sum(room[r] for room in found.values()) >= need[r] for r in range(2))
    return tuple(sorted(found)) if enough else None


def _helps(room: list[float], lack: list[float], need: list[float]) -> float:
    """Return how much of what is lacking a host has, as shares of what is needed."""
    return sum(min(max(0.0, lack[r]), room[r]) / max(1.0, need[r]) for r in range(2))
