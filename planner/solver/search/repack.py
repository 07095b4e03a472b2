# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few hosts packed again by an exact model that counts VMs of one size instead of telling them apart.

Where packing ends, some hosts lack memory and others lack vCPUs, and what is left over is of no use to anybody. Items
of one size are interchangeable but for where they are at home, so a model with one integer per size and host, ten
sizes on ten hosts, is solved in some hundredths of a second; telling items apart it would be a hundred times as large.

References
----------
P. C. Gilmore, R. E. Gomory, "A linear programming approach to the cutting-stock problem", 1961,
https://doi.org/10.1287/opre.9.6.849 (sizes and their numbers instead of pieces). P. Shaw, "Using constraint programming
and local search methods to solve vehicle routing problems", 1998, https://doi.org/10.1007/3-540-49481-2_30 (large
neighbourhood search).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from ...cluster.resources import TOLERANCE
from ..milp.backend import Effort, solve_program
from ..milp.program import Ending, Pairs, Program
from .pack import Packing

Kind = tuple[float, float, int]
"""Memory, vCPUs, and which hosts the items of a kind may be on."""


PIECES = 8
"""This many sizes are room's units as well, the largest."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The hosts that are packed again.

    Attributes
    ----------
    hosts
        All of them, by number.
    closed
        Those that are empty afterwards.
    optional
        Those that may be empty afterwards.
    at_most
        How many of the optional ones may be in use.
    """

    hosts: tuple[int, ...]
    closed: frozenset[int] = frozenset()
    optional: frozenset[int] = frozenset()
    at_most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Repacked:
    """The answer of a model.

    Attributes
    ----------
    moves
        Items and the hosts that they go to.
    bound_s
        What the items of the neighbourhood cost at least that leave their home on one of its open hosts; ``None``
        where the solver proved nothing.
    """

    moves: tuple[tuple[int, int], ...]
    bound_s: float | None


