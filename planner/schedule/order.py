# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event-driven list scheduling: a migration starts as soon as its tokens and its room are free.

No barriers, no head-of-line blocking. Three orders of preference are tried and the shortest schedule is kept.

References
----------
R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969, https://doi.org/10.1137/0117039.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from random import Random

from ..errors import NoOrder
from .migration import Move
from .parking import park
from .tokens import Occupancy

Timed = tuple[Move, int, int]
"""A move with its start and finish in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the order depends on beside the moves.

    Attributes
    ----------
    occupancy
        Makes the state at the start, anew for every try.
    shelters
        Hosts that a VM may be parked on, for a domain.
    duration_ms
        Of the migration of a domain between two hosts.
    """

    occupancy: Callable[[], Occupancy]
    shelters: Callable[[str], Sequence[str]]
    duration_ms: Callable[[str, str, str], tuple[int, float]]
    per_host: int
    cluster: int


def order_moves(moves: Sequence[Move], setting: Setting) -> list[Timed]:
    """Return the moves with their times, perhaps with parking moves added, in the order of their start.

    Raises
    ------
    NoOrder
        The migrations block each other, and there is no host to park a VM on.
    """
    bound = makespan_bound_ms(moves, setting.per_host, setting.cluster)
    best: list[Timed] = []
    for key in ORDERS:
        timed = _Schedule(moves, setting, key).run()
        if not best or makespan_ms(timed) < makespan_ms(best):
            best = timed
        if makespan_ms(best) <= bound * NEAR_ENOUGH:
            return best
    return _climb(moves, setting, best, bound)


