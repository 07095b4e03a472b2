# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking a circle of migrations that wait for each other's room, by parking one VM elsewhere for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..libraries import require
from .migration import Move
from .tokens import Occupancy


def circles(moves: Sequence[Move]) -> list[set[str]]:
    """Return the sets of hosts whose migrations wait for each other in a circle.

    They are the strongly connected components of the graph that leads from the source to the destination of each move.
    """
    networkx = require("networkx")
    graph = networkx.DiGraph((move.source, move.destination) for move in moves)
    found = [set(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    return sorted(found, key=lambda part: (len(part), sorted(part)))


def park(
    stuck: Sequence[Move], shelters: Callable[[str], Sequence[str]], state: Occupancy
) -> tuple[Move, str] | None:
    """Choose the smallest VM of a circle that some host has room for, and the host with most memory left.

    Returns
    -------
    tuple or None
        The move that makes a stop, and where; ``None`` if no VM can be parked anywhere.
    """
    parts = circles(stuck)
    in_circle = [m for m in stuck if any(m.source in p and m.destination in p for p in parts)]
    for group in (in_circle, stuck):
        for move in sorted(group, key=lambda m: (m.demand.memory_mib, m.domain)):
            hosts = [
                host
                for host in shelters(move.domain)
                if host not in (move.source, move.destination)
                and state.may_start(replace(move, destination=host))
            ]
            if hosts:
                return move, min(hosts, key=lambda host: (state.loads[host][0], host))
    return None
