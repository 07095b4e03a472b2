# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs solved through PuLP: the only place that knows PuLP, in its versions 3 and 4.

Traps that this file takes care of:

* PuLP 3 calls an answer found at the time limit optimal, and knows no name for a node limit: with HiGHS,
status, bound and
  values are read from HiGHS itself, which both versions leave in ``solverModel``.
* HiGHS's number of threads belongs to the process; a second number would end every later solve without an
answer. It is one.
* HiGHS 1.16 prints a banner when it is first used, before anyone can ask it not to; reports and JSON go the same way.
* PuLP 4 makes variables through the problem and brings no solver of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from ...errors import MissingLibrary
from ...libraries import require
from ...patience import patience
from .program import Ending, Program, Solved

FEASIBLE_POINT = 2
"""HiGHS's primal_solution_status of a feasible point."""

THREADS = 1
"""The one number of HiGHS's threads in a process, for all that is solved in it."""

FAR = 1e29
"""Bounds beyond this are HiGHS's way to say that there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard to try.

    Attributes
    ----------
    gap
        Relative gap at which to stop.
    time_limit_s
        Only a safety: reproducible plans come from the gap and the node limit.
    solver
        ``HiGHS`` or ``CBC``; ``None`` takes the first that is installed.
    """

    gap: float = 0.0
    time_limit_s: float = 20.0
    max_nodes: int | None = None
    seed: int = 1
    solver: str | None = None

    def within(self, given: Effort) -> Effort:
        """Return this effort with the solver and within the time that a caller gives."""
        return replace(
            self, time_limit_s=min(self.time_limit_s, given.time_limit_s), solver=given.solver
        )


def installed_solvers() -> list[str]:
    """Return the solvers that can be used here, the preferred one first."""
    pulp = require("pulp")
    found = []
    for name in ("HiGHS", "CBC"):
        with suppress(MissingLibrary):
            _solver(pulp, Effort(solver=name), has_integers=True)
            found.append(name)
    return found


def solve_program(program: Program, costs: Mapping[int, float], effort: Effort) -> Solved:
    """Minimise the costs over a program.

    Raises
    ------
    MissingLibrary
        No solver is installed.
    """
    if any(not pairs and not _holds(sense, bound) for pairs, sense, bound in program.rows):
        return Solved(ending=Ending.INFEASIBLE, values=[], objective=0.0, bound=None)
    if not program.lower:
        return Solved(ending=Ending.OPTIMAL, values=[], objective=0.0, bound=0.0)
    effort = _bearable(effort)
    if effort.time_limit_s <= 0:
        return Solved(ending=Ending.TIME_LIMIT, values=[], objective=0.0, bound=None)
    pulp = require("pulp")
    problem, columns = _build(pulp, program, costs)
    solver, is_highs = _solver(pulp, effort, any(program.integer))
    if is_highs:
        return _by_highs(problem, columns, solver, costs, any(program.integer))
    return _by_other(pulp, problem, columns, solver, costs)


def _bearable(effort: Effort) -> Effort:
    """Return an effort as the patience of the plan allows it."""
    patient = patience()
    nodes = effort.max_nodes if effort.max_nodes is None else patient.much(effort.max_nodes)
    return replace(effort, max_nodes=nodes, time_limit_s=min(effort.time_limit_s, patient.left_s))


def _holds(sense: str, bound: float) -> bool:
    """Tell whether a row without columns holds."""
    return (sense == ">=" or bound >= -1e-9) and (sense == "<=" or bound <= 1e-9)


@contextmanager
def _silence() -> Iterator[None]:
    """Send what C code prints to nowhere, the first time only: that is when the banner comes."""
    if _silenced:
        yield
        return
    _silenced.append(True)
    try:
        sys.stdout.flush()
        kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError):
        yield  # there is no standard output to spoil
        return
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


_silenced: list[bool] = []


def _build(pulp: Any, program: Program, costs: Mapping[int, float]) -> tuple[Any, list[Any]]:
    problem = pulp.LpProblem("drover", pulp.LpMinimize)
    make = problem.add_variable
    columns = [
        make(f"x{number}", low, up, pulp.LpInteger if whole else pulp.LpContinuous)
        for number, (low, up, whole) in enumerate(
            zip(program.lower, program.upper, program.integer, strict=True)
        )
    ]
    expression = getattr(pulp, "lpSum_vars_coefs", None) or pulp.LpAffineExpression
    problem.setObjective(expression([(columns[c], v) for c, v in costs.items()]))
    add = _row_adder(pulp, problem, expression)
    for pairs, sense, bound in program.rows:
        if pairs:
            add([(columns[c], v) for c, v in pairs], sense, bound)
    return problem, columns


