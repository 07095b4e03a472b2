# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs solved through PuLP, whichever version and solver are installed."""

from __future__ import annotations

import pytest

from planner.errors import MissingLibrary
from planner.solver.milp.backend import Effort, installed_solvers, solve_program
from planner.solver.milp.program import Ending, Program


def knapsack(items: int = 6) -> tuple[Program, dict[int, float]]:
    """Return a small knapsack: take at least 11 of the weights 1, 2, 3... at the least cost."""
    program = Program()
    columns = [program.binary() for _item in range(items)]
    program.row([(c, float(n + 1)) for n, c in enumerate(columns)], ">=", 11.0)
    return program, {c: float((n * 7) % 5 + 1) for n, c in enumerate(columns)}


@pytest.mark.parametrize("solver", installed_solvers())
def test_optimum_and_bound(solver: str) -> None:
    """Every solver finds the optimum and proves it."""
    program, costs = knapsack()
    answer = solve_program(program, costs, Effort(solver=solver))
    assert answer.ending is Ending.OPTIMAL
    assert answer.objective == pytest.approx(4.0)
    assert answer.bound == pytest.approx(4.0)


@pytest.mark.parametrize("solver", installed_solvers())
def test_infeasible_is_no_answer(solver: str) -> None:
    """A program without a solution has no values."""
    program, costs = knapsack(3)
    answer = solve_program(program, costs, Effort(solver=solver))
    assert answer.ending is Ending.INFEASIBLE
    assert not answer.has_values


def test_rows_without_columns_are_judged() -> None:
    """0 = 1 is infeasible, 0 <= 1 says nothing; neither needs a solver."""
    program = Program()
    program.row([], "<=", 1.0)
    assert solve_program(program, {}, Effort()).ending is Ending.OPTIMAL
    program.row([], "=", 1.0)
    assert solve_program(program, {}, Effort()).ending is Ending.INFEASIBLE


def test_linear_programs_have_their_optimum_as_bound() -> None:
    """Without integers the bound is the objective."""
    program = Program()
    column = program.column()
    program.row([(column, 2.0)], ">=", 3.0)
    answer = solve_program(program, {column: 1.0}, Effort())
    assert answer.values == [1.5]
    assert answer.bound == answer.objective == 1.5


def test_no_time_is_never_success() -> None:
    """Out of time without an answer is its own ending, not an empty success."""
    program = Program()
    columns = [program.binary() for _item in range(60)]
    for shift in range(40):
        program.row(
            [(c, float((n * (shift + 3)) % 17 + 1)) for n, c in enumerate(columns)], "=", 251.0
        )
    answer = solve_program(program, dict.fromkeys(columns, 1.0), Effort(time_limit_s=0.0))
    assert answer.ending in (Ending.TIME_LIMIT, Ending.INFEASIBLE)


def test_a_solver_that_is_not_there_is_said() -> None:
    """An unknown solver is an error with a remedy."""
    program, costs = knapsack()
    with pytest.raises(MissingLibrary, match="pip install highspy"):
        solve_program(program, costs, Effort(solver="Gurobi"))