def _climb(moves: Sequence[Move], setting: Setting, best: list[Timed], bound: int) -> list[Timed]:
    """Disturb the order of preference a little, again and again, and keep what is not longer.

    A schedule takes milliseconds, so that there is time for some; how many depends on the number of moves,
    never on the clock, and chance is seeded: the same moves have the same order.
    """
    chance = Random(len(moves))
    noise = {move.domain: 1.0 for move in moves}
    for _attempt in range(min(MOST_TRIES, TRIES_BY_MOVES // max(1, len(moves)))):
        if makespan_ms(best) <= bound * NEAR_ENOUGH:
            break
        tried = {
            domain: 1 + chance.uniform(-NOISE, NOISE) if chance.random() < CHANGED else value
            for domain, value in noise.items()
        }
        try:
            timed = _Schedule(moves, setting, _both_ends_first(tried, setting.per_host)).run()
        except NoOrder:
            continue  # the order that is known is good enough
        if makespan_ms(timed) <= makespan_ms(best):
            best, noise = timed, tried
    return best


def makespan_ms(timed: Sequence[Timed]) -> int:
    """Return when the last migration ends."""
    return max((finish for _move, _start, finish in timed), default=0)


def makespan_bound_ms(moves: Sequence[Move], per_host: int, cluster: int) -> int:
    """Return a time that no order can beat: the busiest host's work, all work over all tokens, the longest move."""
    work = work_per_host(moves)
    return max(
        -(-max(work.values(), default=0) // per_host),
        -(-sum(move.duration_ms for move in moves) // cluster),
        max((move.duration_ms for move in moves), default=0),
    )


def work_per_host(moves: Sequence[Move]) -> dict[str, int]:
    """Add up the milliseconds that each host takes part in migrations."""
    work: dict[str, int] = {}
    for move in moves:
        for host in (move.source, move.destination):
            work[host] = work.get(host, 0) + move.duration_ms
    return work


Key = Callable[[Move, Mapping[str, int]], tuple[int, ...]]


def _busiest_first(move: Move, work: Mapping[str, int]) -> tuple[int, ...]:
    one, other = work[move.source], work[move.destination]
    return (-max(one, other), -min(one, other), -move.duration_ms)


def _longest_first(move: Move, work: Mapping[str, int]) -> tuple[int, ...]:
    return (-move.duration_ms,)


def _as_given(move: Move, work: Mapping[str, int]) -> tuple[int, ...]:
    return ()


def _both_ends_first(noise: Mapping[str, float], per_host: int) -> Key:
    """Weigh the work that waits at both ends and the length of the move itself."""

    def key(move: Move, work: Mapping[str, int]) -> tuple[int, ...]:
        waiting = (work[move.source] + work[move.destination]) / per_host + move.duration_ms
        return (-int(waiting * noise.get(move.domain, 1.0)), -move.duration_ms)

    return key


ORDERS: tuple[Key, ...] = (_busiest_first, _longest_first, _as_given)

NEAR_ENOUGH = 1.002
"""A makespan this near to its bound is not worth another try."""

MOST_TRIES, TRIES_BY_MOVES = 100, 20_000
"""How often the order is disturbed at most, and for how many moves in all."""

NOISE, CHANGED = 0.3, 0.25
"""How much a preference is disturbed, and how many of them at a time."""


class _Schedule:
    """One simulation.

    Only the moves of hosts whose state changed are looked at again, so that thousands of moves take a
    fraction of a second.
    """

    def __init__(self, moves: Sequence[Move], setting: Setting, key: Key) -> None:
        self._setting = setting
        self._key = key
        self._state = setting.occupancy()
        self._moves = list(moves)
        self._work = work_per_host(moves)
        self._pending = dict.fromkeys(range(len(moves)))
        self._of_host: dict[str, dict[int, None]] = {}
        self._queue: list[tuple[tuple[int, ...], int]] = []
        self._queued: set[int] = set()
        self._running: list[tuple[int, int]] = []
        self._timed: list[Timed] = []
        for number in self._pending:
            self._index(number)
            self._enqueue(number)

    def run(self) -> list[Timed]:
        """Run all moves; return them with their times."""
        now = 0
        self._start_all(now)
        while self._running or self._pending:
            if not self._running:
                self._unblock(now)
                continue
            now = self._running[0][0]
            freed: set[str] = set()
            while self._running and self._running[0][0] == now:
                move = self._moves[heappop(self._running)[1]]
                self._state.finish(move)
                freed |= {move.source, move.destination}
            for host in sorted(freed):
                self._look_again(host)
            self._start_all(now)
        return sorted(self._timed, key=lambda timed: (timed[1], timed[2], timed[0].domain))

    def _index(self, number: int) -> None:
        move = self._moves[number]
        for host in (move.source, move.destination):
            self._of_host.setdefault(host, {})[number] = None

    def _enqueue(self, number: int) -> None:
        if number not in self._queued:
            self._queued.add(number)
            heappush(self._queue, (self._key(self._moves[number], self._work), number))

    def _look_again(self, host: str) -> None:
        for number in self._of_host.get(host, ()):
            move = self._moves[number]
            if self._state.has_token(move.source) and self._state.has_token(move.destination):
                self._enqueue(number)

    def _start_all(self, now: int) -> None:
        """Start what may start, the most urgent first; keys that have grown less urgent are sorted in again."""
        while self._queue and self._state.free > 0:
            key, number = heappop(self._queue)
            fresh = self._key(self._moves[number], self._work)
            if fresh > key:
                heappush(self._queue, (fresh, number))
                continue
            self._queued.discard(number)
            if self._state.may_start(self._moves[number]):
                self._start(number, now)

    def _start(self, number: int, now: int) -> None:
        move = self._moves[number]
        self._state.start(move)
        self._timed.append((move, now, now + move.duration_ms))
        heappush(self._running, (now + move.duration_ms, number))
        del self._pending[number]
        for host in (move.source, move.destination):
            del self._of_host[host][number]
            self._work[host] -= move.duration_ms

    def _unblock(self, now: int) -> None:
        """Nothing runs and nothing may start: park a VM, so that the others get on."""
        stuck = [self._moves[number] for number in self._pending]
        first, rest = self._detour(stuck)
        number = next(n for n in self._pending if self._moves[n].domain == first.domain)
        for host in (self._moves[number].source, self._moves[number].destination):
            del self._of_host[host][number]
            self._work[host] -= self._moves[number].duration_ms
        self._moves[number] = rest
        self._moves.append(first)
        self._pending[len(self._moves) - 1] = None
        for changed in (number, len(self._moves) - 1):
            move = self._moves[changed]
            for host in (move.source, move.destination):
                self._work[host] = self._work.get(host, 0) + move.duration_ms
            self._index(changed)
        self._start(len(self._moves) - 1, now)

    def _detour(self, stuck: Sequence[Move]) -> tuple[Move, Move]:
        """Return the two halves of a move by way of a parking host."""
        parked = {move.domain for move, _start, _finish in self._timed if move.parking}
        choice = park(
            [m for m in stuck if m.domain not in parked], self._setting.shelters, self._state
        )
        if choice is None:
            raise NoOrder(
                f"These migrations block each other, and no host has room to park a VM meanwhile: "
                f"{', '.join(f'{m.domain} ({m.source} to {m.destination})' for m in stuck[:6])}; "
                "free some memory on one of these hosts.",
                tuple(
                    (move.domain, move.destination)
                    for move in sorted(stuck, key=lambda m: m.demand.memory_mib)
                ),
            )
        move, shelter = choice
        there_ms, there_s = self._setting.duration_ms(move.domain, move.source, shelter)
        back_ms, back_s = self._setting.duration_ms(move.domain, shelter, move.destination)
        first = replace(
            move, destination=shelter, duration_ms=there_ms, transfer_s=there_s, parking=True
        )
        return first, replace(move, source=shelter, duration_ms=back_ms, transfer_s=back_s)
