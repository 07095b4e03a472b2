# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linear programs as plain data, and the columns of the moves."""

from __future__ import annotations

import pytest

from planner.patience import Patience, having
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort, installed_solvers, solve_program
from planner.solver.milp.program import Ending, Program, Solved
from planner.solver.milp.variables import Variables
from tests.unit.planner.builders import cluster, evacuation, problem


def test_columns_are_numbered_as_they_come() -> None:
    """With their bounds, and whether they are whole."""
    program = Program()
    assert (program.column(), program.column(1.0, 5.0), program.binary()) == (0, 1, 2)
    assert program.lower == [0.0, 1.0, 0.0]
    assert program.upper == [None, 5.0, 1.0]
    assert program.integer == [False, False, True]


def test_a_row_adds_up_what_stands_in_it_twice() -> None:
    """What cancels out is left out."""
    program = Program()
    one, two = program.column(), program.column()
    program.row([(one, 2.0), (two, 1.0), (one, 3.0), (two, -1.0)], "<=", 7.0)
    assert program.rows == [([(one, 5.0)], "<=", 7.0)]


@pytest.mark.parametrize(
    ("sense", "bound", "holds"),
    [
        ("<=", 0.0, True),
        ("<=", 1.0, True),
        ("<=", -1.0, False),
        (">=", 0.0, True),
        (">=", -1.0, True),
        (">=", 1.0, False),
        ("=", 0.0, True),
        ("=", 1.0, False),
        ("=", -1.0, False),
    ],
)
@pytest.mark.parametrize("columns", [0, 1])
def test_a_row_without_columns_holds_or_not(
    sense: str, bound: float, holds: bool, columns: int
) -> None:
    """No solver is asked about it: solvers differ in what they make of such rows."""
    program = Program()
    for _column in range(columns):
        program.binary()
    program.row([], sense, bound)
    ending = solve_program(program, {}, Effort()).ending
    assert ending is (Ending.OPTIMAL if holds else Ending.INFEASIBLE)


def test_a_program_without_columns_is_solved() -> None:
    """Doing nothing costs nothing, and that is proved."""
    answer = solve_program(Program(), {}, Effort())
    assert (answer.values, answer.objective, answer.bound) == ([], 0.0, 0.0)


def test_without_any_time_nothing_is_asked() -> None:
    """The patience of the plan is over before the solver begins."""
    program = Program()
    program.binary()
    with having(Patience(limit_s=0.0)):
        answer = solve_program(program, {0: 1.0}, Effort())
    assert answer.ending is Ending.TIME_LIMIT
    assert not answer.has_values


@pytest.mark.parametrize("solver", installed_solvers())
def test_a_small_program_on_each_solver(solver: str) -> None:
    """The least of x + y with x + 2 y at least 3 and both whole is 2, with y at least 1."""
    program = Program()
    x, y = program.column(0.0, 9.0, integer=True), program.column(0.0, 9.0, integer=True)
    program.row([(x, 1.0), (y, 2.0)], ">=", 3.0)
    answer = solve_program(program, {x: 1.0, y: 1.0}, Effort(solver=solver))
    assert answer.ending is Ending.OPTIMAL
    assert answer.objective == pytest.approx(2.0)
    assert answer.bound == pytest.approx(2.0)
    assert answer.values[x] + 2 * answer.values[y] >= 3 - 1e-6


@pytest.mark.parametrize("solver", installed_solvers())
def test_an_infeasible_program_on_each_solver(solver: str) -> None:
    """Two whole numbers cannot add up to one and a half."""
    program = Program()
    x, y = program.binary(), program.binary()
    program.row([(x, 1.0), (y, 1.0)], "=", 1.5)
    assert solve_program(program, {x: 1.0}, Effort(solver=solver)).ending is Ending.INFEASIBLE


@pytest.mark.parametrize("ending", list(Ending))
def test_which_endings_have_a_placement(ending: Ending) -> None:
    """What was only found has one, too."""
    answer = Solved(ending=ending, values=[], objective=0.0, bound=None)
    assert answer.has_values is (ending in (Ending.OPTIMAL, Ending.FEASIBLE))


def test_an_effort_keeps_within_the_callers() -> None:
    """Its time is the less of both, its solver the caller's; gap and nodes stay its own."""
    own, given = (
        Effort(gap=0.1, max_nodes=5, time_limit_s=30.0),
        Effort(time_limit_s=2.0, solver="CBC"),
    )
    assert own.within(given) == Effort(gap=0.1, max_nodes=5, time_limit_s=2.0, solver="CBC")
    assert given.within(own) == Effort(time_limit_s=2.0)


@pytest.fixture
def indexed() -> Indexed:
    """Return x and y on a, and z on b, of three hosts; a is to be emptied."""
    return Indexed(problem(cluster(a={"x": 1, "y": 2}, b={"z": 4}, c={}), evacuation("a")))


def test_a_column_for_each_move(indexed: Indexed) -> None:
    """Staying needs none."""
    variables = Variables(indexed, range(3))
    assert set(variables.y) == {(0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}
    assert [entries and {item for item, _c in entries} for entries in variables.into] == [
        [],
        {0, 1},
        {0, 1, 2},
    ]


def test_fewer_destinations_and_fewer_movers_keep_the_model_small(indexed: Indexed) -> None:
    """What does not move has no columns."""
    variables = Variables(indexed, [0, 1], {0: (2,)})
    assert set(variables.y) == {(0, 2), (1, 1), (1, 2)}
    assert variables.leaves(2) == []


def test_whether_an_item_is_on_a_host_is_an_expression(indexed: Indexed) -> None:
    """At home it is 1 less all moves; elsewhere its column; where it may not go, nothing."""
    variables = Variables(indexed, range(3), {1: (2,)})
    assert variables.presence(0, 0) == (
        [(variables.y[0, 1], -1.0), (variables.y[0, 2], -1.0)],
        1.0,
    )
    assert variables.presence(0, 2) == ([(variables.y[0, 2], 1.0)], 0.0)
    assert variables.presence(1, 1) == ([], 0.0)


def test_a_fixed_move_is_made(indexed: Indexed) -> None:
    """Its column is 1 in every answer."""
    variables = Variables(indexed, [0], fixed={1: 2})
    column = variables.y[1, 2]
    assert (variables.program.lower[column], variables.program.upper[column]) == (1.0, 1.0)
    answer = solve_program(variables.program, dict.fromkeys(variables.y.values(), 1.0), Effort())
    assert variables.moves(answer.values) == {1: 2}


def test_costs_of_a_column_add_up(indexed: Indexed) -> None:
    """A move and the rules that it breaks."""
    variables = Variables(indexed, [0])
    variables.charge(0, 2.0)
    variables.charge(0, 0.5)
    assert variables.costs == {0: 2.5}
