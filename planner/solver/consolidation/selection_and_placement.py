# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts to keep in use and where every VM goes, in one model: exact, for clusters that are small enough.

The rows of the selection stand beside those of the placement: they follow from them for whole VMs, but cut off
fractions, and so lead to proofs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...cluster.resources import TOLERANCE
from ...goal.consolidation import Consolidation
from ..indexed import Indexed
from ..milp.backend import Effort, solve_program
from ..milp.constraints import load_change
from ..milp.failures import Cuts
from ..milp.model import build
from ..milp.program import Pairs
from ..milp.variables import Variables
from .selection import add_kept_hosts

MOST_COLUMNS = 5000
"""Moves to choose from, up to which an answer takes seconds."""

MOST_WITH_FAILURES = 4000
"""Columns of a model with failures in it, which is harder."""

COLUMNS_TIMES_NODES = 250_000
"""How much is tried: the fewer columns, the more nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionAndPlacement:
    """Moves (item: host), and a bound of the objective in seconds, if the solver tells."""

    moves: dict[int, int]
    bound_s: float | None


def is_small(indexed: Indexed) -> bool:
    """Tell whether the model stays small enough."""
    return sum(len(item.destinations) for item in indexed.items) <= MOST_COLUMNS


def select_and_place(
    indexed: Indexed, goal: Consolidation, effort: Effort, cuts: Cuts
) -> SelectionAndPlacement | None:
    """Find the fewest hosts and the fewest migrations that lead to them; ``None`` if nothing is found."""
    variables = build(indexed, range(len(indexed.items)))
    keeps_all = not indexed.problem.spare.stranded_now
    kept = add_kept_hosts(variables.program, indexed, goal, spare=keeps_all)
    for host, column in kept.items():
        variables.charge(column, goal.worth_s(indexed.problem.snapshot, indexed.hosts[host]))
        _empty_unless_kept(variables, host, column)
        if goal.at_least or cuts.failures:
            _kept_only_in_use(variables, host, column)
    cuts.apply(variables, kept)
    columns = len(variables.program.lower)
    if cuts.failures and columns > MOST_WITH_FAILURES:
        return None
    effort = replace(effort, max_nodes=COLUMNS_TIMES_NODES // columns)
    answer = solve_program(variables.program, variables.costs, effort)
    if not answer.has_values:
        return None
    return SelectionAndPlacement(
        moves=variables.moves(answer.values),
        bound_s=None if answer.bound is None else answer.bound + variables.constant,
    )


def _kept_only_in_use(variables: Variables, host: int, kept: int) -> None:
    """A host that is kept carries something: empty ones do not count as in use."""
    indexed = variables.indexed
    if any(amount > TOLERANCE for amount in indexed.fixed_loads[host]):
        return
    residents: Pairs = [(column, 1.0) for _item, column in variables.into[host]]
    for item in indexed.items_at[host]:
        residents += [(column, -1.0) for column, _one in variables.leaves(item)]
    variables.program.row([*residents, (kept, -1.0)], ">=", -float(len(indexed.items_at[host])))


def _empty_unless_kept(variables: Variables, host: int, kept: int) -> None:
    """A host that is not kept carries nothing; its items leave, even if they take nothing."""
    indexed = variables.indexed
    for resource in range(3):
        change = load_change(variables, host, resource)
        cap = indexed.caps[host][resource]
        variables.program.row([*change, (kept, -cap)], "<=", -indexed.loads[host][resource])
    for item in indexed.items_at[host]:
        variables.program.row([*variables.leaves(item), (kept, 1.0)], ">=", 1.0)
