# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking a circle of migrations that wait for each other's room, by parking one VM elsewhere for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..cluster.resources import Resources
from ..errors import NoOrder
from ..libraries import require
from .indexed_moves import IndexedMoves
from .migration import Move
from .rule_watch import RuleWatch
from .timing import NEVER

Shelters = Callable[[str], Sequence[str]]
"""Hosts that a VM may be parked on."""


Durations = Callable[[str, str, str], tuple[int, float]]
"""The duration in ms of a migration of a VM between two hosts, and the seconds of transfer in it."""


def add_parking(
    moves: IndexedMoves,
    starts: Sequence[int],
    watch: RuleWatch,
    shelters: Shelters,
    durations: Durations,
) -> IndexedMoves:
    """Return the moves with one of those that block each other in two halves, by way of a parking host.

    Parameters
    ----------
    starts
        Of the moves, ``NEVER`` for those that block each other.
    watch
        As it is before the first move.

    Raises
    ------
    NoOrder
        No host has room to park one of the VMs.
    """
    standstill = Standstill(moves, starts, watch)
    parked = {move.domain for move in moves.moves if move.parking}
    choice = park(
        [move for move in standstill.stuck if move.domain not in parked], shelters, standstill
    )
    if choice is None:
        raise _blocked(standstill.stuck)
    move, shelter = choice
    there_ms, there_s = durations(move.domain, move.source, shelter)
    back_ms, back_s = durations(move.domain, shelter, move.destination)
    first = replace(
        move, destination=shelter, duration_ms=there_ms, transfer_s=there_s, parking=True
    )
    second = replace(move, source=shelter, duration_ms=back_ms, transfer_s=back_s)
    others = [other for other in moves.moves if other is not move]
    return moves.with_moves([*others, first, second])


class Standstill:
    """The moment when nothing runs and nothing may start.

    Attributes
    ----------
    stuck
        The moves that block each other.
    """

    def __init__(self, moves: IndexedMoves, starts: Sequence[int], watch: RuleWatch) -> None:
        self.stuck = [m for m, start in zip(moves.moves, starts, strict=True) if start == NEVER]
        self._watch = watch
        self._moves = moves
        self._loads = [Resources(*load) for load in moves.loads]
        for number in sorted(range(len(starts)), key=lambda n: (starts[n], n)):
            if starts[number] != NEVER:
                self._finish(number)

    def _finish(self, number: int) -> None:
        move = self._moves.moves[number]
        source, destination = self._moves.source[number], self._moves.destination[number]
        self._loads[source] = self._loads[source].minus(move.demand)
        self._loads[destination] = self._loads[destination].plus(move.demand)
        if self._watch.is_watched(move.domain):
            self._watch.finish(move)

    def may_go(self, move: Move) -> bool:
        """Tell whether room and rules let a move start."""
        host = self._moves.number[move.destination]
        return self._loads[host].plus(move.demand).fits(Resources(*self._moves.caps[host])) and (
            not self._watch.is_watched(move.domain) or self._watch.rules_hold(move)
        )

    def memory_mib(self, host: str) -> float:
        """Return the memory that a host has given out."""
        return self._loads[self._moves.number[host]].memory_mib


def _blocked(stuck: Sequence[Move]) -> NoOrder:
    ways = ", ".join(f"{move.domain} ({move.source} to {move.destination})" for move in stuck[:6])
    smallest_first = sorted(stuck, key=lambda move: move.demand.memory_mib)
    return NoOrder(
        f"These migrations block each other in every order tried, and no host has room to park a VM meanwhile: {ways}; "
        "free some memory on one of these hosts.",
        tuple((move.domain, move.destination) for move in smallest_first),
    )


def circles(moves: Sequence[Move]) -> list[set[str]]:
    """Return the sets of hosts whose migrations wait for each other in a circle.

    They are the strongly connected components of the graph that leads from the source to the destination of each move.
    """
    networkx = require("networkx")
    graph = networkx.DiGraph((move.source, move.destination) for move in moves)
    found = [set(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    return sorted(found, key=lambda part: (len(part), sorted(part)))


def park(
    stuck: Sequence[Move], shelters: Shelters, standstill: Standstill
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
                and standstill.may_go(replace(move, destination=host))
            ]
            if hosts:
                return move, min(hosts, key=lambda host: (standstill.memory_mib(host), host))
    return None
