# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves by number instead of by name, with what hosts carry: the form in which they are timed and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..cluster.resources import RESOURCE_NAMES
from .migration import Move

RESOURCES = range(len(RESOURCE_NAMES))


@dataclass(frozen=True)
class IndexedMoves:
    """Moves, and the hosts that they share.

    Attributes
    ----------
    number
        Of a host, by its name.
    source, destination
        Per move the number of a host.
    loads, caps
        Per host what it carries before the first move, and the most that it may carry.
    per_host, cluster
        How many moves a host takes part in at a time, and how many there are at a time.
    follows
        Moves that another one must have ended before, as its second half: the VM is parked between them.
    """

    number: Mapping[str, int]
    moves: tuple[Move, ...]
    source: tuple[int, ...]
    destination: tuple[int, ...]
    loads: tuple[tuple[float, ...], ...]
    caps: tuple[tuple[float, ...], ...]
    per_host: int
    cluster: int
    follows: Mapping[int, int]

    @classmethod
    def of(
        cls,
        moves: Sequence[Move],
        loads: Mapping[str, Sequence[float]],
        caps: Mapping[str, Sequence[float]],
        per_host: int,
        cluster: int,
    ) -> IndexedMoves:
        """Number moves and hosts."""
        return cls(
            number={name: index for index, name in enumerate(loads)},
            moves=(),
            source=(),
            destination=(),
            loads=tuple(tuple(load) for load in loads.values()),
            caps=tuple(tuple(caps[name]) for name in loads),
            per_host=per_host,
            cluster=cluster,
            follows={},
        ).with_moves(moves)

    def with_moves(self, moves: Sequence[Move]) -> IndexedMoves:
        """Return other moves of the same hosts; of the two halves of a way, the first stands before the second."""
        latest: dict[str, int] = {}
        follows: dict[int, int] = {}
        for index, move in enumerate(moves):
            if move.domain in latest:
                follows[index] = latest[move.domain]
            latest[move.domain] = index
        return replace(
            self,
            moves=tuple(moves),
            source=tuple(self.number[move.source] for move in moves),
            destination=tuple(self.number[move.destination] for move in moves),
            follows=follows,
        )

    @cached_property
    def durations(self) -> list[int]:
        """In ms."""
        return [move.duration_ms for move in self.moves]

    @cached_property
    def departures(self) -> list[list[int]]:
        """Moves by the host that they leave."""
        return self._by_host(self.source)

    @cached_property
    def arrivals(self) -> list[list[int]]:
        """Moves by the host that they go to."""
        return self._by_host(self.destination)

    def _by_host(self, hosts: Sequence[int]) -> list[list[int]]:
        found: list[list[int]] = [[] for _load in self.loads]
        for number, host in enumerate(hosts):
            found[host].append(number)
        return found

    @cached_property
    def backwards(self) -> IndexedMoves:
        """The same moves as if time ran backwards: from what is at the end to what is at the beginning.

        A VM that moves is counted at both ends, from its start to its finish, so every order of these moves is an
        order of those, read from its end.
        """
        loads = [list(load) for load in self.loads]
        for move, source, destination in zip(
            self.moves, self.source, self.destination, strict=True
        ):
            for resource in RESOURCES:
                loads[source][resource] -= move.demand[resource]
                loads[destination][resource] += move.demand[resource]
        return replace(
            self,
            moves=tuple(
                replace(move, source=move.destination, destination=move.source)
                for move in self.moves
            ),
            source=self.destination,
            destination=self.source,
            loads=tuple(tuple(load) for load in loads),
            follows={first: second for second, first in self.follows.items()},
        )
