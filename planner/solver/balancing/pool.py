# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool relaxation of a balance: VMs leave whole or in part, but what arrives is as fine as sand.

Instead of a column for every VM and host there is one for every VM and three for every host, so that a
cluster of a thousand hosts is solved in seconds. What it says is a valid bound of the objective, and which
VMs should leave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ...goal.band import WEIGHTS
from ..budget import Budget, Resource
from ..indexed import Indexed
from ..milp.backend import Effort, solve_program
from ..milp.program import Pairs, Program
from .scale import Scale

TANGENTS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Where the tangents touch the square; between them the bound is at most a sixteenth of the width squared too low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolBound:
    """What the pool relaxation says.

    Attributes
    ----------
    bound_s
        No placement has a lower objective.
    movers
        Items that should leave, with the part of each that leaves.
    """

    bound_s: float
    movers: dict[int, float]


def solve_pool(indexed: Indexed, scale: Scale, effort: Effort, *, whole: bool) -> PoolBound | None:
    """Solve the relaxation, with VMs that leave whole (a tighter bound, harder) or in part.

    Returns
    -------
    PoolBound or None
        ``None`` if the solver found nothing in time.
    """
    program = Program()
    costs: dict[int, float] = {}
    out = {}
    for number, item in enumerate(indexed.items):
        out[number] = program.column(0.0, 1.0, integer=whole)
        costs[out[number]] = item.cost_s
    for resource in range(3):
        _resource(program, costs, indexed, scale, out, resource)
    _budget(program, indexed, out)
    answer = solve_program(program, costs, effort)
    if not answer.has_values or answer.bound is None:
        return None
    parts = {number: answer.values[column] for number, column in out.items()}
    return PoolBound(
        bound_s=answer.bound + scale.weight_s * scale.band.ideal,
        movers={n: part for n, part in parts.items() if part > 1e-6},
    )


def _resource(
    program: Program,
    costs: dict[int, float],
    indexed: Indexed,
    scale: Scale,
    out: dict[int, int],
    resource: int,
) -> None:
    """Add the flow of one resource out of all hosts, through the pool, and into those that are balanced."""
    flow: Pairs = [(column, -indexed.items[n].demand[resource]) for n, column in out.items()]
    squares: Pairs = []
    large = _large(indexed, scale, resource)
    for host in scale.members:
        limit = indexed.limits[host][resource]
        leaving = [
            (out[item], indexed.items[item].demand[resource]) for item in indexed.items_at[host]
        ]
        if limit <= 0:
            continue
        arriving = program.column()
        flow.append((arriving, 1.0))
        now = indexed.loads[host][resource] / limit
        change = [(arriving, 1 / limit), *((column, -amount / limit) for column, amount in leaving)]
        program.row(change, "<=", indexed.caps[host][resource] / limit - now)
        square = add_square(program, scale, resource, change, now, large)
        costs[square] = scale.host_s * WEIGHTS[resource]
        squares.append((square, 1.0))
    program.row(flow, "=", 0.0)
    if large:
        program.row(squares, ">=", sum(excess**2 for excess in large))


def _budget(program: Program, indexed: Indexed, out: dict[int, int]) -> None:
    """What leaves keeps within the limits of a plan in all; what arrives is not known one by one."""
    budget = Budget(indexed)
    rows: dict[Resource, Pairs] = defaultdict(list)
    for number, column in out.items():
        for resource, amount in budget.leaving(number):
            rows[resource].append((column, amount))
    for resource, pairs in rows.items():
        program.row(pairs, "<=", budget.limits[resource])


def add_square(
    program: Program, scale: Scale, resource: int, change: Pairs, now: float, large: Sequence[float]
) -> int:
    """Add a host's squared distance to the band, from below: by tangents of the square."""
    distance, square = program.column(), program.column()
    program.row([*change, (distance, -1.0)], "<=", scale.band.high[resource] - now)
    if scale.band.low[resource] > 0:
        program.row([*change, (distance, 1.0)], ">=", scale.band.low[resource] - now)
    for at in sorted({*TANGENTS, *(round(excess, 6) for excess in large)}):
        program.row([(square, -1.0), (distance, 2 * at)], "<=", at * at)
    return square


def _large(indexed: Indexed, scale: Scale, resource: int) -> list[float]:
    """Return by how much each VM alone lifts any host that may have it above the band.

    Wherever such a VM is, its host's distance is at least that; two on one host are worse than two on two.
    So the squares of all of them are a bound that the pool, which would dissolve them, does not see.
    A VM on a host that is not balanced, as it is in maintenance, may stay there and lift none.
    """
    found = []
    balanced = set(scale.members)
    inverse, high = scale.inverse, scale.band.high[resource]
    widest = min(
        (inverse[host][resource] for host in scale.members if inverse[host][resource]), default=0.0
    )
    for item in indexed.items:
        excess = item.demand[resource] * widest - high
        if len(item.members) == 1 and item.home in balanced and excess > 0:
            found.append(excess)
    return found
