# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact models of a few hosts at a time: all VMs on them are placed anew, everything else stays where it is.

References
----------
P. Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", 1998
(large neighbourhood search).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...goal.band import WEIGHTS
from ..search.even import Evening
from . import constraints, objective
from .backend import Effort, solve_program
from .pool import add_square
from .variables import Variables


def improve_on(evening: Evening, hosts: Sequence[int], effort: Effort) -> bool:
    """Place the VMs of some hosts as well as can be; tell whether that was an improvement.

    The state is changed only if the new placement has a lower objective.
    """
    state, scale = evening.state, evening.scale
    indexed = state.indexed
    chosen = set(hosts)
    here = [item for host in hosts for item in sorted(evening.items_on[host])]
    destinations = {
        item: tuple(h for h in indexed.items[item].destinations if h in chosen) for item in here
    }
    free = {
        item for item in here if indexed.items[item].home in chosen or len(destinations[item]) > 1
    }
    variables = Variables(
        indexed,
        sorted(free),
        {item: destinations[item] for item in free},
        fixed={item: host for item, host in state.moves().items() if item not in free},
    )
    constraints.add_departures(variables)
    for item in free:
        if indexed.items[item].home not in chosen:
            variables.program.row(
                variables.leaves(item), "=", 1.0
            )  # its home is outside: it cannot stay there
    constraints.add_capacity(variables, hosts)
    constraints.add_budget(variables)
    constraints.add_rules(variables)
    objective.add_migration_costs(variables)
    for host in hosts:
        _add_penalty(variables, evening, host)
    before = sum(scale.penalty_s(h, state.loads[h]) for h in hosts)
    before += sum(indexed.items[i].cost_s for i, host in state.moves().items() if i in free)
    answer = solve_program(variables.program, variables.costs, effort)
    if not answer.has_values:
        return False
    moves = variables.moves(answer.values)
    wanted = {item: moves.get(item, indexed.items[item].home) for item in free}
    return _apply(evening, wanted, hosts, before)


def _add_penalty(variables: Variables, evening: Evening, host: int) -> None:
    indexed, scale = variables.indexed, evening.scale
    for resource in range(3):
        limit = indexed.limits[host][resource]
        if limit > 0 and scale.host_s:
            change = [(c, v / limit) for c, v in constraints.load_change(variables, host, resource)]
            now = indexed.loads[host][resource] / limit
            square = add_square(variables.program, scale, resource, change, now, ())
            variables.charge(square, scale.host_s * WEIGHTS[resource])


def _apply(evening: Evening, wanted: dict[int, int], hosts: Sequence[int], before: float) -> bool:
    """Go to a new placement, and back if it is no better after all (the tangents are only a bound)."""
    state, scale = evening.state, evening.scale
    old = {item: state.where[item] for item in wanted if state.where[item] != wanted[item]}
    for item in old:
        evening.move(item, wanted[item])
    after = sum(scale.penalty_s(h, state.loads[h]) for h in hosts)
    after += sum(state.indexed.items[i].cost_s for i, host in state.moves().items() if i in wanted)
    if after < before - 1e-6:
        return True
    for item, host in old.items():
        evening.move(item, host)
    return False