class Repacking:
    """The model of a neighbourhood.

    Parameters
    ----------
    relaxed
        Rules are left out, and busy CPUs counted at the least of a kind, so that the bound holds whatever they demand.
        Otherwise items that firm rules speak about stay where they are: for those, it matters which one goes where.

    Attributes
    ----------
    ending
        How the solve ended; ``None`` where there was none.
    """

    def __init__(
        self, packing: Packing, neighbourhood: Neighbourhood, *, relaxed: bool = False
    ) -> None:
        self._packing = packing
        self._state = packing.state
        self._items = packing.state.indexed.items
        self._hood = neighbourhood
        self._relaxed = relaxed
        self._open = [h for h in neighbourhood.hosts if h not in neighbourhood.closed]
        self._kinds = self._sorted_by_kind()
        self._program = Program()
        self._costs: dict[int, float] = {}
        self._count: dict[tuple[Kind, int], int] = {}
        self._on: dict[int, list[tuple[Kind, int]]] = defaultdict(list)
        self._gone: dict[tuple[Kind, int], list[tuple[int, int]]] = {}
        self.ending: Ending | None = None

    def solve(self, effort: Effort) -> Repacked | None:
        """Return the cheapest answer; ``None`` where there is none, or none was found."""
        if any(self._bound_items(host) for host in self._hood.closed):
            return None
        for kind, items in self._kinds.items():
            self._add_counts(kind, items)
        self._add_room()
        self._add_pieces()
        answer = solve_program(self._program, self._costs, effort)
        self.ending = answer.ending
        if not answer.has_values:
            return None
        numbers = {key: round(answer.values[column]) for key, column in self._count.items()}
        moves = (move for kind in self._kinds for move in self._moves_of(kind, numbers))
        return Repacked(moves=tuple(moves), bound_s=answer.bound)

    def _sorted_by_kind(self) -> dict[Kind, list[int]]:
        """Group the items that may be exchanged for each other, in the order of their numbers."""
        kinds: dict[Kind, list[int]] = defaultdict(list)
        reach = self._packing.reach
        for host in self._hood.hosts:
            for item in self._packing.items_on[host]:
                if not self._is_bound(item):
                    demand = self._items[item].demand
                    kinds[demand[0], demand[1], id(reach[item])].append(item)
        return {kind: sorted(items) for kind, items in sorted(kinds.items(), key=_by_first_item)}

    def _is_bound(self, item: int) -> bool:
        return not self._relaxed and self._state.has_rules(item)

    def _bound_items(self, host: int) -> list[int]:
        return [item for item in self._packing.items_on[host] if self._is_bound(item)]

    def _add_counts(self, kind: Kind, items: Sequence[int]) -> None:
        """Add how many items of a kind are on each host, and charge those that are not at home there any more."""
        allowed = self._packing.reach[items[0]]
        at_home = self._by_home(items)
        row: Pairs = []
        for host in self._open:
            if host not in allowed:
                continue
            column = self._program.column(0.0, float(len(items)), integer=True)
            self._count[kind, host] = column
            self._on[host].append((kind, column))
            row.append((column, 1.0))
            here = at_home.get(host, [])
            gone = [(self._charged(cost, count), count) for cost, count in self._prices(here)]
            self._gone[kind, host] = gone
            if gone:
                left = [(price, 1.0) for price, _count in gone]
                self._program.row([(column, 1.0), *left], ">=", float(len(here)))
        self._program.row(row, "=", float(len(items)))

    def _prices(self, items: Iterable[int]) -> Iterable[tuple[float, int]]:
        """Return what items cost to move, each price with the number of items that have it."""
        return Counter(self._items[item].cost_s for item in items).items()

    def _charged(self, cost: float, most: int) -> int:
        """Add a column of items that leave at a price; the cheapest of a home are the first to leave."""
        column = self._program.column(0.0, float(most))
        self._costs[column] = cost
        return column

    def _add_room(self) -> None:
        """Each host has room for its items; one that may be empty, only if it is in use."""
        usage = {kind: self._usage(items) for kind, items in self._kinds.items()}
        used: Pairs = []
        for host in self._open:
            keep = None
            if host in self._hood.optional:
                bound = 1.0 if self._bound_items(host) else 0.0
                keep = self._program.column(bound, 1.0, integer=True)
                used.append((keep, 1.0))
            room = self._room(host)
            for resource in range(3):
                row: Pairs = [
                    (column, (*kind[:2], usage[kind])[resource]) for kind, column in self._on[host]
                ]
                self._add_limit(row, room[resource], keep)
        if used:
            self._program.row(used, "<=", float(self._hood.at_most))

    def _add_limit(self, row: Pairs, room: float, keep: int | None) -> None:
        """Add that a host has room for a sum; where it may be empty, only if it is kept."""
        if keep is None:
            self._program.row(row, "<=", room)
        else:
            self._program.row([*row, (keep, -room)], "<=", 0.0)

    def _add_pieces(self) -> None:
        """Add that a host takes as many whole pieces as fit into what is free there, and into what leaves it.

        Free room in smaller pieces than the items that have to go is of no use to them, which sums do not see.
        """
        rooms = {host: self._room(host) for host in self._open} if self._hood.closed else {}
        for resource in range(2):
            for piece in self._pieces(resource):
                for host, room in rooms.items():
                    self._add_pieces_of(host, resource, piece, room[resource])

    def _pieces(self, resource: int) -> list[float]:
        """Return the sizes of the items that have to go, the largest ones."""
        going = {
            self._items[item].demand[resource]
            for host in self._hood.closed
            for item in self._packing.items_on[host]
        }
        return sorted(size for size in going if size > 0)[-PIECES:]

    def _add_pieces_of(self, host: int, resource: int, piece: float, free: float) -> None:
        row: Pairs = []
        at_home_pieces = 0
        for kind, column in self._on[host]:
            size, gone = kind[resource], self._gone[kind, host]
            at_home = sum(count for _column, count in gone)
            free -= size * at_home
            whole, freed = floor(size / piece + TOLERANCE), ceil(size / piece - TOLERANCE)
            row += [(column, float(whole))] if whole else []
            row += [(left, float(whole - freed)) for left, _count in gone if whole != freed]
            at_home_pieces += whole * at_home
        self._program.row(row, "<=", floor(free / piece + TOLERANCE) + at_home_pieces)

    def _usage(self, items: Sequence[int]) -> float:
        """Return the CPUs that an item of a kind keeps busy; whether the items chosen fit is checked afterwards."""
        amounts = [self._items[item].demand[2] for item in items]
        return min(amounts) if self._relaxed else sum(amounts) / len(amounts)

    def _room(self, host: int) -> list[float]:
        """Return what a host has for the items that are counted."""
        here = [item for item in self._packing.items_on[host] if not self._is_bound(item)]
        cap, load = self._state.indexed.caps[host], self._state.loads[host]
        return [
            max(0.0, cap[r] - load[r] + sum(self._items[item].demand[r] for item in here))
            for r in range(3)
        ]

    def _by_home(self, items: Iterable[int]) -> dict[int, list[int]]:
        """Return items by the host that they are at home on, the dearest first."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in items:
            found[self._items[item].home].append(item)
        for group in found.values():
            group.sort(key=lambda n: (-self._items[n].cost_s, n))
        return found

    def _moves_of(
        self, kind: Kind, numbers: Mapping[tuple[Kind, int], int]
    ) -> Iterable[tuple[int, int]]:
        """Say which items of a kind go where: at home first, then those that need not move, then any."""
        free = dict.fromkeys(self._kinds[kind])
        wanted = {host: numbers.get((kind, host), 0) for host in self._open}
        at_home = self._by_home(free)
        placed: dict[int, int] = {}
        for host in wanted:
            for item in at_home.get(host, ())[: wanted[host]]:
                placed[item] = host
        for item in free:
            here = self._state.where[item]
            if item not in placed and wanted.get(here, 0) > _on(placed, here):
                placed[item] = here
        rest = iter([item for item in free if item not in placed])
        for host, number in wanted.items():
            for _missing in range(number - _on(placed, host)):
                placed[next(rest)] = host
        return [(item, host) for item, host in placed.items() if host != self._state.where[item]]


def _on(placed: Mapping[int, int], host: int) -> int:
    return sum(at == host for at in placed.values())


def _by_first_item(entry: tuple[Kind, list[int]]) -> tuple[float, float, int]:
    """Order kinds so that the order does not depend on where Python keeps its objects."""
    kind, items = entry
    return (kind[0], kind[1], min(items))


def repack(packing: Packing, neighbourhood: Neighbourhood, effort: Effort) -> bool:
    """Pack a neighbourhood again; tell whether that was possible. If not, nothing has changed."""
    answer = Repacking(packing, neighbourhood).solve(effort)
    return answer is not None and follow(packing, neighbourhood, answer)


def follow(packing: Packing, neighbourhood: Neighbourhood, answer: Repacked) -> bool:
    """Make the moves of an answer; tell whether there was room for them. If not, nothing has changed."""
    mark = packing.mark()
    for item, host in answer.moves:
        packing.put(item, host)
    if all(packing.is_within(host) for host in neighbourhood.hosts):
        return True
    packing.take_back(mark)
    return False
