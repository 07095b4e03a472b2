# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole model: columns, rows and costs wired together, and solved stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..indexed import Indexed
from . import constraints, objective
from .backend import Effort, solve_program
from .program import Solved
from .variables import Variables

EXACT_COLUMNS = 40_000
"""More moves than this are not put into one exact model."""

STAGE_TOLERANCE = 1e-6

SPREAD_COLUMNS, SPREAD_NODES = 1500, 100
"""Up to this many columns the model also makes the fullest host emptier, in this many nodes: it is hard."""


def movers_within(indexed: Indexed, fewest: Sequence[int]) -> Sequence[int]:
    """Return all items as movers if the model stays small enough, else only the fewest that will do."""
    return range(len(indexed.items)) if is_small(indexed) else fewest


def is_small(indexed: Indexed) -> bool:
    """Tell whether a model of all moves stays small enough to be solved exactly."""
    return sum(len(item.destinations) for item in indexed.items) <= EXACT_COLUMNS


def build(
    indexed: Indexed, movers: Iterable[int], destinations: dict[int, tuple[int, ...]] | None = None
) -> Variables:
    """Return the columns with all rows and costs of the problem."""
    variables = Variables(indexed, movers, destinations)
    constraints.add_departures(variables)
    constraints.add_capacity(variables)
    constraints.add_relief(variables)
    constraints.add_budget(variables)
    constraints.add_rules(variables)
    objective.add_migration_costs(variables)
    objective.add_goal_costs(indexed.problem.goal, variables)
    return variables


def solve_exactly(variables: Variables, effort: Effort, *, spread: bool = False) -> Solved:
    """Solve for the least cost; with ``spread``, keep that cost and then make the fullest host as empty as it goes.

    The second stage only ever improves on the first: where it finds nothing in time, the first answer stands.
    """
    first = solve_program(variables.program, variables.costs, effort)
    if not first.has_values or not spread or len(variables.program.lower) > SPREAD_COLUMNS:
        return first
    room = STAGE_TOLERANCE * max(1.0, abs(first.objective))
    variables.program.row(list(variables.costs.items()), "<=", first.objective + room)
    column = objective.fullest_host(variables)
    nodes = min(SPREAD_NODES, effort.max_nodes or SPREAD_NODES)
    second = solve_program(variables.program, {column: 1.0}, replace(effort, max_nodes=nodes))
    if not second.has_values:
        return first
    return Solved(
        ending=first.ending, values=second.values, objective=first.objective, bound=first.bound
    )


__all__ = ["build", "is_small", "movers_within", "solve_exactly"]
