# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of effort: every way of planning ends when its time is over, with the best answer at hand."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

import pytest

from planner.errors import InputError
from planner.patience import Patience, having, patience
from planner.pipeline import make_plan, plan_problem, read_problem
from planner.solver.milp import backend
from planner.solver.milp.backend import Effort, solve_program
from planner.solver.milp.program import Ending, Program
from tests.benchmarks.instances import POLICY, synthetic, tight
from tests.unit.planner.builders import TIGHT, Facts, evacuation, rule

GOALS: list[dict[str, Any]] = [
    {"goal": "balance"},
    {"goal": "consolidate"},
    {"goal": "repair"},
    {"goal": "expand", "demand": 1.5},
    {"goal": "evacuate", "hosts": ["n0003"]},
    {"goal": "restore", "hosts": ["n0003"], "domains": ["vm00011"]},
    {"goal": "balance", "curve": True},
]


def over_full() -> Facts:
    """Return a cluster with something to do for every goal."""
    facts = synthetic(20, 300, seed=3, first_fit=True)
    facts["hosts"][0]["memory_mib"] = 40_000
    return facts


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: "-".join(map(str, goal.values())))
@pytest.mark.parametrize("looks", [0, 3, 40])
def test_every_goal_has_an_answer_when_its_time_is_over(
    goal: dict[str, Any], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many looks at the clock no more model is solved, and there is a plan with its gap."""
    clock = _Clock(looks)
    problem = read_problem(over_full(), POLICY, goal)
    build, built_at = backend._build, []

    def noting(*arguments: Any) -> Any:
        built_at.append(clock.looks)
        return build(*arguments)

    monkeypatch.setattr(backend, "_build", noting)
    plan = plan_problem(problem, patient=Patience(limit_s=1.0, clock=clock)).to_document()
    assert plan["status"] in ("optimal", "feasible")
    assert plan["gap"] >= 0
    assert all(at <= looks + 1 for at in built_at)


class _Clock:
    """A clock that stands still for the first look and some more, and is an hour on after that."""

    def __init__(self, more: int) -> None:
        self.looks = 0
        self._more = more

    def __call__(self) -> float:
        self.looks += 1
        return 0.0 if self.looks <= self._more + 1 else 3600.0


def test_the_time_limit_is_part_of_the_goal() -> None:
    """With a limit there is a plan; a limit that makes no sense is refused."""
    facts = tight(20, 0.97, seed=1)
    goal = {**evacuation("n0000"), "time_limit_s": 0.001}
    assert make_plan(facts, TIGHT, goal)["steps"]
    with pytest.raises(InputError, match="time_limit_s"):
        make_plan(facts, TIGHT, {**goal, "time_limit_s": 0})
    with pytest.raises(InputError, match="effort"):
        make_plan(facts, TIGHT, {**goal, "effort": 6})


def hard() -> tuple[Program, dict[int, float]]:
    """Return a program that takes hours: a market split."""
    chance, program = Random(7), Program()
    columns = [program.binary() for _number in range(50)]
    costs = {}
    for _row in range(6):
        sizes = [chance.randrange(100) for _column in columns]
        less, more = program.column(), program.column()
        program.row(
            [
                *((c, float(s)) for c, s in zip(columns, sizes, strict=True)),
                (less, 1.0),
                (more, -1.0),
            ],
            "=",
            sum(sizes) // 2,
        )
        costs |= {less: 1.0, more: 1.0}
    return program, costs


def test_a_model_that_would_run_for_hours_ends_when_the_answer_is_wanted() -> None:
    """Losing patience interrupts HiGHS in the middle of its work; its best answer stands, with a bound."""
    looks = count()

    def show(_gap: float | None) -> None:
        if next(looks) == 500:
            patience().lose()

    program, costs = hard()
    with having(Patience(show=show)):
        answer = solve_program(program, costs, Effort(time_limit_s=3600.0))
    assert answer.ending is Ending.FEASIBLE
    assert answer.bound is not None
    assert next(looks) >= 500


def test_more_effort_finds_no_worse_plan_and_less_effort_a_plan() -> None:
    """Effort is counted in tries and nodes, so every effort gives the same plan again."""
    facts = synthetic(30, 400, seed=5, first_fit=True)
    policy = {**POLICY, "rules": [rule("anti_affinity", [f"vm{n:05d}" for n in range(8)])]}
    reached = {}
    for effort in (1, 3, 5):
        goal = {"goal": "consolidate", "effort": effort}
        plan = make_plan(facts, policy, goal)
        assert plan == make_plan(facts, policy, goal)
        reached[effort] = plan["objective"]
    assert reached[5] <= reached[3] <= reached[1]
