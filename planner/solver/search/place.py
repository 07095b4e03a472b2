# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placing items that have to go: largest first, each where the fullest resource stays emptiest.

The classical decreasing rule for packing vectors, spreading instead of filling, as the hosts that stay
should stay balanced.

References
----------
D. S. Johnson, "Fast algorithms for bin packing", 1974, https://doi.org/10.1016/S0022-0000(74)80026-7.
R. Panigrahy et al., "Heuristics for vector bin packing", 2011.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from .state import State

LOOKS = 24
"""How many of the emptiest hosts that could take an item are compared; more changes nothing measurable."""


SPREADING, LEAST_SHARE = 100, 1e-3
"""How many items are sent from the fullest host to emptier ones at most, and by how much that has to help."""


def place_spreading(state: State, items: Iterable[int], tier: set[int] | None = None) -> list[int]:
    """Move every item to the host (of the tier, or of all) that is emptiest with it; return those without a place."""
    indexed = state.indexed
    weights = _scarcity(state)
    ordered = sorted(
        items,
        key=lambda n: (
            -max(d * w for d, w in zip(indexed.items[n].demand, weights, strict=True)),
            n,
        ),
    )
    hosts = [
        h
        for h in range(len(indexed.hosts))
        if h not in indexed.leaving and (tier is None or h in tier)
    ]
    queue = [(state.share(host), host) for host in hosts]
    heapify(queue)
    unplaced = []
    for item in ordered:
        host = _emptiest(state, item, queue)
        if host is None:
            unplaced.append(item)
        else:
            state.move(item, host)
            heappush(queue, (state.share(host), host))
    return unplaced


def spread_moved(state: State, steps: int = SPREADING) -> None:
    """Send items that moved from the fullest host to emptier ones, as long as that helps: it costs nothing."""
    for _step in range(steps):
        moved = state.moves()
        if not moved:
            return
        fullest = max(set(moved.values()), key=lambda h: (state.share(h), -h))
        share = state.share(fullest)
        better = [
            (state.share(host, item), item, host)
            for item in sorted(n for n, at in moved.items() if at == fullest)
            for host in state.indexed.items[item].destinations
            if host != fullest and state.share(host, item) < share - LEAST_SHARE
            if state.has_room(item, host) and state.obeys(item, host)
            if state.more_rules_s(item, host) <= 0
        ]
        if not better:
            return
        _share, item, host = min(better)
        state.move(item, host)


def _scarcity(state: State) -> list[float]:
    """Weigh each resource by how little of it the cluster has."""
    hosts = [h for h in range(len(state.indexed.hosts)) if h not in state.indexed.leaving]
    totals = [sum(state.indexed.limits[h][r] for h in hosts) for r in range(3)]
    return [1 / amount if amount > 0 else 0.0 for amount in totals]


def _emptiest(state: State, item: int, queue: list[tuple[float, int]]) -> int | None:
    """Look at hosts from the emptiest on; the queue is left complete but for outdated entries."""
    allowed = set(state.indexed.items[item].destinations)
    seen: list[tuple[float, int]] = []
    fitting: list[tuple[float, int]] = []
    while queue and len(fitting) < LOOKS:
        share, host = heappop(queue)
        if share != state.share(host) or (seen and seen[-1] == (share, host)):
            continue
        seen.append((share, host))
        if host in allowed and state.has_room(item, host) and state.obeys(item, host):
            fitting.append((state.share(host, item), host))
    best = min(fitting, default=None)
    for entry in seen:
        if best is None or entry[1] != best[1]:
            heappush(queue, entry)
    return best[1] if best else None
