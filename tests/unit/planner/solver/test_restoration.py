# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing VMs back without time for an exact answer, and what is said where there is none at all."""

from __future__ import annotations

from typing import Any

import pytest

from planner.goal.restoration import Restoration
from planner.patience import Patience, having
from planner.problem.problem import Problem
from planner.solver.milp.backend import Effort
from planner.solver.restoring.restore import solve_restoration
from planner.solver.solution import SolveStatus
from planner.solver.solve import solve
from tests.unit.planner.builders import TIGHT, Facts, cluster, domain, host, problem


def returning(facts: Facts, *names: str, **limits: Any) -> Problem:
    """Return the problem to bring VMs back to a."""
    goal = {"goal": "restore", "hosts": ["a"], "domains": list(names)}
    return problem(facts, goal, {**TIGHT, "limits": limits})


def hastily(posed: Problem) -> dict[str, str]:
    """Return the placement that is found without any time."""
    assert isinstance(posed.goal, Restoration)
    with having(Patience(limit_s=0.0)):
        found = solve_restoration(posed.goal, posed, Effort())
    assert found.status is SolveStatus.FEASIBLE or not posed.goal.away(found.placement)
    return dict(found.placement)


def vms(*rows: tuple[str, int, int]) -> Facts:
    """Return VMs on b with their memory and priority; a is empty."""
    domains = [domain(name, "b", memory, priority=priority) for name, memory, priority in rows]
    return {"hosts": [host("a"), host("b", 9000)], "domains": domains}


@pytest.mark.parametrize(
    ("rows", "limits", "back"),
    [
        ([("x", 300, 0), ("y", 300, 0)], {}, ["x", "y"]),
        ([("x", 600, 0), ("y", 600, 0)], {}, ["x"]),
        ([("x", 600, 0), ("y", 300, 0), ("z", 300, 0)], {}, ["y", "z"]),
        ([("x", 1001, 5), ("y", 300, 0)], {}, ["y"]),
        ([("x", 300, 0), ("y", 300, 0)], {"max_migrations": 1}, ["x"]),
        ([("x", 300, 0), ("y", 300, 0)], {"max_migrations": 0}, []),
    ],
    ids=["all", "one", "small ones", "too large", "one migration", "none"],
)
def test_one_after_the_other(
    rows: list[tuple[str, int, int]], limits: dict[str, Any], back: list[str]
) -> None:
    """Those first whose return is worth most for what it costs, as long as they fit."""
    posed = returning(vms(*rows), *(name for name, _memory, _priority in rows), **limits)
    found = hastily(posed)
    assert [name for name, at in found.items() if at == "a"] == back


def test_with_time_it_is_no_worse() -> None:
    """The exact answer brings back as much as fits, and says that it is the best."""
    posed = returning(vms(("x", 600, 0), ("y", 500, 0), ("z", 500, 0)), "x", "y", "z")
    found = solve(posed)
    assert found.status is SolveStatus.OPTIMAL
    assert sorted(name for name, at in found.placement.items() if at == "a") == ["y", "z"]
    assert found.objective <= posed.objective.value_s(posed.snapshot.placement.move(hastily(posed)))


def test_nobody_to_bring_back_needs_no_solver() -> None:
    """It is proved at once."""
    posed = returning(cluster(a={}, b={"x": 1}))
    assert solve(posed).status is SolveStatus.OPTIMAL
    assert solve(posed).placement == posed.snapshot.placement
