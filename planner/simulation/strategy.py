# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run does: decisions are those of power saving, plans those of the planner, verified like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from ..errors import PlanningError
from ..goal.balance import PRESETS, Balance
from ..goal.base import Goal
from ..goal.repair import Repair
from ..pipeline import plan_problem
from ..power.decide import PowerDecision, decide_on
from ..power.demand import Look
from ..power.policy import PowerPolicy
from ..problem.problem import Problem
from .problems import Problems
from .world import World

REMEMBERED = timedelta(days=1)
"""For how long hosts remember looks."""

GOALS: Mapping[str, Goal] = {"balance": Balance(setting=PRESETS[3]), "repair": Repair()}
"""What evens out the load after hosts have been woken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run decided, and why."""

    action: str = "none"
    hosts: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


Strategy = Callable[[World], Report]


def nothing(world: World) -> Report:
    """Leave all VMs where they are, and all hosts as they are."""
    return Report()


@dataclass(frozen=True, kw_only=True)
class Balancing:
    """Balance in every run; all hosts stay as they are."""

    problems: Problems
    effort: int

    def __call__(self, world: World) -> Report:
        """Run once."""
        _follow(world, self.problems, replace(GOALS["balance"], effort=self.effort))
        return Report(action="balance")


@dataclass(kw_only=True)
class PowerSaving:
    """Decide and act as the playbooks power_saving and nightly do.

    Attributes
    ----------
    night
        Follow the windows of the night, as nightly does.
    looks
        What earlier runs saw.
    """

    problems: Problems
    power: PowerPolicy
    effort: int
    night: bool = False
    looks: list[Look] = field(default_factory=list)

    def __call__(self, world: World) -> Report:
        """Run once."""
        repair = replace(GOALS["repair"], effort=self.effort)
        present = self.problems.at(world.snapshot, world.now, repair)
        problem = _posed(world, self.problems, repair)
        decision = decide_on(
            problem, self.power, present=present, looks=self.looks, night=self.night
        )
        self._remember(decision, world)
        self._act(decision, world)
        return Report(action=decision.action, hosts=decision.hosts, why=decision.why)

    def _remember(self, decision: PowerDecision, world: World) -> None:
        kept = [look for look in self.looks if world.now - look.at <= REMEMBERED]
        self.looks = [*kept, decision.look] if decision.look else kept

    def _act(self, decision: PowerDecision, world: World) -> None:
        if decision.action == "wake":
            up_s = world.wake(decision.hosts, self.power.stagger_s)
            goal = replace(GOALS[decision.then], effort=self.effort)
            world.after(up_s, partial(_follow, world, self.problems, goal))
        elif decision.plan:
            moved_s = world.follow(decision.plan)
            if decision.action == "sleep":
                world.put_to_sleep(decision.hosts, decision.reason, moved_s)


def _posed(world: World, problems: Problems, goal: Goal) -> Problem:
    """Return what a plan is made for now."""
    return problems.at(world.snapshot, world.now, goal, world.counted(problems.load))


def _follow(world: World, problems: Problems, goal: Goal) -> None:
    """Plan and begin; where there is no plan, everything stays as it is."""
    try:
        world.follow(plan_problem(_posed(world, problems, goal), explained=False))
    except PlanningError as error:
        world.note(error.message)


def strategy(name: str, problems: Problems, power: PowerPolicy, effort: int) -> Strategy:
    """Return a strategy by its name: ``balance``, or one of the playbooks ``power_saving`` and ``nightly``."""
    if name == "balance":
        return Balancing(problems=problems, effort=effort)
    night = name == "nightly"
    return PowerSaving(problems=problems, power=power, effort=effort, night=night)
