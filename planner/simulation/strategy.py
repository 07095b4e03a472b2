# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done in a step. Every decision is a plan of the planner, verified like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PlanningError
from ..pipeline import make_plan, read_problem
from .world import Facts, World

JsonObject = Mapping[str, Any]
Strategy = Callable[[World], "Action"]

RELIEF: JsonObject = {"goal": "repair"}
"""Take hosts below their limits, and move nothing else."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a step did.

    Attributes
    ----------
    makespan_s
        How long its migrations would take.
    failure
        Why there was no plan.
    """

    migrations: int = 0
    moved_mib: int = 0
    makespan_s: float = 0.0
    failure: str | None = None


def nothing(world: World) -> Action:
    """Leave all VMs where they are and all hosts on."""
    return Action()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancing:
    """Balance in every step; all hosts stay on."""

    policy: JsonObject | None
    goal: JsonObject

    def __call__(self, world: World) -> Action:
        """Act in one step."""
        return _follow(world, world.facts(), self.policy, self.goal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidating:
    """Relieve overloaded hosts at once, waking others as needed; else pack by longer peaks, and switch off.

    Attributes
    ----------
    evidence
        Samples over which the peaks are taken before hosts are emptied: waking is quick, going to sleep is slow.
    spare
        Empty hosts that stay on.
    """

    policy: JsonObject | None
    goal: JsonObject
    evidence: int = 8
    spare: int = 0

    def __call__(self, world: World) -> Action:
        """Act in one step."""
        if _overloaded(world, self.policy):
            return _relieve(world, self.policy, self.spare)
        action = _follow(world, world.facts(world.peaks(self.evidence)), self.policy, self.goal)
        world.sleep_empty(self.spare)
        return action


def _overloaded(world: World, policy: JsonObject | None) -> bool:
    """Tell whether a host carries more than the policy lets it."""
    problem = read_problem(world.facts(), policy, world.at_this_time(RELIEF))
    return any(not problem.loads[name].fits(problem.limits[name]) for name in world.on)


def _relieve(world: World, policy: JsonObject | None, spare: int) -> Action:
    """Move VMs off overloaded hosts; wake one host, two, four... until that is enough or all are on.

    The hosts that draw the least when idle are woken first; those that stay empty are put back to sleep.
    """
    done = Action()
    asleep = sorted(world.hosts.keys() - world.on, key=lambda name: (_idle_w(world, name), name))
    more = 0
    while True:
        done = _sum(done, _follow(world, world.facts(), policy, RELIEF))
        if not asleep or not _overloaded(world, policy):
            world.sleep_empty(spare)
            return done
        more = max(1, 2 * more)
        world.wake(asleep[:more])
        asleep = asleep[more:]


def _idle_w(world: World, host: str) -> float:
    power = world.hosts[host].get("power") or {}
    return float(power.get("idle_w") or 0.0)


def _follow(world: World, facts: Facts, policy: JsonObject | None, goal: JsonObject) -> Action:
    """Plan and apply; a step without a plan leaves everything as it is."""
    try:
        plan = make_plan(facts, policy, world.at_this_time(goal))
    except PlanningError as error:
        return Action(failure=error.message)
    world.apply(plan["placement"])
    steps = plan["steps"]
    return Action(len(steps), sum(step["memory_mib"] for step in steps), plan["makespan_s"])


def _sum(one: Action, other: Action) -> Action:
    return Action(
        one.migrations + other.migrations,
        one.moved_mib + other.moved_mib,
        round(one.makespan_s + other.makespan_s, 3),
        other.failure or one.failure,
    )
