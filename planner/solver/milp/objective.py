# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The costs of the columns, in seconds, as the goal sees them."""

from __future__ import annotations

from functools import singledispatch

from ...goal.base import Goal
from ...goal.restoration import Restoration
from .constraints import load_change
from .program import Pairs
from .variables import Variables


def add_migration_costs(variables: Variables) -> None:
    """Charge every move."""
    for (item, _host), column in variables.y.items():
        variables.charge(column, variables.indexed.items[item].cost_s)


@singledispatch
def add_goal_costs(goal: Goal, variables: Variables) -> None:
    """Charge what the goal itself asks for; most goals are rows, not costs."""


@add_goal_costs.register
def _add_goal_costs_restoration(goal: Restoration, variables: Variables) -> None:
    """A VM that is not at home costs what its return is worth."""
    indexed = variables.indexed
    snapshot = indexed.problem.snapshot
    for name in goal.away(snapshot.placement):
        worth = goal.value_s(snapshot, name)
        variables.constant += worth
        item = indexed.item_of.get(name)
        for column, _one in variables.leaves(item) if item is not None else ():
            variables.charge(column, -worth)


def fullest_host(variables: Variables) -> int:
    """Add a column that is at least as large as every receiving host's fullest share; return its number."""
    indexed = variables.indexed
    column = variables.program.column()
    for host, entries in enumerate(variables.into):
        for resource in range(3) if entries else ():
            limit = indexed.limits[host][resource]
            if limit > 0:
                change: Pairs = load_change(variables, host, resource)
                row = [(c, v / limit) for c, v in change]
                variables.program.row(
                    [*row, (column, -1.0)], "<=", -indexed.loads[host][resource] / limit
                )
    return column