def _row_adder(pulp: Any, problem: Any, expression: Any) -> Any:
    """Return the quickest way to add a row that this version has."""
    if not hasattr(pulp, "lpSum_vars_coefs"):
        senses = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "=": pulp.LpConstraintEQ}

        def add_3(pairs: Any, sense: str, bound: float) -> None:
            problem.addConstraint(pulp.LpConstraint(expression(pairs), senses[sense], rhs=bound))

        return add_3

    def add_4(pairs: Any, sense: str, bound: float) -> None:
        left = expression(pairs)
        problem.addConstraint(
            left <= bound if sense == "<=" else left >= bound if sense == ">=" else left == bound
        )

    return add_4


def _solver(pulp: Any, effort: Effort, has_integers: bool) -> tuple[Any, bool]:
    """Return HiGHS, or CBC where HiGHS is missing, and whether it is HiGHS."""
    if effort.solver in (None, "HiGHS"):
        options: dict[str, Any] = {"random_seed": effort.seed}
        if has_integers and effort.max_nodes is not None:
            options["mip_max_nodes"] = effort.max_nodes
        options |= _interruptible() if patience().is_shown else {}
        highs = pulp.HiGHS(
            msg=False, gapRel=effort.gap, timeLimit=effort.time_limit_s, threads=THREADS, **options
        )
        if highs.available():
            return highs, True
    if effort.solver in (None, "CBC"):
        for name in ("PULP_CBC_CMD", "COIN_CMD"):
            maker = getattr(pulp, name, None)
            cbc = maker and maker(msg=False, gapRel=effort.gap, timeLimit=effort.time_limit_s)
            if cbc and cbc.available():
                return cbc, False
    raise MissingLibrary(
        "No solver is installed: install HiGHS with 'pip install highspy' on the controller."
    )


def _interruptible() -> dict[str, Any]:
    """Return options with which HiGHS asks, now and then, whether its answer is still waited for."""
    kinds = require("highspy").cb.HighsCallbackType
    patient = patience()

    def _ask(_kind: Any, _message: str, _found: Any, wanted: Any, _user: Any) -> None:
        patient.show()
        wanted.user_interrupt = patient.is_over

    return {
        "callbackTuple": (_ask, None),
        "callbacksToActivate": [kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt],
    }


def _by_highs(
    problem: Any, columns: list[Any], solver: Any, costs: Mapping[int, float], mip: bool
) -> Solved:
    with (
        _silence(),
        suppress(KeyError),
    ):  # PuLP 3 has no name for a node limit; the answer itself is in HiGHS
        problem.solve(solver)
    model = problem.solverModel
    state = model.getModelStatus().name
    info = model.getInfo()
    if state in ("kInfeasible", "kUnboundedOrInfeasible"):
        return Solved(ending=Ending.INFEASIBLE, values=[], objective=0.0, bound=None)
    if info.primal_solution_status != FEASIBLE_POINT and state != "kModelEmpty":
        return Solved(ending=Ending.TIME_LIMIT, values=[], objective=0.0, bound=None)
    values = [column.varValue or 0.0 for column in columns]
    objective = sum(cost * values[column] for column, cost in costs.items())
    ending = Ending.OPTIMAL if state in ("kOptimal", "kModelEmpty") else Ending.FEASIBLE
    bound = float(info.mip_dual_bound) if mip else (objective if ending is Ending.OPTIMAL else None)
    known = bound if bound is not None and abs(bound) < FAR else None
    return Solved(ending=ending, values=values, objective=objective, bound=known)


def _by_other(
    pulp: Any, problem: Any, columns: list[Any], solver: Any, costs: Mapping[int, float]
) -> Solved:
    outcome = problem.solve(solver)
    if hasattr(outcome, "has_solution"):
        found, infeasible = outcome.has_solution, outcome.status.name == "Infeasible"
        proved = outcome.status.name == "Optimal"
    else:
        found = problem.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
        infeasible = problem.status == pulp.LpStatusInfeasible
        proved = problem.sol_status == pulp.LpSolutionOptimal
    if not found:
        ending = Ending.INFEASIBLE if infeasible else Ending.TIME_LIMIT
        return Solved(ending=ending, values=[], objective=0.0, bound=None)
    values = [column.varValue or 0.0 for column in columns]
    objective = sum(cost * values[column] for column, cost in costs.items())
    ending = Ending.OPTIMAL if proved else Ending.FEASIBLE
    gap = getattr(solver, "gapRel", None) or getattr(solver, "optionsDict", {}).get("gapRel") or 0.0
    return Solved(
        ending=ending, values=values, objective=objective, bound=_bound(objective, gap, proved)
    )


def _bound(objective: float, gap: float, proved: bool) -> float | None:
    """CBC does not hand its bound over; what it stopped at within a gap is known all the same."""
    return objective - gap * abs(objective) if proved else None
